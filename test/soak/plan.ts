/**
 * What the soak runs with: its caps, its keys, its times, and the prices that it checks against.
 *
 * Each phase has a key of its own, and so fresh counters: caps are met again and again, not once.
 */
import { formatKey, hashKey } from '../../lambda/domain/caller-key.ts';
import type { NanoUsd } from '../../lambda/domain/money.ts';
import type { BilledTokens } from '../../local/simulated-book.ts';
import { usd } from '../helpers/builders.ts';
import { HAIKU, NOVA } from '../helpers/running-gateway.ts';

export { HAIKU, NOVA };
export type SoakModel = typeof HAIKU | typeof NOVA;

export const GATEWAYS = 4;
export const CLIENTS = 64;
export const PHASE_MS = 20_000;
export const FUNCTION_TIMEOUT_MS = 5_000;
export const RESERVATION_MARGIN_MS = 500;
export const ROLLOVER_INTERVAL_MS = 5_000;
/** A reservation is stale this long after its holder has died; the rollover then charges it. */
export const STALE_MS = FUNCTION_TIMEOUT_MS + RESERVATION_MARGIN_MS;
/** All stale reservations are charged by then, however slow and busy the machine is. */
export const QUIET_WITHIN_MS = 180_000;
/** Kills follow one another in this many milliseconds, at least and at most. */
export const KILL_EVERY_MS = { least: 3_000, most: 8_000 } as const;
export const MAX_TOKENS = 300;

const PHASES_PER_TEAM = 4;

/** A cap of the soak: its limit, and which model's spend counts on it. */
export interface SoakCap {
  readonly capId: string;
  readonly limitUsd: string;
  readonly window: 'hourly' | 'daily' | 'lifetime';
  readonly splitBy: 'key' | 'team';
  readonly model?: SoakModel;
}

/** The team's cap binds in its last phase: it has room for three and a half of four. */
export const CAPS: readonly SoakCap[] = [
  { capId: 'each-key', limitUsd: '0.42', window: 'lifetime', splitBy: 'key' },
  { capId: 'haiku', limitUsd: '0.39', window: 'daily', splitBy: 'key', model: HAIKU },
  { capId: 'nova', limitUsd: '0.005', window: 'lifetime', splitBy: 'key', model: NOVA },
  { capId: 'team', limitUsd: '1.47', window: 'hourly', splitBy: 'team' },
];

export interface SoakKey {
  readonly keyId: string;
  readonly team: string;
  readonly text: string;
}

const SECRET_CHARACTERS = 43;

/** The key of a phase, from 0; secrets are no secret here. */
export function keyOf(phase: number | 'probe'): SoakKey {
  const keyId = phase === 'probe' ? 'probe' : `phase-${phase}`;
  const team = phase === 'probe' ? 'probe' : `team-${Math.floor(phase / PHASES_PER_TEAM)}`;
  return { keyId, team, text: formatKey(keyId, keyId.padEnd(SECRET_CHARACTERS, 'x')) };
}

/** The seed file's content: every key that the run will use, and the caps. */
export function seedOf(phases: number): string {
  const keys = [keyOf('probe'), ...Array.from({ length: phases }, (_, phase) => keyOf(phase))];
  return JSON.stringify({
    keys: keys.map(({ keyId, team, text }) => ({ id: keyId, team, secretSha256: hashKey(text) })),
    caps: CAPS.map(({ capId, model, ...rest }) => ({
      id: capId,
      ...rest,
      ...(model === undefined ? {} : { models: [model] }),
    })),
  });
}

/** Nano-dollars a token, from Bedrock's price list and not from the catalogue under test. */
const RATES: Readonly<Record<SoakModel, { readonly input: bigint; readonly output: bigint }>> = {
  [HAIKU]: { input: 1_100n, output: 5_500n },
  [NOVA]: { input: 35n, output: 140n },
};

/** What Bedrock bills for these tokens; the soak's prompts use no cache. */
export const billOf = (model: SoakModel, tokens: BilledTokens): bigint =>
  BigInt(tokens.inputTokens) * RATES[model].input +
  BigInt(tokens.outputTokens) * RATES[model].output;

export const limitOf = (cap: SoakCap): NanoUsd => usd(cap.limitUsd);
