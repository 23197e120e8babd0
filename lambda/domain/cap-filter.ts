/**
 * Which caps a person wants to see: by any name, by a key, or by a team.
 *
 * A name matches where it contains the text, or, where the text has `*` or `?`, where the text as
 * a glob matches all of it. Letters match whatever their case.
 */
import { type Cap, globMatches } from './cap.ts';

/** The most characters of a filter; the rest is cut off. */
export const MAX_FILTER_CHARACTERS = 200;

/** What a person looks for. */
export interface CapFilter {
  /** `name`: any name of the cap's; else the names of keys, or of teams, alone. */
  readonly kind: 'name' | 'key' | 'team';
  /** In lower case; empty matches all. */
  readonly text: string;
}

const KINDS = /^(key|team):(.*)$/su;

/** The filter of what was typed: `ali`, `prod-*`, `key:alice` or `team:red`. */
export function capFilter(typed: string): CapFilter {
  const text = typed.slice(0, MAX_FILTER_CHARACTERS).trim().toLowerCase();
  const [, kind, name = ''] = KINDS.exec(text) ?? [];
  return kind === 'key' || kind === 'team' ? { kind, text: name.trim() } : { kind: 'name', text };
}

const GLOB = /[*?]/;

/** Whether this name is one that is looked for. */
export function matchesName({ text }: CapFilter, name: string): boolean {
  const lower = name.toLowerCase();
  return GLOB.test(text) ? globMatches(text, lower) : lower.includes(text);
}

/** A selector is itself a glob: `al*` is found by `al`, and by `alice`, which it selects. */
const matchesSelector = (filter: CapFilter, selector: string): boolean =>
  matchesName(filter, selector) || globMatches(selector.toLowerCase(), filter.text);

/**
 * Whether a cap, or one value of its split, is to be shown. A cap that names no key (or team), and
 * so covers all of them, is not found by `key:` (or `team:`), unless it is split by it.
 */
export function matchesCap(filter: CapFilter, cap: Cap, splitValue?: string): boolean {
  if (filter.text === '') return true;
  const { keys = [], teams = [] } = cap.selectors;
  const selects = (selectors: readonly string[]): boolean =>
    selectors.some((selector) => matchesSelector(filter, selector));
  const isValue = splitValue !== undefined && matchesName(filter, splitValue);
  if (filter.kind === 'name') {
    return matchesName(filter, cap.capId) || isValue || selects([...keys, ...teams]);
  }
  // The value says exactly whose counter it is; the selectors only say whose it could be.
  if (cap.splitBy === filter.kind && splitValue !== undefined) return isValue;
  return selects(filter.kind === 'key' ? keys : teams);
}
