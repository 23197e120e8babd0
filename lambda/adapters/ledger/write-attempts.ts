/**
 * Sends one conditional write to DynamoDB, again where that is safe, and says what is known.
 *
 * Calls are sent once (maxAttempts 1), so that this file knows which attempts
 * were ambiguous: sent, and never answered with certainty.
 */
import { HardcapError } from '../../domain/errors.ts';
import type { CounterKey } from '../../domain/reservation.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  type ConditionFailure,
  type DynamoCalls,
  isConditionFailure,
  statusOf,
} from '../dynamodb/dynamo-calls.ts';
import type { CounterItem } from './counter-item.ts';
import type { CounterWrite } from './counter-writes.ts';

export type WriteResult =
  | { readonly kind: 'written'; readonly item: CounterItem; readonly ambiguous: boolean }
  /** The condition did not hold; `item` is what stood there, undefined where nothing did. */
  | { readonly kind: 'refused'; readonly item?: CounterItem; readonly ambiguous: boolean }
  /** The item cannot grow: a certain refusal. */
  | { readonly kind: 'item-full'; readonly ambiguous: boolean }
  /** Given up. `ambiguous`: some attempt may still take effect. */
  | { readonly kind: 'failed'; readonly cause: unknown; readonly ambiguous: boolean };

const MAX_ATTEMPTS = 3;
const BACKOFF_MS = 30;

/**
 * How often a write is sent where each attempt is throttled, so that nothing of it is written.
 *
 * A counter that is written more than DynamoDB bears gets on only by ends, which make its item
 * smaller. So a reserve soon gives way: its caller may come again. An end does not, for 14 s: it is
 * seldom waited for, and what it leaves is charged in full and makes each write dearer until it
 * expires. docs/scale.md has what came of other numbers. What is not throttled is tried
 * `MAX_ATTEMPTS` times of its own: one time-out ends no end that was throttled.
 */
export const THROTTLED_ATTEMPTS = { reserve: 2, end: 30, other: MAX_ATTEMPTS } as const;

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
]);

/** An answer of 4xx says that nothing was written; everything else leaves it open. */
function isCertain(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500;
}

const isItemFull = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === 'ValidationException' &&
  /item size/i.test(error.message);

export interface CounterTable {
  readonly dynamo: DynamoCalls;
  readonly tableName: string;
  readonly clock: Clock;
  /** Told of each attempt beyond a write's first; must not throw. @default - nobody is told */
  readonly onRetry?: () => void;
  /** Epoch milliseconds from which a throttled end gives way as other writes do. @default - never */
  readonly patientUntilMs?: number;
}

/**
 * The whole item, strongly consistent.
 *
 * @throws HardcapError ledger_unavailable
 */
export async function readItem(
  table: CounterTable,
  counter: CounterKey,
): Promise<CounterItem | undefined> {
  try {
    const answer = await table.dynamo.get({
      TableName: table.tableName,
      Key: { pk: counter.pk, sk: counter.sk },
      ConsistentRead: true,
    });
    return answer.Item;
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', 'ledger_unavailable: a counter was not read', {
      cause,
    });
  }
}

async function whatStoodThere(
  table: CounterTable,
  counter: CounterKey,
  error: ConditionFailure,
): Promise<CounterItem | undefined> {
  // Some stores answer a failed condition without the item; then it is read back.
  return error.Item ?? (await readItem(table, counter));
}

function throttledAttempts(table: CounterTable, purpose: keyof typeof THROTTLED_ATTEMPTS): number {
  const { clock, patientUntilMs = Number.POSITIVE_INFINITY } = table;
  if (purpose === 'end' && clock.nowMs() >= patientUntilMs) return THROTTLED_ATTEMPTS.other;
  return THROTTLED_ATTEMPTS[purpose];
}

/** Sends the write up to three times, or as often as `purpose` has it throttled. Never throws. */
export async function attemptWrite(
  table: CounterTable,
  counter: CounterKey,
  write: CounterWrite,
  purpose: keyof typeof THROTTLED_ATTEMPTS = 'other',
): Promise<WriteResult> {
  let ambiguous = false;
  let cause: unknown;
  let unthrottled = 0;
  for (let attempt = 1; ; attempt += 1) {
    if (attempt > 1) {
      table.onRetry?.();
      await table.clock.sleep(BACKOFF_MS * attempt);
    }
    try {
      const answer = await table.dynamo.update({
        TableName: table.tableName,
        Key: { pk: counter.pk, sk: counter.sk },
        ...write,
        ReturnValues: 'UPDATED_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      return { kind: 'written', item: answer.Attributes ?? {}, ambiguous };
    } catch (error) {
      cause = error;
      const isThrottled = error instanceof Error && THROTTLED.has(error.name);
      if (isConditionFailure(error)) {
        try {
          const item = await whatStoodThere(table, counter, error);
          return { kind: 'refused', ...(item === undefined ? {} : { item }), ambiguous };
        } catch (readError) {
          cause = readError;
        }
      } else {
        if (isItemFull(error)) return { kind: 'item-full', ambiguous };
        if (isCertain(error) && !isThrottled) break;
        ambiguous ||= !isCertain(error);
      }
      if (!isThrottled) unthrottled += 1;
      if (isThrottled && attempt >= throttledAttempts(table, purpose)) break;
      if (unthrottled >= MAX_ATTEMPTS) break;
    }
  }
  return { kind: 'failed', cause, ambiguous };
}
