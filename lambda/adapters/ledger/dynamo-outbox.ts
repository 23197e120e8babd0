/**
 * The EventOutbox port on the ledger table: one item an event, `UNTOLD` / a hash of its id.
 */
import { createHash } from 'node:crypto';
import { EVENT } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import type { EventOutbox, KeptEvent } from '../../ports/event-outbox.ts';
import { readPartition } from './ledger-partition.ts';
import { attemptWrite, type CounterTable } from './write-attempts.ts';

const PARTITION = 'UNTOLD';
const MOST_AT_ONCE = 100;
const HASH_CHARACTERS = 32;

/** An event's id may be longer than a sort key can be. */
const keyOf = ({ name, detail }: KeptEvent) => ({
  pk: PARTITION,
  sk: createHash('sha256')
    .update(`${name}\n${detail.eventId}`)
    .digest('hex')
    .slice(0, HASH_CHARACTERS),
});

/** The events that are kept in this ledger table. */
export const createDynamoOutbox = (table: CounterTable): EventOutbox => ({
  keep: async (event) => {
    const result = await attemptWrite(table, keyOf(event), {
      UpdateExpression: 'SET #event = :event, #detail = :detail',
      ConditionExpression: 'attribute_not_exists(#event)',
      ExpressionAttributeNames: { '#event': 'event', '#detail': 'detail' },
      ExpressionAttributeValues: {
        ':event': event.name,
        ':detail': JSON.stringify(event.detail),
      },
    });
    if (result.kind === 'written' || result.kind === 'refused') return;
    throw new HardcapError('ledger_unavailable', `the event ${event.name} was not kept`, {
      cause: result.kind === 'failed' ? result.cause : new Error(result.kind),
    });
  },
  readSome: async () => (await readPartition(table, PARTITION, MOST_AT_ONCE)).flatMap(keptEvent),
  remove: async (event) => {
    await table.dynamo.delete({ TableName: table.tableName, Key: keyOf(event) });
  },
});

const NAMES: readonly string[] = Object.values(EVENT);

/** What people changed so that it is no event any more is left where it is. */
function keptEvent(item: Readonly<Record<string, unknown>>): KeptEvent[] {
  try {
    const detail: unknown = JSON.parse(String(item.detail));
    const isDetail = typeof detail === 'object' && detail !== null && 'eventId' in detail;
    if (!isDetail || !NAMES.includes(String(item.event))) return [];
    return [{ name: item.event, detail } as KeptEvent];
  } catch {
    return [];
  }
}
