/**
 * What the name of a counter says, as journal entries write it: the cap, its split value, the window.
 */

/** A counter's name, taken apart. */
export interface NamedCounter {
  readonly capId: string;
  /** Encoded as in the counter's key; undefined for a cap without a split. */
  readonly splitValue: string | undefined;
  readonly windowId: string;
}

/** Greedy, so that it is the last one: a split value may hold what looks like a window. */
const NAME =
  /^COUNTER#([^#]+?)(?:#(.*))?\/((?:hourly|daily|weekly|monthly):\d{4}-\d\d-\d\dT\d\d[+-]\d\d:\d\d@[^@]+|lifetime)$/s;

/** The parts of `COUNTER#<capId>[#<split value>]/<window id>`; undefined for any other text. */
export function parseCounterName(name: string): NamedCounter | undefined {
  const [, capId, splitValue, windowId] = NAME.exec(name) ?? [];
  return capId === undefined || windowId === undefined
    ? undefined
    : { capId, splitValue, windowId };
}
