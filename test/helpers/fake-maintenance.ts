/**
 * In-memory ports of the rollover run: counters as a test lays them out, and what was done to them.
 */
import { JournalSums } from '../../lambda/application/journal-sums.ts';
import { runRollover } from '../../lambda/application/rollover.ts';
import type { RolloverPorts } from '../../lambda/application/rollover-work.ts';
import { DEFAULTS } from '../../lambda/contract.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import type { EventDetail } from '../../lambda/ports/events.ts';
import type {
  ClosedCounter,
  JournalLine,
  LedgerMaintenance,
  OpenCounter,
  TellingMark,
  WindowSummary,
} from '../../lambda/ports/ledger.ts';
import { usd } from './builders.ts';
import { createFakeTelemetry } from './fake-ports.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** The daily window in UTC that NOON_MS falls into. */
export const TODAY = 'daily:2026-03-02T00+00:00@UTC';

/** A clean counter of today with one settled request of $1. */
export const openCounter = (name: string, rest: Partial<OpenCounter> = {}): OpenCounter => ({
  counter: { pk: `COUNTER#${name}`, sk: TODAY },
  state: { settledNanoUsd: usd('1'), committedNanoUsd: usd('1'), inFlight: 0 },
  reservations: [],
  tombstones: [],
  unjournalled: [],
  settledLate: [],
  isClean: true,
  tally: { requests: 1, ends: 1, expired: 0, overruns: 0 },
  limitNanoUsd: usd('10'),
  marks: new Map(),
  ...rest,
});

/** An entry of the journal in memory; without a key it is one of an expired charge. */
export interface FakeEntry {
  readonly keyId: string | undefined;
  readonly atMs: number;
  readonly line: JournalLine;
}

export interface ToldEvent {
  readonly name: string;
  readonly detail: EventDetail;
}

/** Everything a run works with; a test changes the parts that it is about. */
export function createRolloverBench() {
  const clock = createVirtualClock();
  const telemetry = createFakeTelemetry();
  const calls: string[] = [];
  const told: ToldEvent[] = [];
  const marks = new Map<string, TellingMark>();
  const bench = {
    clock,
    telemetry,
    /** What was written, in order. */
    calls,
    /** The events that were emitted. */
    told,
    /** What an event meets before it is taken. */
    bus: async (): Promise<void> => undefined,
    /** Marks by counter and name; a run sees those that stood when it began. */
    marks,
    counters: [] as readonly OpenCounter[],
    closed: [] as readonly ClosedCounter[],
    caps: [] as readonly Cap[],
    keyIds: ['red'] as readonly string[],
    /** Kept from run to run, as one process keeps it. */
    journal: new JournalSums(),
    /** Every entry, with its key and instant. */
    entries: [] as readonly FakeEntry[],
    /** Which stretches were read, page by page. */
    pagesRead: [] as string[],
    pageSize: 100,
    peaks: [] as string[],
    summaries: [] as WindowSummary[],
    /** Parts of the ledger that behave in another way. */
    faults: {} as Partial<LedgerMaintenance>,
    ports: (): RolloverPorts => ({
      maintenance: { ...maintenance, ...bench.faults },
      caps: { readAll: async () => bench.caps },
      keys: { readIds: async () => ({ keyIds: bench.keyIds, isWhole: true }) },
      journal: bench.journal,
      events: {
        emit: async (name, detail) => {
          await bench.bus();
          told.push({ name, detail });
        },
      },
      clock,
      telemetry,
    }),
    run: (deadlineAtMs = clock.nowMs() + 60_000, counterDays: number = DEFAULTS.counterDays) =>
      runRollover(bench.ports(), deadlineAtMs, counterDays),
  };
  const seenBy = (open: OpenCounter): OpenCounter => {
    const own = [...marks].filter(([key]) => key.startsWith(`${open.counter.pk} `));
    const names = own.map(([key, mark]) => [key.slice(open.counter.pk.length + 1), mark] as const);
    return { ...open, marks: new Map([...open.marks, ...names]) };
  };
  const maintenance: LedgerMaintenance = {
    async *openCounters() {
      for (const open of bench.counters) yield seenBy(open);
    },
    expire: async ({ pk }, id, amount) => {
      calls.push(`expire ${pk} ${id} ${amount}`);
      return true;
    },
    journalExpired: async ({ pk }, id) => {
      calls.push(`journal ${pk} ${id}`);
    },
    journalSettledLate: async ({ pk }, id) => {
      calls.push(`correct ${pk} ${id}`);
    },
    removeTombstone: async ({ pk }, id) => {
      calls.push(`remove ${pk} ${id}`);
    },
    mark: async ({ pk }, name, seen, next) => {
      const standing = marks.get(`${pk} ${name}`);
      if (standing?.by !== seen?.by || standing?.state !== seen?.state) return false;
      marks.set(`${pk} ${name}`, next);
      calls.push(`${next.state} ${pk} ${name}`);
      return true;
    },
    journalPage: async ({ keyId, fromMs, toMs }, next) => {
      const [date] = new Date(fromMs).toISOString().split('T');
      bench.pagesRead.push(`${date} ${keyId ?? '-'} ${next ?? ''}`.trim());
      const dated = bench.entries.filter(
        (entry) => entry.keyId === keyId && entry.atMs >= fromMs && entry.atMs < toMs,
      );
      const from = Number(next ?? 0);
      const upTo = from + bench.pageSize;
      return {
        lines: dated.slice(from, upTo).map(({ line }) => line),
        next: upTo < dated.length ? String(upTo) : undefined,
      };
    },
    read: async ({ pk, sk }) =>
      bench.counters
        .filter(({ counter }) => counter.pk === pk && counter.sk === sk)
        .map(seenBy)
        .at(0),
    notePeak: async ({ counter: { pk }, state }) => {
      bench.peaks.push(`${pk} ${state.committedNanoUsd - state.settledNanoUsd}`);
    },
    summarise: async ({ counter: { pk }, tally }, summary) => {
      bench.summaries.push(summary);
      calls.push(`summarise ${pk} ${tally.ends}`);
    },
    close: async ({ counter: { pk } }) => {
      calls.push(`close ${pk}`);
      return true;
    },
    async *closedBefore(windowEndsAtMs) {
      yield* bench.closed.filter((one) => one.windowEndsAtMs < windowEndsAtMs);
    },
    prune: async ({ counter: { pk } }) => {
      calls.push(`prune ${pk}`);
      return true;
    },
  };
  return bench;
}

export type RolloverBench = ReturnType<typeof createRolloverBench>;
