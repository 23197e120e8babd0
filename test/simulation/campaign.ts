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

/** What a campaign has met so far. */
export class Tally {
  readonly #totals = new Map<string, number>();
  readonly #states = new Set<number>();
  #schedules = 0;

  add({ schedules, totals, states }: Figures): void {
    this.#schedules += schedules;
    addTo(this.#totals, totals);
    for (const state of states) this.#states.add(state);
  }

  get figures(): Figures {
    return { schedules: this.#schedules, totals: this.#totals, states: this.#states };
  }
}

const PART = 500;

/**
 * Runs the schedules of a range of seeds; yields what every five hundred of them met.
 *
 * @throws CampaignFailure at the first that breaks a rule
 */
export async function* runCampaign({ from, seeds, trace }: CampaignPart): AsyncGenerator<Figures> {
  for (let first = from; first < from + seeds; first += PART) {
    const schedules = Math.min(PART, from + seeds - first);
    const totals = new Map<string, number>();
    const states = new Set<number>();
    for (let seed = first; seed < first + schedules; seed += 1) {
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
    }
    yield { schedules, totals, states };
  }
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
