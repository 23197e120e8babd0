/**
 * The counters of caps in their running windows, read for people to look at.
 *
 * The counter of a cap without a split is read by its key; those of a split cap, whose values
 * nobody lists, are found by the index of open counters.
 */
import { type Cap, counterKeyOf, limitAt, type Subject } from '../domain/cap.ts';
import { ZERO_USD } from '../domain/money.ts';
import type { CounterKey } from '../domain/reservation.ts';
import { type Window, windowAt } from '../domain/window.ts';
import type { CounterReading } from '../ports/board.ts';
import type { CounterState } from '../ports/ledger.ts';
import type { CounterStanding } from './counter-standing.ts';

const COUNTER_PREFIX = 'COUNTER#';

const NOTHING: CounterState = {
  settledNanoUsd: ZERO_USD,
  committedNanoUsd: ZERO_USD,
  inFlight: 0,
};

/** Which of the counters are read. */
export interface StandingsWanted {
  /** @default - all of them */
  readonly isWanted?: (cap: Cap, splitValue: string | undefined) => boolean;
  /** The most that are read. @default - no bound */
  readonly most?: number;
}

export interface Standings {
  /** In the order of the caps; the values of a split in their own order. */
  readonly standings: readonly CounterStanding[];
  /** How many more there are than were to be read. */
  readonly unread: number;
}

/** Reads the counters of these caps. @throws HardcapError ledger_unavailable, invariant_broken */
export async function readStandings(
  reading: CounterReading,
  caps: readonly Cap[],
  nowMs: number,
  { isWanted = () => true, most = Number.POSITIVE_INFINITY }: StandingsWanted = {},
): Promise<Standings> {
  const isSplit = caps.some(({ splitBy }) => splitBy !== undefined);
  const open = isSplit ? byCap(await reading.openKeys()) : new Map<string, CounterKey[]>();
  const found = caps
    .flatMap((cap) => countersOf(cap, open.get(cap.capId) ?? [], nowMs))
    .filter(({ cap, splitValue }) => isWanted(cap, splitValue));
  const wanted = found.slice(0, most);
  const states = await reading.read(wanted.map(({ counter }) => counter));
  const standings = wanted.flatMap((one, index) => {
    const state = states[index];
    // The index lags: a counter that it still names may be gone.
    if (state === undefined && one.splitValue !== undefined) return [];
    return [{ ...one, state: state ?? NOTHING }];
  });
  return { standings, unread: found.length - wanted.length };
}

type Found = Omit<CounterStanding, 'state'>;

function countersOf(cap: Cap, open: readonly CounterKey[], nowMs: number): Found[] {
  const window = windowAt(cap.window, nowMs);
  const shared = sharedCounterOf(cap, window);
  const found = { cap, window, limitNanoUsd: limitAt(cap, nowMs) };
  if (cap.splitBy === undefined) return [{ ...found, counter: shared }];
  return open
    .filter(({ pk, sk }) => sk === shared.sk && pk.startsWith(`${shared.pk}#`))
    .map((counter) => ({ ...found, counter, splitValue: splitValueOf(counter, shared) }))
    .sort((a, b) => (a.splitValue < b.splitValue ? -1 : 1));
}

function byCap(keys: readonly CounterKey[]): Map<string, CounterKey[]> {
  const found = new Map<string, CounterKey[]>();
  for (const key of keys) {
    // A cap id holds no `#`.
    const [capId = ''] = key.pk.slice(COUNTER_PREFIX.length).split('#', 1);
    const own = found.get(capId);
    if (own === undefined) found.set(capId, [key]);
    else own.push(key);
  }
  return found;
}

const NOBODY: Subject = {
  keyId: '',
  tags: {},
  requestTags: {},
  vendor: '',
  modelId: '',
  baseModelId: '',
  profileId: '',
};

/** The counter that the cap has, or would have if it were not split. */
function sharedCounterOf(cap: Cap, window: Window): CounterKey {
  const { splitBy: _split, ...unsplit } = cap;
  return counterKeyOf(unsplit, NOBODY, window.id);
}

/** Stands before the value of a request's tag; one of a key cannot begin with it. */
const REQUEST_TAG = /^#/;

/** Control characters stay encoded: a terminal would obey them. */
const splitValueOf = ({ pk }: CounterKey, shared: CounterKey): string =>
  pk
    .slice(shared.pk.length + 1)
    .replace(REQUEST_TAG, '')
    .replaceAll('%23', '#')
    .replaceAll('%25', '%');
