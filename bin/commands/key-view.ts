/**
 * A key for people and as JSON: everything but its secret, which nobody can show.
 */
import {
  isMalformed,
  parseKey,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import type { CallerKey } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';

export type KeyState = 'enabled' | 'disabled' | 'expired' | 'malformed';

/** A key's attributes by their own names; money is decimal dollars, times are ISO. */
export interface KeyJson {
  readonly id: string;
  readonly state: KeyState;
  readonly team?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly models?: readonly string[];
  readonly maxRequestUsd?: string;
  readonly defaultMaxTokens?: number;
  readonly expiresAt?: string;
  /** Until when the secret before the last rotation works; absent where none does. */
  readonly oldSecretUntil?: string;
  readonly note?: string;
  /** Attribute and fault of an item that cannot be read. */
  readonly problem?: string;
}

const isoTime = (atMs: number): string => new Date(atMs).toISOString();

/** `2026-11-25T02:10Z`; a second is cut off, so that no key is said to live longer than it does. */
export const shownTime = (iso: string): string => iso.replace(/:\d\d(\.\d{3})?Z$/, 'Z');

/** Whether it can be used at `nowMs`. */
export function stateOf(key: CallerKey, nowMs: number): KeyState {
  if (!key.enabled) return 'disabled';
  return key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs ? 'expired' : 'enabled';
}

/** When the secret before the last rotation stops working; undefined where it has, or none is. */
export const oldSecretUntil = ({ previous }: CallerKey, nowMs: number): string | undefined =>
  previous !== undefined && nowMs < previous.untilMs ? isoTime(previous.untilMs) : undefined;

export function keyJson(item: SettingItem, nowMs: number): KeyJson {
  const key = parseKey(item);
  const note = typeof item.note === 'string' ? { note: item.note } : {};
  if (isMalformed(key)) {
    return { id: key.keyId, state: 'malformed', ...note, problem: `${key.field} ${key.problem}` };
  }
  const { team, tags, models, maxRequestNanoUsd, defaultMaxTokens, expiresAtMs } = key;
  const until = oldSecretUntil(key, nowMs);
  return {
    id: key.keyId,
    state: stateOf(key, nowMs),
    ...(team !== undefined && { team }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(models !== undefined && { models }),
    ...(maxRequestNanoUsd !== undefined && { maxRequestUsd: formatUsd(maxRequestNanoUsd) }),
    ...(defaultMaxTokens !== undefined && { defaultMaxTokens }),
    ...(expiresAtMs !== undefined && { expiresAt: isoTime(expiresAtMs) }),
    ...(until !== undefined && { oldSecretUntil: until }),
    ...note,
  };
}

export const tagsText = (tags: Readonly<Record<string, string>>): string =>
  Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
