/**
 * What happens in one simulated run, all of it drawn from the seed before it starts.
 */
import type { Cap } from '../../lambda/domain/cap.ts';
import { type NanoUsd, nanoUsd } from '../../lambda/domain/money.ts';
import type { WindowKind } from '../../lambda/domain/window.ts';
import type { Random } from './seeded-random.ts';
import { boundOf, MAX_TOKENS } from './simulated-requests.ts';
import { FATES, type PlannedAnswer, type UpstreamFate } from './simulated-upstream.ts';

export interface PlannedRequest {
  readonly name: string;
  readonly atMs: number;
  readonly gateway: number;
  readonly maxTokens: number;
  readonly answer: PlannedAnswer;
  /** Milliseconds that the client takes for a chunk; undefined: it leaves at the first. */
  readonly readMs: number | undefined;
}

export type Disturbance =
  | { readonly kind: 'crash'; readonly atMs: number; readonly gateway: number }
  | { readonly kind: 'crash-at-await'; readonly gateway: number; readonly number: number }
  | {
      readonly kind: 'freeze';
      readonly atMs: number;
      readonly gateway: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'clock';
      readonly atMs: number;
      readonly gateway: number;
      readonly byMs: number;
    };

export interface PlannedSettings {
  readonly atMs: number;
  readonly caps: readonly Cap[];
  readonly isKeyEnabled: boolean;
}

export interface PlannedRollover {
  readonly atMs: number;
  /** How far its clock is off. */
  readonly skewMs: number;
  readonly diesAtAwait: number | undefined;
}

export interface Plan {
  readonly startMs: number;
  readonly gateways: number;
  readonly settingsMaxAgeMs: number;
  readonly functionTimeoutMs: number;
  readonly reservationMarginMs: number;
  readonly tableFaultChance: number;
  readonly settingsFaultChance: number;
  /** The most reservations that a counter may hold at a time. */
  readonly maxInFlight: number;
  readonly requests: readonly PlannedRequest[];
  readonly disturbances: readonly Disturbance[];
  readonly settings: readonly PlannedSettings[];
  readonly rollovers: readonly PlannedRollover[];
  /** Whether the run goes on until every window is closed and past its retention. */
  readonly isPruned: boolean;
}

/** Two seconds before something that windows do. */
const MOMENTS: readonly number[] = [
  // An hour, a day, a year of week 53, a leap day.
  Date.UTC(2026, 10, 24, 12, 59, 58),
  Date.UTC(2026, 10, 24, 23, 59, 58),
  Date.UTC(2026, 11, 31, 23, 59, 58),
  Date.UTC(2028, 1, 29, 23, 59, 58),
  // Paris turns its clocks back, and on.
  Date.UTC(2026, 9, 25, 0, 59, 58),
  Date.UTC(2026, 2, 29, 0, 59, 58),
  // Lord Howe does by half an hour.
  Date.UTC(2026, 3, 4, 14, 59, 58),
  Date.UTC(2026, 9, 3, 15, 29, 58),
];

const HOUR_MS = 3_600_000;
const SPAN_MS = 20_000;
const ABOUT_ONE = nanoUsd(1_000_000n);
/** What each of the requests reserves: a limit of one, or of two, is full to the nano-dollar. */
const BOUNDS: readonly bigint[] = MAX_TOKENS.map(boundOf);

/** Draws a run; runs of one seed are equal. */
export function drawPlan(random: Random): Plan {
  const gateways = 1 + random.int(3);
  const isStormy = random.chance(0.5);
  return {
    startMs: random.pick(MOMENTS),
    gateways,
    settingsMaxAgeMs: random.pick([0, 1_000, 5_000]),
    functionTimeoutMs: random.pick([3_000, 20_000]),
    reservationMarginMs: random.pick([0, 5_000]),
    tableFaultChance: isStormy ? random.pick([0.05, 0.2, 0.5]) : random.pick([0, 0.02]),
    settingsFaultChance: random.pick([0, 0, 0.1]),
    maxInFlight: random.pick([2_000, 2_000, 2_000, 2]),
    requests: drawMany(2 + random.int(7), (index) => drawRequest(random, index, gateways)),
    disturbances: drawMany(random.int(4), () => drawDisturbance(random, gateways)),
    settings: drawSettings(random),
    rollovers: drawRollovers(random),
    isPruned: random.chance(0.1),
  };
}

const drawMany = <T>(count: number, draw: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => draw(index));

function drawRequest(random: Random, index: number, gateways: number): PlannedRequest {
  const maxTokens = random.pick(MAX_TOKENS);
  const fate: UpstreamFate = random.chance(0.5) ? 'answers' : random.pick(FATES);
  return {
    name: `request-${index}`,
    // Many at once, and some apart: both races and quiet successions.
    atMs: random.chance(0.5) ? random.int(50) : random.int(SPAN_MS),
    gateway: random.int(gateways),
    maxTokens,
    answer: {
      fate,
      tokens: { inputTokens: 1 + random.int(60), outputTokens: random.int(maxTokens + 1) },
      chunks: random.int(6),
      isStream: random.chance(0.5),
    },
    readMs: random.chance(0.1) ? undefined : random.pick([0, 0, 50, 2_000]),
  };
}

function drawDisturbance(random: Random, gateways: number): Disturbance {
  const gateway = random.int(gateways);
  const atMs = random.int(SPAN_MS);
  switch (random.int(4)) {
    case 0:
      return { kind: 'crash', atMs, gateway };
    case 1:
      return { kind: 'crash-at-await', gateway, number: 1 + random.int(60) };
    case 2:
      return { kind: 'freeze', atMs, gateway, durationMs: random.pick([500, 6_000, 120_000]) };
    default:
      return { kind: 'clock', atMs, gateway, byMs: random.pick([-HOUR_MS, HOUR_MS]) };
  }
}

/** At times two of them begin within the same few milliseconds. */
function drawRollovers(random: Random): PlannedRollover[] {
  const rollovers = drawMany(random.int(4), () => drawRollover(random));
  const [first] = rollovers;
  if (first === undefined || random.chance(0.5)) return rollovers;
  return [...rollovers, { ...drawRollover(random), atMs: first.atMs + random.int(20) }];
}

const drawRollover = (random: Random): PlannedRollover => ({
  atMs: random.int(3 * SPAN_MS),
  skewMs: random.pick([0, 0, 0, HOUR_MS]),
  diesAtAwait: random.chance(0.2) ? 1 + random.int(10) : undefined,
});

const KINDS: readonly WindowKind[] = ['hourly', 'daily', 'weekly', 'monthly', 'lifetime'];
const ZONES = ['UTC', 'Europe/Paris', 'Australia/Lord_Howe'];

function drawCap(random: Random, index: number): Cap {
  return {
    capId: `cap-${index}`,
    limitNanoUsd: drawLimit(random),
    window: { kind: random.pick(KINDS), timeZone: random.pick(ZONES), weekStart: 'monday' },
    selectors: {},
    ...(random.chance(0.3) ? { splitBy: random.pick(['key', 'model'] as const) } : {}),
    // The first enforces, as a request that only warning caps cover is refused.
    action: index > 0 && random.chance(0.2) ? 'warn' : random.pick(['block', 'block', 'clamp']),
    streaming: random.chance(0.3) ? 'progressive' : 'full',
    alertPercents: random.chance(0.5) ? [50, 80, 100] : [],
    enabled: true,
  };
}

/** Room for nothing, for one, for a few, for all; at times exactly for one or two. */
function drawLimit(random: Random): NanoUsd {
  if (random.chance(0.25)) {
    const second = random.chance(0.5) ? random.pick(BOUNDS) : 0n;
    return nanoUsd(random.pick(BOUNDS) + second);
  }
  return nanoUsd((ABOUT_ONE * BigInt(random.pick([0, 5, 10, 15, 30, 50, 100, 300]))) / 10n);
}

function drawSettings(random: Random): PlannedSettings[] {
  let caps = drawMany(1 + random.int(4), (index) => drawCap(random, index));
  let isKeyEnabled = true;
  let nextId = caps.length;
  const versions: PlannedSettings[] = [{ atMs: 0, caps, isKeyEnabled }];
  for (let change = random.int(3); change > 0; change -= 1) {
    const which = random.int(caps.length);
    switch (random.int(5)) {
      case 0:
        isKeyEnabled = !isKeyEnabled;
        break;
      case 1:
        // Ids are never used again: in the settings table an id is one item.
        caps = [...caps, drawCap(random, nextId)];
        nextId += 1;
        break;
      case 2:
        caps = caps.length > 1 ? caps.filter((_, index) => index !== which) : caps;
        break;
      default:
        caps = caps.map((cap, index) =>
          index === which ? { ...cap, limitNanoUsd: drawLimit(random) } : cap,
        );
    }
    versions.push({ atMs: random.int(SPAN_MS), caps, isKeyEnabled });
  }
  return versions.sort((a, b) => a.atMs - b.atMs);
}
