/**
 * The CounterReading port on the ledger table: queries and gets, and never a write.
 */
import type { BatchGetCommandInput } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import type { CounterKey } from '../../domain/reservation.ts';
import type { CounterReading, PastWindow } from '../../ports/board.ts';
import type { CounterState } from '../../ports/ledger.ts';
import { type CounterItem, stateOf, usdOf } from './counter-item.ts';
import { openCounterKeys } from './open-counters.ts';
import type { CounterTable } from './write-attempts.ts';

const COUNTER_PREFIX = 'COUNTER#';
const SUMMARY_PREFIX = 'SUMMARY#';

/** Reads of this ledger table. */
export const createCounterReading = (table: CounterTable): CounterReading => ({
  openKeys: () => openCounterKeys(table),
  read: (counters) => readBooks(table, counters),
  latestWindows: (counterPk, kind, most) => latestWindows(table, counterPk, kind, most),
});

/** As many as DynamoDB gives at once, and as many answers at a time. */
const BATCH_KEYS = 100;
const PARALLEL = 4;
/** Of one batch: what is throttled comes back as not processed. */
const MAX_ATTEMPTS = 5;
const BACKOFF_MS = 50;

const nameOf = ({ pk, sk }: CounterKey): string => `${pk}\n${sk}`;

async function readBooks(
  table: CounterTable,
  counters: readonly CounterKey[],
): Promise<(CounterState | undefined)[]> {
  const states = new Map<string, CounterState>();
  // One key that stands twice in a batch would be refused.
  const keys = [...new Map(counters.map((key) => [nameOf(key), key])).values()];
  const starts = Array.from(
    { length: Math.ceil(keys.length / BATCH_KEYS) },
    (_, n) => n * BATCH_KEYS,
  );
  const waiting = starts.values();
  const work = async () => {
    for (const start of waiting) {
      for (const item of await readBatch(table, keys.slice(start, start + BATCH_KEYS))) {
        states.set(nameOf({ pk: String(item.pk), sk: String(item.sk) }), stateOf(item));
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return counters.map((key) => states.get(nameOf(key)));
}

/** @throws HardcapError ledger_unavailable where not all was read after five attempts */
async function readBatch(
  { dynamo, tableName, clock }: CounterTable,
  keys: readonly CounterKey[],
): Promise<CounterItem[]> {
  const items: CounterItem[] = [];
  let left: Record<string, unknown>[] = keys.map(({ pk, sk }) => ({ pk, sk }));
  let cause: unknown;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS && left.length > 0; attempt += 1) {
    if (attempt > 1) await clock.sleep(BACKOFF_MS * attempt);
    try {
      const { Responses, UnprocessedKeys } = await dynamo.batchGet(batchOf(tableName, left));
      items.push(...(Responses?.[tableName] ?? []));
      left = UnprocessedKeys?.[tableName]?.Keys ?? [];
    } catch (error) {
      cause = error;
    }
  }
  if (left.length === 0) return items;
  throw new HardcapError('ledger_unavailable', 'ledger_unavailable: counters were not read', {
    cause,
  });
}

/** The reservations of a counter are left out: there may be thousands. */
const batchOf = (tableName: string, Keys: Record<string, unknown>[]): BatchGetCommandInput => ({
  RequestItems: {
    [tableName]: {
      Keys,
      ConsistentRead: true,
      ProjectionExpression: '#pk, #sk, settledUsd, committedUsd, inFlight',
      ExpressionAttributeNames: { '#pk': TABLE.partitionKey, '#sk': TABLE.sortKey },
    },
  },
});

/** A counter tells of its window until it is pruned; the summary tells of it after that. */
async function latestWindows(
  table: CounterTable,
  counterPk: string,
  kind: string,
  most: number,
): Promise<PastWindow[]> {
  const summaryPk = `${SUMMARY_PREFIX}${counterPk.slice(COUNTER_PREFIX.length)}`;
  const [summaries, counters] = await Promise.all([
    newestOf(table, summaryPk, kind, most),
    newestOf(table, counterPk, kind, most),
  ]);
  const windows = new Map(
    [...summaries, ...counters].map((item) => [String(item[TABLE.sortKey]), pastWindow(item)]),
  );
  return [...windows.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, most);
}

async function newestOf(
  { dynamo, tableName }: CounterTable,
  pk: string,
  kind: string,
  most: number,
): Promise<CounterItem[]> {
  try {
    const page = await dynamo.query({
      TableName: tableName,
      KeyConditionExpression: '#pk = :pk and begins_with(#sk, :kind)',
      ProjectionExpression: '#sk, settledUsd, limitUsd',
      ExpressionAttributeNames: { '#pk': TABLE.partitionKey, '#sk': TABLE.sortKey },
      ExpressionAttributeValues: { ':pk': pk, ':kind': `${kind}:` },
      ScanIndexForward: false,
      Limit: most,
    });
    return page.Items ?? [];
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', `the past windows of ${pk} could not be read`, {
      cause,
    });
  }
}

function pastWindow(item: CounterItem): PastWindow {
  const limitNanoUsd = usdOf(item, 'limitUsd');
  return {
    id: String(item[TABLE.sortKey]),
    settledNanoUsd: stateOf(item).settledNanoUsd,
    ...(limitNanoUsd === undefined ? {} : { limitNanoUsd }),
  };
}
