/**
 * The Ledger port that only reads: it answers a reserve as the table stands, and reserves nothing.
 *
 * Invariant: nothing is written. Each counter is read once, so that all answers are of one time.
 * Not here:  what others reserve between this reading and a real request.
 */
import { HardcapError } from '../../domain/errors.ts';
import { addUsd, sumUsd } from '../../domain/money.ts';
import type {
  CounterState,
  EndOutcome,
  Ledger,
  ReserveOnCounter,
  ReserveOutcome,
} from '../../ports/ledger.ts';
import { type CounterItem, stateOf, usdNumber } from './counter-item.ts';
import { isLargerThanLimit, refusalReason, staleOf } from './reserve-refusal.ts';
import { mayEnterNewCounter } from './tag-counters.ts';
import { type CounterTable, readItem } from './write-attempts.ts';

export interface ReadOnlyLedgerOptions extends CounterTable {
  /** The most reservations that one counter may hold at a time. */
  readonly maxInFlight: number;
}

type Reader = (request: Pick<ReserveOnCounter, 'counter'>) => Promise<CounterItem | undefined>;

const ENDED: EndOutcome = { kind: 'ended' };

/** A ledger whose holds stand nowhere; made for one question, and then thrown away. */
export function createReadOnlyLedger(options: ReadOnlyLedgerOptions): Ledger {
  const read = readOnce(options);
  return {
    reserve: (request) => reserve(options, read, request),
    extend: () => {
      throw new HardcapError('invariant_broken', 'a ledger that only reads extends nothing');
    },
    settle: async () => ENDED,
    cut: async () => ENDED,
    release: async () => ENDED,
    read: async (counter) => {
      const item = await read({ counter });
      return item === undefined ? undefined : stateOf(item);
    },
    appendJournal: async () => undefined,
  };
}

function readOnce(options: ReadOnlyLedgerOptions): Reader {
  const items = new Map<string, Promise<CounterItem | undefined>>();
  return ({ counter }) => {
    const name = `${counter.pk}\n${counter.sk}`;
    const reading = items.get(name) ?? readItem(options, counter);
    items.set(name, reading);
    return reading;
  };
}

async function reserve(
  options: ReadOnlyLedgerOptions,
  read: Reader,
  request: ReserveOnCounter,
): Promise<ReserveOutcome> {
  const { counter, reservationId, amountNanoUsd, opening } = request;
  const found = await read(request);
  const item = found ?? {};
  if (isLargerThanLimit(request)) {
    return { kind: 'refused', reason: 'larger-than-limit', state: stateOf(item) };
  }
  const isNew = opening !== undefined && item.requests === undefined;
  if (isNew && !(await mayEnterNewCounter(options, counter, opening))) {
    return { kind: 'refused', reason: 'tag-counter-limit', state: stateOf({}) };
  }
  const refused = refusalOf(options, item, request);
  if (refused !== undefined) return { kind: 'refused', ...refused };
  const hold = { counter, reservationId, reservedNanoUsd: amountNanoUsd, ambiguous: false };
  return { kind: 'reserved', hold, state: after(stateOf(item), request) };
}

/** A reserve that is refused charges what is stale, and then tries again. */
function refusalOf(
  { clock, maxInFlight }: ReadOnlyLedgerOptions,
  item: CounterItem,
  request: ReserveOnCounter,
) {
  const nowMs = clock.nowMs();
  const reason = refusalReason(item, request, maxInFlight, nowMs);
  if (reason === undefined || reason === 'spent') return reasonWith(reason, item);
  const expired = withExpired(item, nowMs);
  return reasonWith(refusalReason(expired, request, maxInFlight, nowMs), expired);
}

const reasonWith = (reason: ReturnType<typeof refusalReason>, item: CounterItem) =>
  reason === undefined ? undefined : { reason, state: stateOf(item) };

function withExpired(item: CounterItem, nowMs: number): CounterItem {
  const stale = staleOf(item, nowMs);
  const { settledNanoUsd, inFlight } = stateOf(item);
  const charged = sumUsd([settledNanoUsd, ...stale.map(({ amountNanoUsd }) => amountNanoUsd)]);
  return { ...item, settledUsd: usdNumber(charged), inFlight: inFlight - stale.length };
}

const after = (state: CounterState, { amountNanoUsd }: ReserveOnCounter): CounterState => ({
  ...state,
  committedNanoUsd: addUsd(state.committedNanoUsd, amountNanoUsd),
  inFlight: state.inFlight + 1,
});
