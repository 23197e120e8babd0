/**
 * Schedules one after another, and the sums of what they met.
 */
import { runSchedule } from './run-schedule.ts';

/** What a campaign met, by name; and the states that it saw, as hashes of their shapes. */
export interface Figures {
  readonly schedules: number;
  readonly totals: ReadonlyMap<string, number>;
  readonly states: ReadonlySet<number>;
}

export interface CampaignPart {
  readonly from: number;
  readonly seeds: number;
  /** Gets the lines of every schedule, and those of the failing one last. */
  readonly trace: boolean;
}

/** A schedule broke a rule. */
export class CampaignFailure extends Error {
  readonly seed: number;
  readonly trace: readonly string[];

  constructor(seed: number, trace: readonly string[], cause: unknown) {
    super(String(cause), { cause });
    this.seed = seed;
    this.trace = trace;
  }
}

const PROGRESS_EVERY = 10_000;

/**
 * Runs the schedules of a range of seeds; `progress` hears every ten thousand.
 *
 * @throws CampaignFailure at the first that breaks a rule
 */
export async function runCampaign(
  { from, seeds, trace }: CampaignPart,
  progress: (done: number) => void,
): Promise<Figures> {
  const totals = new Map<string, number>();
  const states = new Set<number>();
  for (let seed = from; seed < from + seeds; seed += 1) {
    const lines: string[] = [];
    try {
      const report = await runSchedule(seed, trace ? lines : undefined);
      addTo(totals, [['events', report.events]]);
      addTo(totals, report.faults);
      addTo(totals, named('ledger', Object.entries(report.counts)));
      addTo(totals, named('request', report.outcomes));
      for (const state of report.states) states.add(hashOf(state));
    } catch (error) {
      throw new CampaignFailure(seed, lines, error);
    }
    const done = seed - from + 1;
    if (done % PROGRESS_EVERY === 0) progress(done);
  }
  return { schedules: seeds, totals, states };
}

/** The figures of parts that ran side by side. */
export function sumOf(parts: readonly Figures[]): Figures {
  const totals = new Map<string, number>();
  const states = new Set<number>();
  let schedules = 0;
  for (const part of parts) {
    schedules += part.schedules;
    addTo(totals, part.totals);
    for (const state of part.states) states.add(state);
  }
  return { schedules, totals, states };
}

function addTo(totals: Map<string, number>, more: Iterable<readonly [string, number]>): void {
  for (const [name, count] of more) totals.set(name, (totals.get(name) ?? 0) + count);
}

const named = (prefix: string, counts: Iterable<readonly [string, number]>) =>
  [...counts].map(([name, count]) => [`${prefix}:${name}`, count] as const);

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const TWO_TO_21 = 2 ** 21;

/** 53 bits of two hashes (FNV-1a and a multiplication by 31): a million states share none. */
function hashOf(text: string): number {
  let one = FNV_OFFSET;
  let other = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, FNV_PRIME);
    other = (Math.imul(other, 31) + code) | 0;
  }
  return (one >>> 0) * TWO_TO_21 + (Math.imul(other, FNV_PRIME) >>> 11);
}
