/**
 * The functions' settings, read from the environment and validated before anything is served.
 */
import { DEFAULTS, ENV } from '../contract.ts';

export interface GatewayEnvironment {
  readonly settingsTable: string;
  readonly ledgerTable: string;
  readonly regions: readonly string[];
  readonly overCapStatus: number;
  readonly settingsMaxAgeMs: number;
  readonly reservationMarginMs: number;
  readonly allowUncovered: boolean;
  readonly allowFields: ReadonlySet<string>;
  readonly maxInFlight: number;
  readonly maxTagCounters: number;
  /** Whether requests to Bedrock carry the reservation's id in their metadata. */
  readonly notesReservation: boolean;
  readonly whenClientLeaves: 'drain' | 'settle';
  readonly journalDays: number;
  /** What the edge proves itself by, the current one first; none: nothing is asked for. */
  readonly originSecrets: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error that names the variable, its value and what it may be */
export function readEnvironment(env: Environment): GatewayEnvironment {
  const number = (name: string, fallback: number, least: number, most: number) =>
    wholeNumber(env, name, fallback, least, most);
  return {
    settingsTable: required(env, ENV.settingsTable),
    ledgerTable: required(env, ENV.ledgerTable),
    regions: regionsOf(env),
    overCapStatus: Number(
      oneOf(env, ENV.overCapStatus, ['429', '402'], String(DEFAULTS.overCapStatus)),
    ),
    settingsMaxAgeMs: number(ENV.settingsMaxAgeMs, DEFAULTS.settingsMaxAgeMs, 0, 60_000),
    reservationMarginMs: number(
      ENV.reservationMarginMs,
      DEFAULTS.reservationMarginMs,
      0,
      3_600_000,
    ),
    allowUncovered: oneOf(env, ENV.uncovered, ['refuse', 'allow'], 'refuse') === 'allow',
    allowFields: new Set(list(env[ENV.allowFields])),
    maxInFlight: number(ENV.maxInFlight, DEFAULTS.maxInFlight, 1, 10_000),
    maxTagCounters: number(ENV.maxTagCounters, DEFAULTS.maxTagCounters, 0, 5_000),
    notesReservation:
      oneOf(env, ENV.upstreamMetadata, ['reservation', 'none'], DEFAULTS.upstreamMetadata) ===
      'reservation',
    whenClientLeaves:
      oneOf(env, ENV.whenClientLeaves, ['drain', 'settle'], DEFAULTS.whenClientLeaves) === 'settle'
        ? 'settle'
        : 'drain',
    journalDays: number(ENV.journalDays, DEFAULTS.journalDays, 1, 3_650),
    originSecrets: originSecretsOf(env),
  };
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function required(env: Environment, name: string): string {
  const value = env[name]?.trim();
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

const REGION = /^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$/;
const WHOLE_NUMBER = /^\d{1,15}$/;

function regionsOf(env: Environment): readonly string[] {
  const named = list(env[ENV.regions]);
  const own = list(env.AWS_REGION);
  const regions = [named, own, DEFAULTS.regions].find(({ length }) => length > 0) ?? [];
  for (const region of regions) {
    if (REGION.test(region)) continue;
    throw new Error(`${ENV.regions}: "${region}" is no region; give them as us-east-1,eu-west-1`);
  }
  return regions;
}

const ORIGIN_SECRET = /^[\x21-\x2b\x2d-\x7e]{32,256}$/;
/** The current one and the one before: enough for a change without an outage. */
const MAX_ORIGIN_SECRETS = 2;

/** The message tells the place of a bad one and never the text: it may be most of a secret. */
function originSecretsOf(env: Environment): readonly string[] {
  const text = env[ENV.originSecret]?.trim() ?? '';
  if (text === '') return [];
  // Not by list(), which would make no secret, and so no check, of a lone comma.
  const secrets = text.split(',').map((part) => part.trim());
  if (secrets.length > MAX_ORIGIN_SECRETS) {
    throw new Error(`${ENV.originSecret}: ${secrets.length} secrets; at most two are taken`);
  }
  for (const [index, secret] of secrets.entries()) {
    if (ORIGIN_SECRET.test(secret)) continue;
    throw new Error(
      `${ENV.originSecret}: secret ${index + 1} must be 32 to 256 visible ASCII characters, ` +
        'without blank or comma',
    );
  }
  return secrets;
}

function oneOf(env: Environment, name: string, allowed: readonly string[], fallback: string) {
  const value = env[name]?.trim() || fallback;
  if (allowed.includes(value)) return value;
  throw new Error(`${name}: "${value}" is not one of ${allowed.join(', ')}`);
}

function wholeNumber(
  env: Environment,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const text = env[name]?.trim();
  if (text === undefined || text === '') return fallback;
  // Number() alone would take '0x10' and '1e3', which nobody who reads the setting expects.
  const value = Number(text);
  if (WHOLE_NUMBER.test(text) && value >= least && value <= most) return value;
  throw new Error(`${name}: "${text}" is not a whole number from ${least} to ${most}`);
}
