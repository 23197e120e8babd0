/**
 * Marks of what was told: on a counter which alerts, and which closing of its window.
 *
 * Owns: their form, `told 2026-03-02T12:00:00.000Z k3j9`, and the beginnings of their names.
 */
import type { TellingMark } from '../../ports/ledger.ts';
import type { CounterItem } from './counter-item.ts';

const MARK_NAME = /^(alert|closed):/;
const MARK_FORM = /^(telling|told) (\S+) (\S+)$/;

/** The mark as it stands on the counter. */
export const markText = ({ state, atMs, by }: TellingMark): string =>
  `${state} ${new Date(atMs).toISOString()} ${by}`;

/** Every mark of a counter; one that cannot be read is as one that was told. */
export function marksOf(item: CounterItem): ReadonlyMap<string, TellingMark> {
  const marks = new Map<string, TellingMark>();
  for (const [name, value] of Object.entries(item)) {
    if (!MARK_NAME.test(name)) continue;
    marks.set(name, parseMark(value));
  }
  return marks;
}

/** The mark of this text; one that cannot be read is as one that was told. */
export function parseMark(value: unknown): TellingMark {
  const [, state, at = '', by = ''] = MARK_FORM.exec(String(value)) ?? [];
  const atMs = Date.parse(at);
  const isReadable = !Number.isNaN(atMs);
  return {
    state: state === 'telling' && isReadable ? 'telling' : 'told',
    atMs: isReadable ? atMs : 0,
    by,
  };
}
