/**
 * A request's admission without the request: decided and fitted as the spend guard does it, on a
 * ledger that only reads, and never sent.
 *
 * Invariant: nothing is sent and no books are kept; whoever composes it gives such a ledger.
 * Not here:  what others hold by the time of a real request, and what CountTokens would say.
 */
import { ZERO_USD } from '../domain/money.ts';
import type { CounterState } from '../ports/ledger.ts';
import type { SettingsView } from '../ports/settings.ts';
import type { Admission, Charge } from './admission.ts';
import { reserveFitting } from './fit-request.ts';
import type {
  GuardedAnswer,
  GuardedRequest,
  SpendGuardOptions,
  SpendGuardPorts,
} from './guarded-request.ts';
import { createRefusedLately } from './refused-lately.ts';
import { mostReserved } from './reserve-all.ts';
import { estimateBy, type ReserveResult } from './reserve-request.ts';
import type { SpendGuard } from './spend-guard.ts';
import { createTokenCounting } from './token-counting.ts';

/** What was found on the way; a part is absent where the request did not come so far. */
export interface Rehearsed {
  /** The settings that it was decided by. */
  readonly view?: SettingsView;
  /** As asked for, whatever the bound on one request; absent where it was refused before. */
  readonly asked?: Admission;
  /** The books of each charge, in the order of `asked`. */
  readonly books?: readonly CounterState[];
  /** Absent where anything but a full cap refused it. */
  readonly result?: ReserveResult;
  /** Whether CountTokens would have been asked. */
  readonly wouldCount: boolean;
}

export interface Rehearsal {
  /** Answers what the gateway would refuse by; an admitted request gets an empty answer. */
  readonly guard: SpendGuard;
  /** Of the last request. */
  rehearsed(): Rehearsed;
}

const NOTHING: CounterState = {
  settledNanoUsd: ZERO_USD,
  committedNanoUsd: ZERO_USD,
  inFlight: 0,
};

/** @param given a ledger that writes nothing; its upstream and token counter are never asked */
export function createRehearsal(given: SpendGuardPorts, options: SpendGuardOptions): Rehearsal {
  let found: Rehearsed = { wouldCount: false };
  const ports: SpendGuardPorts = {
    ...given,
    tokenCounter: {
      count: async () => {
        found = { ...found, wouldCount: true };
        return { kind: 'rejected', why: 'it is not asked here' };
      },
    },
  };
  const reserveGuard = {
    ports,
    options,
    counting: createTokenCounting(ports),
    refusedLately: createRefusedLately(ports.clock),
  };

  const handle = async (request: GuardedRequest): Promise<GuardedAnswer> => {
    found = { wouldCount: false };
    const view = await ports.settings.read(request.keyId, options.settingsMaxAgeMs);
    found = { ...found, view };
    // Throws what the real admission would, but for the bound on one request.
    const asked = estimateBy(reserveGuard, request, view);
    const books = await booksOf(ports, asked.charges);
    found = { ...found, asked, books };
    const result = await reserveFitting(reserveGuard, request, view);
    found = { ...found, result };
    return answerOf(result);
  };
  return {
    guard: {
      handle,
      handleFree: handle,
      listModels: async () => [],
    },
    rehearsed: () => found,
  };
}

const booksOf = ({ ledger }: SpendGuardPorts, charges: readonly Charge[]) =>
  Promise.all(charges.map(async ({ counter }) => (await ledger.read(counter)) ?? NOTHING));

function answerOf(result: ReserveResult): GuardedAnswer {
  const nothingToDo = Promise.resolve();
  if (result.kind === 'refused') {
    const { refusal, timings } = result;
    return { kind: 'refused', refusal, timings, done: nothingToDo };
  }
  const { held, timings, admission } = result.reserved;
  return {
    kind: 'complete',
    head: {
      status: 200,
      headers: {},
      reservedNanoUsd: mostReserved(held) ?? admission.prepared.boundNanoUsd,
      cap: undefined,
      timings,
    },
    body: new Uint8Array(),
    costNanoUsd: ZERO_USD,
    settled: nothingToDo,
    done: nothingToDo,
  };
}
