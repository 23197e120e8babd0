/**
 * Tells something once, however many runs there are and wherever one of them dies.
 *
 *   (no mark) --claim--> telling --(the event)--> told
 *                           |
 *                  not delivered: at once; a run that died: 5 minutes later; by another run
 *
 * Each arrow is a write on the condition that the mark is the one that was seen, so only one run
 * tells. Crash: between the event and `told` it is told again; nothing is ever left untold.
 */
import { METRIC } from '../contract.ts';
import type { Clock } from '../ports/clock.ts';
import type { OpenCounter, TellingMark } from '../ports/ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { RolloverPorts, RolloverRun } from './rollover-work.ts';

/** Longer than a run may take: a claim that is older was left by a run that died. */
const CLAIM_LASTS_MS = 300_000;
const NAME_CHARACTERS = 8;
/** A claim so old is nobody's: by it a run gives back what it could not tell. */
const GIVEN_BACK_AT_MS = 0;

/** Where the mark of it is, and how it stood when it was read. */
export interface MarkPlace {
  readonly seen: TellingMark | undefined;
  /** Sets the mark in place of `before`; false where another stands there by now. */
  set(before: TellingMark | undefined, next: TellingMark): Promise<boolean>;
}

/** The place of a counter's mark. */
export const markOnCounter = (
  { maintenance }: RolloverPorts,
  open: OpenCounter,
  name: string,
): MarkPlace => ({
  seen: open.marks.get(name),
  set: (before, next) => maintenance.mark(open.counter, name, before, next),
});

/**
 * Whether it was told, now or before; false where another run is at it, or where the event was not
 * delivered: that is reported, and left to the next run.
 *
 * @param what names it in the log
 */
export async function isToldOnce(
  { ports, report }: TellingRun,
  place: MarkPlace,
  what: string,
  tell: () => Promise<void>,
): Promise<boolean> {
  const { clock, telemetry } = ports;
  const { seen } = place;
  if (seen?.state === 'told') return true;
  // A claim from the future is one of a clock that was wrong: it must not last for ever.
  if (seen !== undefined && Math.abs(clock.nowMs() - seen.atMs) < CLAIM_LASTS_MS) return false;
  const by = clock.randomCharacters(NAME_CHARACTERS);
  const claim: TellingMark = { state: 'telling', atMs: clock.nowMs(), by };
  if (!(await place.set(seen, claim))) return false;
  try {
    await tell();
  } catch (error) {
    report.eventsFailed += 1;
    telemetry.count(METRIC.eventFailures);
    telemetry.error('an event was not delivered, and is told again', {
      what,
      error: String(error),
    });
    await place.set(claim, { state: 'telling', atMs: GIVEN_BACK_AT_MS, by });
    return false;
  }
  return place.set(claim, { state: 'told', atMs: clock.nowMs(), by });
}

interface TellingRun {
  readonly ports: { readonly clock: Clock; readonly telemetry: Telemetry };
  readonly report: Pick<RolloverRun['report'], 'eventsFailed'>;
}
