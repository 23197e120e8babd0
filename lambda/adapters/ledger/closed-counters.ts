/**
 * The list of closed counters: one partition of the ledger table, sorted by the window's end.
 *
 * Crash: an entry may name a counter that is open still, or gone; pruning tells them apart.
 */
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import type { ClosedCounter } from '../../ports/ledger.ts';
import { CLOSED_PARTITION } from './maintenance-writes.ts';
import type { CounterTable } from './write-attempts.ts';

const COUNTER_PREFIX = 'COUNTER#';

/**
 * Every counter on the list whose window ended before then, oldest first.
 *
 * @throws HardcapError `ledger_unavailable`; `invariant_broken`, after all others, where an entry
 *   cannot be read
 */
export async function* closedBefore(
  table: CounterTable,
  windowEndsAtMs: number,
): AsyncGenerator<ClosedCounter> {
  let startKey: Record<string, unknown> | undefined;
  let spoilt: string | undefined;
  do {
    const page = await closedPage(table, windowEndsAtMs, startKey);
    for (const item of page.Items ?? []) {
      const closed = closedCounter(item);
      if (closed === undefined) spoilt ??= `${item[TABLE.partitionKey]} / ${item[TABLE.sortKey]}`;
      else yield closed;
    }
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
  if (spoilt === undefined) return;
  throw new HardcapError(
    'invariant_broken',
    `the entry ${spoilt} of the closed counters cannot be read; delete it by hand`,
  );
}

async function closedPage(
  table: CounterTable,
  windowEndsAtMs: number,
  startKey: Record<string, unknown> | undefined,
) {
  try {
    return await table.dynamo.query({
      TableName: table.tableName,
      KeyConditionExpression: '#pk = :closed and #sk < :end',
      ExpressionAttributeNames: { '#pk': TABLE.partitionKey, '#sk': TABLE.sortKey },
      ExpressionAttributeValues: {
        ':closed': CLOSED_PARTITION,
        ':end': new Date(windowEndsAtMs).toISOString(),
      },
      ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
    });
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', 'the closed counters could not be listed', {
      cause,
    });
  }
}

/** What it names is deleted: an entry that does not name a counter must delete nothing. */
function closedCounter(item: Readonly<Record<string, unknown>>): ClosedCounter | undefined {
  const { counterPk: pk, counterSk: sk } = item;
  const windowEndsAtMs = Date.parse(String(item.windowEndsAt));
  const closedAtMs = Date.parse(String(item.closedAt));
  const namesCounter = typeof pk === 'string' && pk.startsWith(COUNTER_PREFIX);
  if (!namesCounter || typeof sk !== 'string') return undefined;
  if (Number.isNaN(windowEndsAtMs) || Number.isNaN(closedAtMs)) return undefined;
  return { counter: { pk, sk }, windowEndsAtMs, closedAtMs };
}
