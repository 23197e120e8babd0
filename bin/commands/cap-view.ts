/**
 * A cap in words and as JSON, for people and programs.
 */
import type { Cap, Selectors } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';

const isoTime = (atMs: number): string => new Date(atMs).toISOString();

/** The cap with the attributes' own names; money is decimal dollars, times are ISO. */
export const capJson = (cap: Cap): Record<string, unknown> => ({
  id: cap.capId,
  limitUsd: formatUsd(cap.limitNanoUsd),
  window: cap.window.kind,
  timeZone: cap.window.timeZone,
  ...(cap.window.kind === 'weekly' ? { weekStart: cap.window.weekStart } : {}),
  ...cap.selectors,
  ...(cap.splitBy === undefined ? {} : { splitBy: cap.splitBy }),
  action: cap.action,
  streaming: cap.streaming,
  ...(cap.raised === undefined
    ? {}
    : {
        raisedLimitUsd: formatUsd(cap.raised.limitNanoUsd),
        raisedUntil: isoTime(cap.raised.untilMs),
      }),
  alertPercents: cap.alertPercents,
  ...(cap.defaultMaxTokens === undefined ? {} : { defaultMaxTokens: cap.defaultMaxTokens }),
  enabled: cap.enabled,
  ...(cap.expiresAtMs === undefined ? {} : { expiresAt: isoTime(cap.expiresAtMs) }),
  ...(cap.note === undefined ? {} : { note: cap.note }),
});

/** `all`, or `keys alice,b*; models *haiku*`. */
export function selectorText(selectors: Selectors): string {
  const { tags = {}, ...lists } = selectors;
  const parts = Object.entries(lists).map(([name, globs]) => `${name} ${globs.join(',')}`);
  const tagParts = Object.entries(tags).map(([name, globs]) => `tag ${name}=${globs.join(',')}`);
  return [...parts, ...tagParts].join('; ') || 'all';
}

/** `daily`, or `weekly from sunday, Europe/Paris`. */
export function windowText({ window }: Cap): string {
  const from = window.kind === 'weekly' ? ` from ${window.weekStart}` : '';
  const zone = window.kind === 'lifetime' ? '' : `, ${window.timeZone}`;
  return `${window.kind}${from}${zone}`;
}

/** `enabled`, `disabled` or `expired` at `nowMs`. */
export function stateText(cap: Cap, nowMs: number): 'enabled' | 'disabled' | 'expired' {
  if (!cap.enabled) return 'disabled';
  return cap.expiresAtMs !== undefined && nowMs >= cap.expiresAtMs ? 'expired' : 'enabled';
}
