/**
 * The end of a reservation on every counter that it stands on, and the journal's line about it.
 *
 * Invariant: `finish` takes effect once, whoever calls it and how often; it never throws.
 * Crash:     a counter that does not answer keeps its reservation; it expires, charged in full,
 *            and one log line says enough to settle it by hand.
 */
import { METRIC } from '../contract.ts';
import { formatUsd, maxUsd, type NanoUsd, ZERO_USD } from '../domain/money.ts';
import type { TokenUsage } from '../domain/price.ts';
import type { RequestTags } from '../domain/request-tags.ts';
import { type CounterHold, mostHeld } from '../domain/reservation.ts';
import type { Clock } from '../ports/clock.ts';
import type { EndOutcome, JournalEntry, Ledger } from '../ports/ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Admission } from './admission.ts';
import { clampNote } from './answer-head.ts';
import { askedNote } from './asked-note.ts';
import { reportLeftHold } from './left-hold.ts';
import { type Held, mostReserved } from './reserve-all.ts';

/** How a request ended, in money. */
export interface Ending {
  readonly outcome: JournalEntry['outcome'];
  readonly costNanoUsd: NanoUsd;
  readonly status: number;
  readonly usage?: TokenUsage;
  readonly reason?: string;
  /** Nobody knows the cost, and `costNanoUsd` is the whole bound. */
  readonly isInFull?: boolean;
  /** The bound on what a stream had shown, where its counters reserve as it goes. */
  readonly seenNanoUsd?: NanoUsd;
  /** A counter to keep closed for a moment, as clients resend a cut request at once. */
  readonly cut?: { readonly counterPk: string; readonly untilMs: number };
}

export interface SettlementContext {
  readonly requestId: string;
  readonly operation: string;
  /** The model as the client named it. */
  readonly askedModel?: string;
  readonly requestTags?: RequestTags;
  readonly admission: Admission;
  readonly held: readonly Held[];
  readonly startedAtMs: number;
}

export interface SettlementPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** One request's reservation, open until `finish` is called for the first time. */
export interface Settlement {
  /** A hold has become another, or may have, since it was reserved. */
  note(hold: CounterHold): void;
  /** Resolves when every counter has answered or given up; the journal follows behind. */
  finish(ending: Ending): Promise<void>;
  /** Resolves when the books and the journal are done; never before `finish` was called. */
  readonly done: Promise<void>;
}

export function openSettlement(ports: SettlementPorts, context: SettlementContext): Settlement {
  const { promise: done, resolve: setDone } = Promise.withResolvers<void>();
  let finished: Promise<void> | undefined;
  let { held } = context;
  return {
    done,
    note(hold) {
      const isOf = ({ charge }: Held) =>
        charge.counter.pk === hold.counter.pk && charge.counter.sk === hold.counter.sk;
      held = held.map((one) => (isOf(one) ? { ...one, hold } : one));
    },
    finish(ending) {
      finished ??= endAll(ports, { ...context, held }, ending, setDone);
      return finished;
    },
  };
}

async function endAll(
  ports: SettlementPorts,
  context: SettlementContext,
  ending: Ending,
  setDone: () => void,
): Promise<void> {
  const { clock, telemetry } = ports;
  // The client's bytes first: preparing and signing writes would hold up the last of them.
  await clock.nextTurn();
  const startedMs = clock.elapsedMs();
  const outcomes = await Promise.all(
    context.held.map((held) => endOne(ports.ledger, held, ending)),
  );
  telemetry.count(METRIC.settleLatencyMs, clock.elapsedMs() - startedMs);
  telemetry.describe({ outcome: ending.outcome });
  const failed = context.held.filter((_, index) => outcomes[index]?.kind === 'unavailable');
  for (const one of failed) {
    const { hold } = one;
    reportLeftHold(telemetry, hold, chargeOn(one, ending), context.requestId);
  }
  countEnding(telemetry, context, ending);
  // The client does not wait for the journal: it explains the books, it does not hold them.
  void writeJournal(ports, context, ending, failed).then(setDone);
}

const counterNameOf = ({ hold }: Held): string => `${hold.counter.pk}/${hold.counter.sk}`;

/**
 * What one counter is charged. In full is the whole bound, and on a progressive counter what is
 * reserved there, but never less than what was seen.
 */
function chargeOn({ charge, hold }: Held, ending: Ending): NanoUsd {
  if (ending.isInFull !== true || charge.firstNanoUsd === undefined) return ending.costNanoUsd;
  return maxUsd(mostHeld(hold), ending.seenNanoUsd ?? ZERO_USD);
}

async function endOne(ledger: Ledger, held: Held, ending: Ending): Promise<EndOutcome> {
  const { hold } = held;
  const costNanoUsd = chargeOn(held, ending);
  try {
    if (ending.outcome === 'released') return await ledger.release(hold);
    if (ending.cut?.counterPk === hold.counter.pk) {
      return await ledger.cut(hold, costNanoUsd, ending.cut.untilMs);
    }
    return await ledger.settle(hold, costNanoUsd);
  } catch (cause) {
    return { kind: 'unavailable', cause };
  }
}

function countEnding(telemetry: Telemetry, context: SettlementContext, ending: Ending): void {
  const bound = context.admission.prepared.boundNanoUsd;
  telemetry.count(METRIC.spendUsd, Number(formatUsd(mostCharged(context.held, ending))));
  if (ending.outcome === 'charged-in-full') telemetry.count(METRIC.chargedInFull);
  if (ending.outcome === 'cut') telemetry.count(METRIC.streamsCut);
  if (context.held.some((held) => isSoftOverrun(held, ending))) {
    telemetry.count(METRIC.softOverruns);
  }
  if (ending.costNanoUsd <= bound) return;
  telemetry.count(METRIC.overruns);
  telemetry.error('overrun: the request cost more than was reserved for it', {
    requestId: context.requestId,
    model: context.admission.model.modelId,
    reservedUsd: formatUsd(bound),
    costUsd: formatUsd(ending.costNanoUsd),
  });
}

/** More than a progressive counter had reserved; the whole bound is another matter. */
const isSoftOverrun = (held: Held, ending: Ending): boolean =>
  held.charge.firstNanoUsd !== undefined && chargeOn(held, ending) > mostHeld(held.hold);

/** The most that any of these counters is charged; a progressive one is charged what it holds. */
export const mostCharged = (held: readonly Held[], ending: Ending): NanoUsd =>
  chargesOf(held, ending).most;

/** What the counters are charged: the most, and each by its name where they differ. */
function chargesOf(held: readonly Held[], ending: Ending) {
  const charges = held.map((one) => chargeOn(one, ending));
  const [first = ending.costNanoUsd, ...rest] = charges;
  const charged = Object.fromEntries(
    held.map((one, index) => [counterNameOf(one), charges[index] ?? first]),
  );
  const differ = rest.some((charge) => charge !== first);
  return { most: rest.reduce(maxUsd, first), ...(differ && { charged }) };
}

async function writeJournal(
  ports: SettlementPorts,
  context: SettlementContext,
  ending: Ending,
  failed: readonly Held[],
): Promise<void> {
  const { admission, held } = context;
  const [first] = held;
  const { most, charged } = chargesOf(held, ending);
  try {
    await ports.ledger.appendJournal({
      requestId: context.requestId,
      keyId: admission.key.keyId,
      atMs: context.startedAtMs,
      outcome: failed.length > 0 ? 'settle-failed' : ending.outcome,
      operation: context.operation,
      modelId: admission.model.modelId,
      ...askedNote(admission.model.modelId, context.askedModel, context.requestTags),
      priceVersion: admission.model.price.version,
      reservedNanoUsd: mostReserved(held) ?? admission.prepared.boundNanoUsd,
      costNanoUsd: most,
      ...(charged && { charged }),
      ...(ending.usage === undefined ? {} : { usage: journalUsage(ending.usage) }),
      ...clampNote(admission.prepared),
      ...(admission.fit.counted && { countedInputTokens: admission.fit.counted.inputTokens }),
      ...(first === undefined ? {} : { reservationId: first.hold.reservationId }),
      counters: held.map(counterNameOf),
      ...(failed.length === 0 ? {} : { unsettled: failed.map(counterNameOf) }),
      status: ending.status,
      ...(ending.reason === undefined ? {} : { reason: ending.reason }),
    });
  } catch (cause) {
    ports.telemetry.warn('the journal entry was not written; the counters are right', {
      requestId: context.requestId,
      error: String(cause),
    });
  }
}

/** Token counts and unit counts side by side, as the journal keeps them. */
function journalUsage({ units, ...tokens }: TokenUsage): Readonly<Record<string, number>> {
  return { ...tokens, ...units };
}
