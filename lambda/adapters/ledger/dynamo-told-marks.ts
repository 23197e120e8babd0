/**
 * The ToldMarks port on the ledger table: one item a mark, `TOLD` / its name.
 */

import { HardcapError } from '../../domain/errors.ts';
import type { TellingMark } from '../../ports/ledger.ts';
import type { ToldMarks } from '../../ports/told-marks.ts';
import { isConditionFailure } from '../dynamodb/dynamo-calls.ts';
import { readPartition } from './ledger-partition.ts';
import { markText, parseMark } from './telling-mark.ts';
import { attemptWrite, type CounterTable } from './write-attempts.ts';

const PARTITION = 'TOLD';
const MAX_MARKS = 10_000;

const keyOf = (name: string) => ({ pk: PARTITION, sk: name });

/** The marks of this ledger table. */
export const createDynamoToldMarks = (table: CounterTable): ToldMarks => ({
  readAll: async () => {
    const items = await readPartition(table, PARTITION, MAX_MARKS);
    return new Map(items.map(({ sk, mark }) => [String(sk), parseMark(mark)]));
  },
  mark: async (name, seen, next) => {
    const result = await attemptWrite(table, keyOf(name), markItemWrite(seen, next));
    if (result.kind === 'written') return true;
    if (result.kind !== 'refused') throw notWritten(name, result);
    // It names the run, so one that stands there is this call's own earlier attempt.
    return result.item?.mark === markText(next);
  },
  forget: async (name, seen) => {
    try {
      await table.dynamo.delete({
        TableName: table.tableName,
        Key: keyOf(name),
        ConditionExpression: '#mark = :seen',
        ExpressionAttributeNames: { '#mark': 'mark' },
        ExpressionAttributeValues: { ':seen': markText(seen) },
      });
    } catch (cause) {
      if (isConditionFailure(cause)) return;
      throw new HardcapError('ledger_unavailable', `${PARTITION} ${name} was not removed`, {
        cause,
      });
    }
  },
});

const notWritten = (name: string, result: { readonly kind: string; readonly cause?: unknown }) =>
  new HardcapError('ledger_unavailable', `${PARTITION} ${name} was not marked`, {
    cause: result.cause ?? new Error(result.kind),
  });

const markItemWrite = (seen: TellingMark | undefined, next: TellingMark) => ({
  UpdateExpression: 'SET #mark = :next',
  ConditionExpression: seen === undefined ? 'attribute_not_exists(#mark)' : '#mark = :seen',
  ExpressionAttributeNames: { '#mark': 'mark' },
  ExpressionAttributeValues: {
    ':next': markText(next),
    ...(seen === undefined ? {} : { ':seen': markText(seen) }),
  },
});
