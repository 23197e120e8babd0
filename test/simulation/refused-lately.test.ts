/**
 * A gateway that remembers a refusal, rightly or wrongly, hurt at every point of what follows.
 *
 * What it remembers is wrong where a reservation that had expired is settled late: room comes back.
 */
import { describe, expect, it } from 'vitest';
import type { Cap } from '../../lambda/domain/cap.ts';
import { nanoUsd } from '../../lambda/domain/money.ts';
import { WRITE_FAULTS } from './faulty-table.ts';
import type { Plan, PlannedRequest } from './plan.ts';
import { runPlan } from './run-schedule.ts';
import type { Script, Scripted } from './world.ts';

const START_MS = Date.UTC(2026, 10, 24, 12, 0, 0);
/** Room for one worst case (611,878 nano-dollars), and not for two. */
const ONE_FITS = nanoUsd(1_000_000n);
const ALL_FIT = nanoUsd(100_000_000n);
const RESERVES_AT_MS = 10;
const EXPIRES_AT_MS = 60;
const REFUSED_AT_MS = 450;
const SETTLES_AT_MS = 600;
const ASKS_AGAIN_AT_MS = 1_000;

const cap = (index: number, limitNanoUsd: Cap['limitNanoUsd'], rest: Partial<Cap> = {}): Cap => ({
  capId: `cap-${index}`,
  limitNanoUsd,
  window: { kind: 'daily', timeZone: 'UTC', weekStart: 'monday' },
  selectors: {},
  action: 'block',
  streaming: 'full',
  alertPercents: [],
  enabled: true,
  ...rest,
});

/** The middle one refuses, or not; of the others one only counts. */
const CAPS = [cap(0, ALL_FIT), cap(1, ONE_FITS), cap(2, ALL_FIT, { action: 'warn' })];

const request = (index: number, gateway: number, atMs: number): PlannedRequest => ({
  name: `request-${index}`,
  atMs,
  gateway,
  maxTokens: 60,
  answer: {
    fate: 'answers',
    tokens: { inputTokens: 40, outputTokens: 30 },
    chunks: 2,
    isStream: false,
  },
  readMs: 0,
});

/** A first request expires under way; a second is refused for it; a third asks once more. */
const plan = (rest: Partial<Plan> = {}): Plan => ({
  startMs: START_MS,
  gateways: 2,
  settingsMaxAgeMs: 5_000,
  functionTimeoutMs: 3_000,
  reservationMarginMs: 1_000,
  tableFaultChance: 0,
  settingsFaultChance: 0,
  maxInFlight: 2_000,
  requests: [request(0, 1, 0), request(1, 0, REFUSED_AT_MS), request(2, 0, ASKS_AGAIN_AT_MS)],
  disturbances: [],
  settings: [{ atMs: 0, caps: CAPS, isKeyEnabled: true }],
  rollovers: [{ atMs: EXPIRES_AT_MS, skewMs: 3_600_000, diesAtAwait: undefined }],
  isPruned: false,
  ...rest,
});

const HURTS: readonly Scripted[] = [
  ...WRITE_FAULTS.map((fault) => ({ kind: 'fault', fault }) as const),
  { kind: 'death', isApplied: false },
  { kind: 'death', isApplied: true },
];
/** Three reserves, two releases and a journal entry are the second request's. */
const FIRST_OF_THIRD = 7;
const MAX_AWAITS = 40;
const RESERVES = 3;

/** What becomes of the first request's settle, and `hurt` at the gateway's request of a number. */
const script =
  (settle: Scripted, number?: number, hurt?: Scripted, met?: Set<number>): Script =>
  (actor, at) => {
    if (actor === 'gateway-0' && at === number) met?.add(at);
    if (actor === 'gateway-0') return at === number ? hurt : undefined;
    if (actor !== 'gateway-1') return undefined;
    return at <= RESERVES ? { kind: 'at', atMs: START_MS + RESERVES_AT_MS } : settle;
  };

describe.each([
  {
    how: 'wrongly',
    settle: { kind: 'at', atMs: START_MS + SETTLES_AT_MS } as const,
    outcomes: { complete: 2, refused: 1 },
    asked: 3,
    // As many settles, and a journal entry.
    writes: 7,
  },
  {
    how: 'rightly',
    settle: { kind: 'death', isApplied: false } as const,
    outcomes: { complete: 1, refused: 2 },
    asked: 1,
    writes: 1,
  },
])('a gateway that remembers a refusal $how', ({ settle, outcomes, asked, writes }) => {
  it('asks the counter that refused, and does what that says', async () => {
    const trace: string[] = [];

    const report = await runPlan(plan(), 1, { script: script(settle), trace });

    expect(Object.fromEntries(report.outcomes)).toEqual(outcomes);
    const reserves = trace.flatMap(
      (line) => /gateway-0 request-2 \w+: \S+ COUNTER#(\S+) ADD requests/.exec(line)?.[1] ?? [],
    );
    expect(reserves[0]).toBe('cap-1');
    expect(reserves).toHaveLength(asked);
  });

  it('keeps every rule where it is hurt at any of its writes, in any way', async () => {
    const met = new Set<number>();
    let number = FIRST_OF_THIRD;
    do {
      for (const hurt of HURTS) {
        await runPlan(plan(), number, { script: script(settle, number, hurt, met) });
      }
      number += 1;
    } while (met.has(number - 1));
    expect(met.size).toBe(writes);
  });

  it('keeps every rule where it is lost at any of its awaits', async () => {
    let lives = 0;
    for (let number = 1; number <= MAX_AWAITS; number += 1) {
      const lost = plan({ disturbances: [{ kind: 'crash-at-await', gateway: 0, number }] });
      const { outcomes: ends } = await runPlan(lost, number, { script: script(settle) });
      if (ends.get('refused') === outcomes.refused) lives += 1;
    }
    expect(lives).toBeGreaterThan(0);
    expect(lives).toBeLessThan(MAX_AWAITS);
  });
});
