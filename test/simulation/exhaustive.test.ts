/**
 * Every point at which one request can be hurt, and every order of two: nothing is drawn here.
 */
import { describe, expect, it } from 'vitest';
import type { Cap } from '../../lambda/domain/cap.ts';
import { nanoUsd } from '../../lambda/domain/money.ts';
import { WRITE_FAULTS } from './faulty-table.ts';
import type { Plan, PlannedRequest, PlannedRollover } from './plan.ts';
import { runPlan } from './run-schedule.ts';
import type { UpstreamFate } from './simulated-upstream.ts';
import type { Script, Scripted } from './world.ts';

const START_MS = Date.UTC(2026, 10, 24, 12, 0, 0);
const FUNCTION_TIMEOUT_MS = 3_000;
const MARGIN_MS = 1_000;
const MAX_TOKENS = 60;
/** Room for one worst case (611,878 nano-dollars), and not for two. */
const ONE_FITS = nanoUsd(1_000_000n);
const ALL_FIT = nanoUsd(100_000_000n);

const cap = (index: number, limitNanoUsd: Cap['limitNanoUsd']): Cap => ({
  capId: `cap-${index}`,
  limitNanoUsd,
  window: { kind: 'daily', timeZone: 'UTC', weekStart: 'monday' },
  selectors: {},
  action: 'block',
  streaming: 'full',
  alertPercents: [],
  enabled: true,
});

const request = (
  index: number,
  gateway: number,
  fate: UpstreamFate,
  isStream: boolean,
): PlannedRequest => ({
  name: `request-${index}`,
  atMs: 0,
  gateway,
  maxTokens: MAX_TOKENS,
  answer: { fate, tokens: { inputTokens: 40, outputTokens: 30 }, chunks: 2, isStream },
  readMs: 0,
});

const plan = (
  requests: readonly PlannedRequest[],
  caps: readonly Cap[],
  rollovers: readonly PlannedRollover[],
): Plan => ({
  startMs: START_MS,
  gateways: 2,
  settingsMaxAgeMs: 5_000,
  functionTimeoutMs: FUNCTION_TIMEOUT_MS,
  reservationMarginMs: MARGIN_MS,
  tableFaultChance: 0,
  settingsFaultChance: 0,
  maxInFlight: 2_000,
  requests,
  disturbances: [],
  settings: [{ atMs: 0, caps, isKeyEnabled: true }],
  rollovers,
  isPruned: false,
});

const rollover = (atMs: number, skewMs: number): PlannedRollover => ({
  atMs,
  skewMs,
  diesAtAwait: undefined,
});

const HURTS: readonly Scripted[] = [
  ...WRITE_FAULTS.map((fault) => ({ kind: 'fault', fault }) as const),
  { kind: 'death', isApplied: false },
  { kind: 'death', isApplied: true },
];

const ROLLOVERS: Readonly<Record<string, readonly PlannedRollover[]>> = {
  never: [],
  early: [rollover(200, 3_600_000)],
  late: [rollover(60_000, 0)],
};

const FATES: readonly UpstreamFate[] = ['answers', 'refuses-unbilled', 'reached-and-lost', 'hangs'];
/** More than any request of two caps makes, its retries included. */
const MAX_REQUESTS = 16;
/** More than end in a gateway that serves one request. */
const MAX_AWAITS = 60;
/** Two reserves, two settles, a journal entry. */
const LEAST_REQUESTS = 5;
/** Settings, two reserves and the answer's head and body; what comes after it is answered. */
const LEAST_AWAITS = 5;

/** Room for the first tranches (369,878 nano-dollars), and not for the next. */
const FIRST_FITS = nanoUsd(400_000n);
/** Two reserves, an extension, two settles, a journal entry. */
const LEAST_PROGRESSIVE_REQUESTS = 6;

describe('one stream on a progressive cap and a full one', () => {
  const progressive = (limitNanoUsd: Cap['limitNanoUsd']): Cap => ({
    ...cap(0, limitNanoUsd),
    streaming: 'progressive',
  });

  describe.each([
    ['that has room', ALL_FIT],
    ['that has none for more', FIRST_FITS],
  ])('%s', (_, limit) => {
    const caps = [progressive(limit), cap(1, ALL_FIT)];

    it.each(Object.keys(ROLLOVERS))(
      'is hurt at every write, before and after it applies, rollover %s',
      async (when) => {
        const met = new Set<number>();
        for (const fate of ['answers', 'hangs', 'breaks-off'] as const) {
          for (let point = 1; point <= MAX_REQUESTS; point += 1) {
            for (const hurt of HURTS) {
              const script: Script = (actor, number) => {
                if (actor !== 'gateway-0' || number !== point) return undefined;
                met.add(point);
                return hurt;
              };
              const one = plan([request(0, 0, fate, true)], caps, ROLLOVERS[when] ?? []);
              await runPlan(one, point, { script });
            }
          }
        }
        expect(met.size).toBeGreaterThanOrEqual(LEAST_PROGRESSIVE_REQUESTS);
        expect(met.has(MAX_REQUESTS), 'there are more points than were tried').toBe(false);
      },
    );

    it.each(Object.keys(ROLLOVERS))(
      'loses its gateway at every await, rollover %s',
      async (when) => {
        let lives = 0;
        for (let number = 1; number <= MAX_AWAITS; number += 1) {
          const one = {
            ...plan([request(0, 0, 'answers', true)], caps, ROLLOVERS[when] ?? []),
            disturbances: [{ kind: 'crash-at-await', gateway: 0, number } as const],
          };
          const { outcomes } = await runPlan(one, number);
          if (!outcomes.has('under way')) lives += 1;
        }
        expect(lives).toBeGreaterThan(0);
        expect(MAX_AWAITS - lives).toBeGreaterThanOrEqual(LEAST_AWAITS);
      },
    );
  });
});

describe('one request on two caps', () => {
  const caps = [cap(0, ALL_FIT), cap(1, ALL_FIT)];

  describe.each(FATES)('that Bedrock %s', (fate) => {
    it.each(Object.keys(ROLLOVERS))(
      'is hurt at every write, before and after it applies, rollover %s',
      async (when) => {
        const met = new Set<number>();
        for (const isStream of [false, true]) {
          for (let point = 1; point <= MAX_REQUESTS; point += 1) {
            for (const hurt of HURTS) {
              const script: Script = (actor, number) => {
                if (actor !== 'gateway-0' || number !== point) return undefined;
                met.add(point);
                return hurt;
              };
              const one = plan([request(0, 0, fate, isStream)], caps, ROLLOVERS[when] ?? []);
              await runPlan(one, point, { script });
            }
          }
        }
        expect(met.size).toBeGreaterThanOrEqual(LEAST_REQUESTS);
        expect(met.has(MAX_REQUESTS), 'there are more points than were tried').toBe(false);
      },
    );

    it.each(Object.keys(ROLLOVERS))(
      'loses its gateway at every await, rollover %s',
      async (when) => {
        for (const isStream of [false, true]) {
          let lives = 0;
          for (let number = 1; number <= MAX_AWAITS; number += 1) {
            const one = {
              ...plan([request(0, 0, fate, isStream)], caps, ROLLOVERS[when] ?? []),
              disturbances: [{ kind: 'crash-at-await', gateway: 0, number } as const],
            };
            const { outcomes } = await runPlan(one, number);
            if (!outcomes.has('under way')) lives += 1;
          }
          // From some await on it is done before it would die.
          expect(lives).toBeGreaterThan(0);
          expect(MAX_AWAITS - lives).toBeGreaterThanOrEqual(LEAST_AWAITS);
        }
      },
    );
  });
});

/** Every way to put `left` steps of one and `right` of another into one order. */
function* orders(left: number, right: number): Generator<readonly (0 | 1)[]> {
  if (left === 0 && right === 0) yield [];
  if (left > 0) for (const rest of orders(left - 1, right)) yield [0, ...rest];
  if (right > 0) for (const rest of orders(left, right - 1)) yield [1, ...rest];
}

const STEP_MS = 500;
/** So that a first try on two caps takes less than the second after which no other follows it. */
const SHORT_STEP_MS = 50;

/** Requests of the table whose order is `order`, the number of `hurtAt` hurt in place of it. */
function inOrder(
  order: readonly (0 | 1)[],
  hurtAt?: { actor: string; number: number; hurt: Scripted },
  stepMs = STEP_MS,
): Script {
  const timesOf = (gateway: 0 | 1) =>
    order.flatMap((who, index) => (who === gateway ? [START_MS + index * stepMs] : []));
  const times = [timesOf(0), timesOf(1)];
  return (actor, number) => {
    if (actor === hurtAt?.actor && number === hurtAt.number) return hurtAt.hurt;
    const atMs = times[actor === 'gateway-0' ? 0 : 1]?.[number - 1];
    return atMs === undefined ? undefined : { kind: 'at', atMs };
  };
}

const twoRequests = (caps: readonly Cap[], rollovers: readonly PlannedRollover[]): Plan => ({
  ...plan([request(0, 0, 'answers', false), request(1, 1, 'answers', false)], caps, rollovers),
  functionTimeoutMs: 10 * FUNCTION_TIMEOUT_MS,
});

describe('two requests on one cap with room for one', () => {
  /** A reserve, a settle, a journal entry. */
  const STEPS = 3;

  it.each(Object.keys(ROLLOVERS))(
    'keep it in every order of their writes, each of them hurt in every way, rollover %s',
    async (when) => {
      let runs = 0;
      for (const order of orders(STEPS, STEPS)) {
        for (const actor of ['gateway-0', 'gateway-1']) {
          for (let number = 1; number <= STEPS; number += 1) {
            for (const hurt of HURTS) {
              const script = inOrder(order, { actor, number, hurt });
              const two = twoRequests([cap(0, ONE_FITS)], ROLLOVERS[when] ?? []);
              await runPlan(two, number, { script });
              runs += 1;
            }
          }
        }
      }
      expect(runs).toBe(20 * 2 * STEPS * HURTS.length);
    },
  );
});

describe('two requests on two caps with room for one', () => {
  /** Two reserves, two settles, a journal entry. */
  const STEPS = 5;

  it('keep both caps in every order of their first five writes, and one is let in', async () => {
    const caps = [cap(0, ONE_FITS), cap(1, ONE_FITS)];
    let runs = 0;
    for (const order of orders(STEPS, STEPS)) {
      const script = inOrder(order, undefined, SHORT_STEP_MS);
      const { outcomes } = await runPlan(twoRequests(caps, []), 1, { script });
      expect((outcomes.get('complete') ?? 0) + (outcomes.get('refused') ?? 0)).toBe(2);
      expect(outcomes.get('complete')).toBeGreaterThan(0);
      runs += 1;
    }
    expect(runs).toBe(252);
  });
});
