/**
 * A cap in words and as JSON, for people and programs.
 */
import type { Cap, Selectors } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { originJson } from './cap-parameter.ts';

const isoTime = (atMs: number): string => new Date(atMs).toISOString();
const shownTime = (atMs: number): string => isoTime(atMs).replace('.000Z', 'Z');

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
  ...originJson(cap),
});

/** `all`, or `keys alice,b*; models *haiku*`. */
export function selectorText(selectors: Selectors): string {
  const { tags, requestTags, ...lists } = selectors;
  const parts = Object.entries(lists).map(([name, globs]) => `${name} ${globs.join(',')}`);
  const all = [...parts, ...tagTexts('tag', tags), ...tagTexts('request tag', requestTags)];
  return all.join('; ') || 'all';
}

const tagTexts = (kind: string, tags: Selectors['tags']): string[] =>
  Object.entries(tags ?? {}).map(([name, globs]) => `${kind} ${name}=${globs.join(',')}`);

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

/** The cap's raise and whether it counts at `nowMs`; undefined where it has none. */
export function raiseText(cap: Cap, nowMs: number): string | undefined {
  // As the table says it, where a parameter's limit stands beside it.
  const { raised, limitNanoUsd } = cap.parameter?.table ?? cap;
  const most = cap.parameter?.table && cap.parameter.limitNanoUsd;
  if (raised === undefined) return undefined;
  const limit = `$${formatUsd(raised.limitNanoUsd)}`;
  const until = shownTime(raised.untilMs);
  if (nowMs >= raised.untilMs) return `its raise to ${limit} ended at ${until}`;
  if (raised.limitNanoUsd > limitNanoUsd) {
    const isHeld = most !== undefined && most < raised.limitNanoUsd;
    const held = isHeld ? `, but to no more than $${formatUsd(most)}, by its parameter` : '';
    return `raised to ${limit} until ${until}${held}`;
  }
  return `its raise to ${limit} until ${until} changes nothing, as it is not above the limit`;
}

/** All of a cap in one sentence. */
export function capText(cap: Cap, nowMs: number): string {
  const raise = raiseText(cap, nowMs);
  return [
    `cap ${cap.capId}: $${formatUsd(cap.limitNanoUsd)} ${windowText(cap)}`,
    ...(raise === undefined ? [] : [raise]),
    `covers ${selectorText(cap.selectors)}`,
    cap.splitBy === undefined ? 'one counter for all' : `a counter for each ${cap.splitBy}`,
    `${cap.action}${cap.enabled ? '' : ', disabled'}`,
  ].join('; ');
}
