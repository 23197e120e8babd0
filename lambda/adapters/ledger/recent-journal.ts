/**
 * The end of the journal, newest first, for people to look at.
 *
 * Each key has a partition for each UTC date, so each is asked for its newest entries alone.
 */
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import { ZERO_USD } from '../../domain/money.ts';
import type { RecentEntry, RecentJournal } from '../../ports/board.ts';
import { type CounterItem, countOf, usdOf } from './counter-item.ts';
import { NO_KEY } from './maintenance-writes.ts';
import type { CounterTable } from './write-attempts.ts';

const DAY_MS = 86_400_000;
const DATE_CHARACTERS = 10;
const PARALLEL = 16;

/** The journal of this ledger table. */
export const createRecentJournal = (table: CounterTable): RecentJournal => ({
  latest: async (keyIds, nowMs, most) => {
    const dates = [nowMs, nowMs - DAY_MS].map((ms) =>
      new Date(ms).toISOString().slice(0, DATE_CHARACTERS),
    );
    const partitions = [...keyIds, NO_KEY].flatMap((keyId) =>
      dates.map((date) => ({ keyId, pk: `JOURNAL#${date}#${keyId}` })),
    );
    const found: RecentEntry[] = [];
    const waiting = partitions.values();
    const work = async () => {
      for (const { keyId, pk } of waiting) {
        const items = await newestOf(table, pk, most);
        found.push(...items.map((item) => entryOf(keyId, item)));
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return found.sort((a, b) => b.atMs - a.atMs).slice(0, most);
  },
});

async function newestOf(
  { dynamo, tableName }: CounterTable,
  pk: string,
  most: number,
): Promise<CounterItem[]> {
  try {
    const page = await dynamo.query({
      TableName: tableName,
      KeyConditionExpression: '#pk = :pk',
      ExpressionAttributeNames: { '#pk': TABLE.partitionKey },
      ExpressionAttributeValues: { ':pk': pk },
      ScanIndexForward: false,
      Limit: most,
    });
    return page.Items ?? [];
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', 'the journal could not be read', { cause });
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function entryOf(keyId: string, item: CounterItem): RecentEntry {
  const reason = textOf(item.reason);
  return {
    atMs: Date.parse(textOf(item.at)) || 0,
    requestId: textOf(item.requestId) || textOf(item.reservationId),
    keyId,
    modelId: textOf(item.modelId),
    outcome: textOf(item.outcome),
    ...(reason === '' ? {} : { reason }),
    reservedNanoUsd: usdOf(item, 'reservedUsd') ?? ZERO_USD,
    costNanoUsd: usdOf(item, 'costUsd') ?? ZERO_USD,
    ...tokensOf(item.usage),
    count: item.count === undefined ? 1 : countOf(item, 'count'),
    counters: Array.isArray(item.counters) ? item.counters.map(textOf) : [textOf(item.counter)],
  };
}

function tokensOf(usage: unknown): Pick<RecentEntry, 'inputTokens' | 'outputTokens'> {
  if (typeof usage !== 'object' || usage === null) return {};
  const item = usage as CounterItem;
  return {
    ...(item.inputTokens === undefined ? {} : { inputTokens: countOf(item, 'inputTokens') }),
    ...(item.outputTokens === undefined ? {} : { outputTokens: countOf(item, 'outputTokens') }),
  };
}
