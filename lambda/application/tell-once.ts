/**
 * Tells something of a counter once, however many runs there are and wherever one of them dies.
 *
 *   (no mark) --claim--> telling --(the event)--> told
 *                           |
 *                  5 minutes later, by another run
 *
 * Each arrow is a write on the condition that the mark is the one that was seen, so only one run
 * tells. Crash: between the event and `told` it is told again; nothing is ever left untold.
 */
import type { OpenCounter, TellingMark } from '../ports/ledger.ts';
import type { RolloverPorts } from './rollover-work.ts';

/** Longer than a run may take: a claim that is older was left by a run that died. */
const CLAIM_LASTS_MS = 300_000;
const NAME_CHARACTERS = 8;

/** Whether it was told, now or before; false where another run is at it. */
export async function isToldOnce(
  { maintenance, clock }: RolloverPorts,
  open: OpenCounter,
  markName: string,
  tell: () => void | Promise<void>,
): Promise<boolean> {
  const seen = open.marks.get(markName);
  if (seen?.state === 'told') return true;
  // A claim from the future is one of a clock that was wrong: it must not last for ever.
  if (seen !== undefined && Math.abs(clock.nowMs() - seen.atMs) < CLAIM_LASTS_MS) return false;
  const by = clock.randomCharacters(NAME_CHARACTERS);
  const claim: TellingMark = { state: 'telling', atMs: clock.nowMs(), by };
  if (!(await maintenance.mark(open.counter, markName, seen, claim))) return false;
  await tell();
  const told: TellingMark = { state: 'told', atMs: clock.nowMs(), by };
  return maintenance.mark(open.counter, markName, claim, told);
}
