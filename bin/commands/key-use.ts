/**
 * When a key was last used, by the journal: one query of one entry for each of a few days.
 */
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../../lambda/contract.ts';
import { valueText } from './history.ts';
import type { Session } from './session.ts';

/** Further back each day is one more query, and a key so long unused is a key unused. */
export const LOOKED_BACK_DAYS = 14;

const DAY_MS = 86_400_000;
const DATE_CHARACTERS = 10;

export interface LastUse {
  /** When the request was decided, as the journal has it. */
  readonly at: string;
  readonly model: string;
  /** `settled`, `refused` and the like. */
  readonly outcome: string;
  readonly costUsd: string;
}

/** The newest entry of the last days; undefined where there is none. */
export async function readLastUse(
  { connection, nowMs }: Pick<Session, 'connection' | 'nowMs'>,
  keyId: string,
): Promise<LastUse | undefined> {
  const dates = Array.from({ length: LOOKED_BACK_DAYS }, (_, days) =>
    new Date(nowMs - days * DAY_MS).toISOString().slice(0, DATE_CHARACTERS),
  );
  const newest = await Promise.all(
    dates.map(async (date) => {
      const { Items = [] } = await connection.client.send(
        new QueryCommand({
          TableName: connection.ledgerTable,
          KeyConditionExpression: '#pk = :pk',
          ExpressionAttributeNames: { '#pk': TABLE.partitionKey },
          ExpressionAttributeValues: { ':pk': `JOURNAL#${date}#${keyId}` },
          ScanIndexForward: false,
          Limit: 1,
        }),
      );
      return Items[0];
    }),
  );
  const item = newest.find((found) => found !== undefined);
  if (item === undefined) return undefined;
  return {
    at: valueText(item.at),
    model: valueText(item.modelId),
    outcome: valueText(item.outcome),
    costUsd: valueText(item.costUsd),
  };
}
