/**
 * Extends a progressive stream's reservation ahead of what is seen, and has it cut where it cannot.
 *
 * Each frame is counted; the writes go beside the relay. Only a stream that has shown more than is
 * reserved waits for one.
 * Invariant: a counter is extended by settings of the allowed age. What nobody knows counts as
 *            refused, and the settlement always knows every amount that may stand.
 */
import { limitAt } from '../domain/cap.ts';
import { HardcapError } from '../domain/errors.ts';
import type { NanoUsd } from '../domain/money.ts';
import { costOfSeen, coverOf, TRANCHE_TOKENS } from '../domain/progressive.ts';
import type { CounterHold } from '../domain/reservation.ts';
import { visibleTokens } from '../domain/visible-output.ts';
import { type CounterState, type ExtendOutcome, extending } from '../ports/ledger.ts';
import type { SettingsView } from '../ports/settings.ts';
import type { CutReason } from '../ports/stream.ts';
import type { Charge } from './admission.ts';
import { capCut } from './cap-cut.ts';
import type { Reserved, SpendGuardOptions, SpendGuardPorts } from './guarded-request.ts';
import type { Held } from './reserve-all.ts';

/** What the relay tells of its stream, and asks of it. */
export interface StreamExtension {
  /** Output came by: the payload of a frame. */
  saw(payload: Uint8Array): void;
  /** Bytes came by that are no frames: all of them may be output. */
  sawBytes(count: number): void;
  /** What to wait for before more is read; undefined while what was seen is reserved. */
  cover(): Promise<void> | undefined;
  /** The bound on what was seen so far. */
  seenNanoUsd(): NanoUsd;
  /** No more is extended; resolves when no extension is under way. */
  stop(): Promise<void>;
}

export interface ExtensionContext {
  readonly reserved: Reserved;
  readonly keyId: string;
  readonly cut: (reason: CutReason) => void;
}

/** Undefined where the whole bound is reserved on every counter. */
export function createExtension(
  ports: SpendGuardPorts,
  options: SpendGuardOptions,
  context: ExtensionContext,
): StreamExtension | undefined {
  const { admission, held } = context.reserved;
  const { first } = admission;
  const progressive = held.filter(({ charge }) => charge.firstNanoUsd !== undefined);
  if (first === undefined || progressive.length === 0) return undefined;
  const { model, prepared } = admission;
  const trancheTokens = options.trancheTokens ?? TRANCHE_TOKENS;
  const holds = progressive.map((one): StandingHold => ({ ...one, hold: one.hold }));
  let seenTokens = 0;
  let coveredTokens = first.outputTokens;
  let isStopped = false;
  let underWay: Promise<void> | undefined;

  const stopBy = (reason: CutReason) => {
    isStopped = true;
    context.cut(reason);
  };
  const extendOnce = async (): Promise<void> => {
    const next = coverOf(model, prepared, seenTokens, trancheTokens);
    const view = await ports.settings.read(context.keyId, options.settingsMaxAgeMs);
    // A stream that ended meanwhile is being settled by the amounts that were known then.
    if (isStopped) return;
    const refusal = await extendAll(ports, context.reserved, holds, next.nanoUsd, view);
    if (refusal !== undefined) stopBy(refusal);
    else coveredTokens = next.outputTokens;
  };
  const start = (): Promise<void> => {
    underWay = extendOnce()
      .catch((error) => stopBy(unavailable(error)))
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
  // More bytes may be seen than there are tokens in the bound: once it is reserved, all is.
  const isWhole = () => coveredTokens >= prepared.outputTokens;
  const untilCovered = async (): Promise<void> => {
    while (!isStopped && !isWhole() && seenTokens > coveredTokens) await (underWay ?? start());
  };
  return {
    saw: (payload) => {
      seenTokens += visibleTokens(payload);
    },
    sawBytes: (count) => {
      seenTokens += count;
    },
    cover() {
      if (isStopped || isWhole()) return undefined;
      if (coveredTokens - seenTokens >= trancheTokens) return undefined;
      if (underWay === undefined) void start();
      return seenTokens > coveredTokens ? untilCovered() : undefined;
    },
    seenNanoUsd: () => costOfSeen(model, prepared, seenTokens),
    stop: async () => {
      isStopped = true;
      await underWay;
    },
  };
}

type StandingHold = Omit<Held, 'hold'> & { hold: CounterHold };

/** Extends on every counter; what to cut by where one of them cannot. */
async function extendAll(
  ports: SpendGuardPorts,
  { settlement }: Reserved,
  holds: readonly StandingHold[],
  toNanoUsd: NanoUsd,
  view: SettingsView,
): Promise<CutReason | undefined> {
  const reasons = await Promise.all(
    holds.map(async (one): Promise<CutReason | undefined> => {
      if (toNanoUsd <= one.hold.reservedNanoUsd) return undefined;
      const limitNanoUsd = limitNow(view, one.charge, ports.clock.nowMs());
      const request = { hold: one.hold, toNanoUsd, limitNanoUsd };
      const note = (hold: CounterHold) => {
        one.hold = hold;
        settlement.note(hold);
      };
      // A stream that ends in the meantime is settled by whichever amount it finds.
      note(extending(request));
      const outcome = await extendOn(ports, request);
      note(outcome.kind === 'refused' ? request.hold : outcome.hold);
      return reasonOf(outcome, one.charge, limitNanoUsd);
    }),
  );
  // A full cap is what a caller can do something about.
  return reasons.find((reason) => reason?.kind === 'cap') ?? reasons.find(Boolean);
}

type Request = Parameters<SpendGuardPorts['ledger']['extend']>[0];

async function extendOn({ ledger }: SpendGuardPorts, request: Request): Promise<ExtendOutcome> {
  try {
    return await ledger.extend(request);
  } catch (cause) {
    return { kind: 'unavailable', hold: extending(request), cause };
  }
}

function reasonOf(
  outcome: ExtendOutcome,
  charge: Charge,
  limitNanoUsd: NanoUsd,
): CutReason | undefined {
  switch (outcome.kind) {
    case 'extended':
      return undefined;
    case 'refused':
      return noRoom(charge, outcome.reason, outcome.state, limitNanoUsd);
    case 'ended':
      return { kind: 'unavailable', message: 'the reservation of this stream has expired' };
    case 'unavailable':
      return unavailable(outcome.cause);
  }
}

const noRoom = (
  charge: Charge,
  reason: 'spent' | 'reserved-in-flight',
  state: CounterState,
  limitNanoUsd: NanoUsd,
): CutReason =>
  capCut(charge, 'has no room for more of this stream', { reason, state, limitNanoUsd });

const unavailable = (cause: unknown): CutReason => ({
  kind: 'unavailable',
  message:
    cause instanceof HardcapError && cause.code === 'settings_unavailable'
      ? 'the settings could not be read, and this stream needs more than was reserved for it'
      : 'the ledger did not answer, and this stream needs more than was reserved for it',
});

/** The limit as it is now; a cap that was removed meanwhile holds for what runs as it was. */
function limitNow(view: SettingsView, charge: Charge, nowMs: number): NanoUsd {
  const cap = view.caps.find(({ capId }) => capId === charge.cap.capId);
  return cap === undefined ? charge.limitNanoUsd : limitAt(cap, nowMs);
}
