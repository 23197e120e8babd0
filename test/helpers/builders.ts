/**
 * Values for tests: each is whole and ordinary, and a test names only what it is about.
 */
import type { Cap, Subject } from '../../lambda/domain/cap.ts';
import { type NanoUsd, parseUsd } from '../../lambda/domain/money.ts';
import type { Price, TokenUsage } from '../../lambda/domain/price.ts';
import type { WindowKind, WindowRule } from '../../lambda/domain/window.ts';

/** Dollars as text, such as `usd('12.50')`. */
export function usd(text: string): NanoUsd {
  const amount = parseUsd(text);
  if (amount === undefined) throw new RangeError(`a test's dollars cannot be read: ${text}`);
  return amount;
}

/** A rule in UTC, with weeks from monday. */
export const windowRule = (kind: WindowKind, rest: Partial<WindowRule> = {}): WindowRule => ({
  kind,
  timeZone: 'UTC',
  weekStart: 'monday',
  ...rest,
});

/** A block cap of $10 a day that selects every request. */
export const cap = (rest: Partial<Cap> = {}): Cap => ({
  capId: 'team-budget',
  limitNanoUsd: usd('10'),
  window: windowRule('daily'),
  selectors: {},
  action: 'block',
  streaming: 'full',
  alertPercents: [],
  enabled: true,
  ...rest,
});

/** A request of the key `ci` for a Claude model. */
export const subject = (rest: Partial<Subject> = {}): Subject => ({
  keyId: 'ci',
  tags: {},
  requestTags: {},
  vendor: 'anthropic',
  modelId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
  baseModelId: 'anthropic.claude-haiku-4-5-20251001-v1:0',
  profileId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
  ...rest,
});

/** $1 input and $5 output per million tokens; no price for cached tokens. */
export const price = (rest: Partial<Price> = {}): Price => ({
  modelId: 'anthropic.claude-haiku-4-5-20251001-v1:0',
  version: 'test',
  tokens: { inputNanoUsdPerMillion: usd('1'), outputNanoUsdPerMillion: usd('5') },
  ...rest,
});

/** No tokens but those that are named. */
export const usage = (rest: Partial<TokenUsage> = {}): TokenUsage => ({
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  ...rest,
});
