/**
 * Why a cap ends a running stream, in words and in numbers.
 */
import { formatUsd, type NanoUsd, subtractUsd } from '../domain/money.ts';
import type { CounterState, RefusalReason } from '../ports/ledger.ts';
import type { CutReason } from '../ports/stream.ts';
import type { Charge } from './admission.ts';

/** @param what happened, as words that follow the name of the cap */
export function capCut(
  { cap, counter, window }: Charge,
  what: string,
  books: {
    readonly reason: RefusalReason;
    readonly state: CounterState;
    readonly limitNanoUsd: NanoUsd;
  },
): CutReason {
  const { reason, state, limitNanoUsd } = books;
  const reservedNanoUsd = subtractUsd(state.committedNanoUsd, state.settledNanoUsd);
  return {
    kind: 'cap',
    counterPk: counter.pk,
    message:
      `cap "${cap.capId}" ${what} (${reason}): limit $${formatUsd(limitNanoUsd)} ` +
      `${cap.window.kind}, settled $${formatUsd(state.settledNanoUsd)}, ` +
      `reserved $${formatUsd(reservedNanoUsd)}`,
    cap: {
      reason,
      capId: cap.capId,
      limitNanoUsd,
      settledNanoUsd: state.settledNanoUsd,
      reservedNanoUsd,
      resetsAtMs: window.endsAtMs,
    },
  };
}
