/**
 * The reference: a ledger table on the embedded DynamoDB, and outcomes in a form to compare.
 */
import { NumberValue, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { createLedgerTable } from '../helpers/ledger-table.ts';
import type { TableCommand, TableOutput } from './simulated-table.ts';

/** What a command came to: its answer without metadata, or its refusal by name. */
export type Outcome =
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly by: string };

export interface ReferenceTable {
  outcomeOf(command: TableCommand): Promise<Outcome>;
  /** The items of one partition, in order. */
  itemsOf(pk: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts an embedded DynamoDB with one empty ledger table. */
export async function startReferenceTable(): Promise<ReferenceTable> {
  const dynamodb = await startEmbeddedDynamodb();
  const table = await createLedgerTable(dynamodb.url);
  const client = table.connect();
  // The commands are shared with the simulated table, and go to this table whatever they name.
  const send = (command: TableCommand): Promise<TableOutput> => {
    const CommandOfKind = command.constructor as new (input: object) => TableCommand;
    return client.send(
      new CommandOfKind({ ...command.input, TableName: table.tableName }) as QueryCommand,
    );
  };
  return {
    outcomeOf: async (command) => {
      try {
        return answered(await send(command));
      } catch (error) {
        return refused(error);
      }
    },
    itemsOf: async (pk) => {
      const answer = await client.send(
        new QueryCommand({
          TableName: table.tableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': pk },
          ConsistentRead: true,
        }),
      );
      return comparable(answer.Items ?? []);
    },
    close: async () => {
      await table.close();
      await dynamodb.close();
    },
  };
}

/** An answer to compare. An answer of no attributes is one without the member. */
export function answered({ $metadata: _metadata, ...answer }: TableOutput): Outcome {
  const members = Object.entries(answer).filter(([, member]) => {
    return member !== undefined && !(typeof member === 'object' && isEmpty(member));
  });
  return { kind: 'answered', answer: comparable(Object.fromEntries(members)) };
}

const isEmpty = (member: object): boolean => Object.keys(member).length === 0;

const STORE_REFUSALS = ['ConditionalCheckFailedException', 'ValidationException'];

/** A refusal of the store to compare. @throws whatever else was thrown. */
export function refused(error: unknown): Outcome {
  if (error instanceof Error && STORE_REFUSALS.includes(error.name)) {
    return { kind: 'refused', by: error.name };
  }
  throw error;
}

/** The same thing for values that are the same, whatever the order of their parts. */
export function comparable(native: unknown): unknown {
  if (native instanceof NumberValue) return { number: native.toString() };
  if (native instanceof Set) return { set: [...native].map(textOf).sort() };
  if (Array.isArray(native)) return native.map(comparable);
  if (typeof native !== 'object' || native === null) return native;
  const members = Object.entries(native).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, part]) => [name, comparable(part)]));
}

const textOf = (member: unknown): string => JSON.stringify(comparable(member));
