/**
 * Which of several counters' refusals is told, and which of them end a request.
 */
import { HardcapError } from '../domain/errors.ts';
import type { RefusalReason } from '../ports/ledger.ts';

/** The refusal that is told when several counters refuse: the one that waiting helps least. */
const BY_FINALITY: readonly RefusalReason[] = [
  'larger-than-limit',
  'spent',
  'tag-counter-limit',
  'in-flight-limit',
  'reserved-in-flight',
];

/**
 * Nothing that others do makes room: what is told stays one of these, whatever other counters say.
 */
export const LASTING: ReadonlySet<RefusalReason> = new Set(['larger-than-limit', 'spent']);

/** The most final of them; of equal ones, the first. */
export function mostFinal<T extends { readonly reason: RefusalReason }>(refusals: readonly T[]): T {
  const [first, ...rest] = refusals;
  if (first === undefined) throw new HardcapError('invariant_broken', 'a refusal without a cap');
  return rest.reduce(
    (chosen, next) =>
      BY_FINALITY.indexOf(next.reason) < BY_FINALITY.indexOf(chosen.reason) ? next : chosen,
    first,
  );
}
