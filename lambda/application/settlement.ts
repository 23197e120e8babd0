/**
 * The end of a reservation on every counter that it stands on, and the journal's line about it.
 *
 * Invariant: `finish` takes effect once, whoever calls it and how often; it never throws.
 * Crash:     a counter that does not answer keeps its reservation; it expires, charged in full,
 *            and one log line says enough to settle it by hand.
 */
import { METRIC } from '../contract.ts';
import { formatUsd, type NanoUsd } from '../domain/money.ts';
import type { TokenUsage } from '../domain/price.ts';
import type { EndOutcome, JournalEntry, Ledger } from '../ports/ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Admission } from './admission.ts';
import { clampNote } from './answer-head.ts';
import { reportLeftHold } from './left-hold.ts';
import type { Held } from './reserve-all.ts';

/** How a request ended, in money. */
export interface Ending {
  readonly outcome: JournalEntry['outcome'];
  readonly costNanoUsd: NanoUsd;
  readonly status: number;
  readonly usage?: TokenUsage;
  readonly reason?: string;
  /** A counter to keep closed for a moment, as clients resend a cut request at once. */
  readonly cut?: { readonly counterPk: string; readonly untilMs: number };
}

export interface SettlementContext {
  readonly requestId: string;
  readonly operation: string;
  readonly admission: Admission;
  readonly held: readonly Held[];
  readonly startedAtMs: number;
}

export interface SettlementPorts {
  readonly ledger: Ledger;
  readonly telemetry: Telemetry;
}

/** One request's reservation, open until `finish` is called for the first time. */
export interface Settlement {
  /** Resolves when every counter has answered or given up; the journal follows behind. */
  finish(ending: Ending): Promise<void>;
  /** Resolves when the books and the journal are done; never before `finish` was called. */
  readonly done: Promise<void>;
}

export function openSettlement(ports: SettlementPorts, context: SettlementContext): Settlement {
  const { promise: done, resolve: setDone } = Promise.withResolvers<void>();
  let finished: Promise<void> | undefined;
  return {
    done,
    finish(ending) {
      finished ??= endAll(ports, context, ending, setDone);
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
  const outcomes = await Promise.all(
    context.held.map((held) => endOne(ports.ledger, held, ending)),
  );
  const failed = context.held.filter((_, index) => outcomes[index]?.kind === 'unavailable');
  for (const { hold } of failed) {
    reportLeftHold(ports.telemetry, hold, ending.costNanoUsd, context.requestId);
  }
  countEnding(ports.telemetry, context, ending);
  // The client does not wait for the journal: it explains the books, it does not hold them.
  void writeJournal(ports, context, ending, failed).then(setDone);
}

const counterNameOf = ({ hold }: Held): string => `${hold.counter.pk}/${hold.counter.sk}`;

async function endOne(ledger: Ledger, { hold }: Held, ending: Ending): Promise<EndOutcome> {
  try {
    if (ending.outcome === 'released') return await ledger.release(hold);
    if (ending.cut?.counterPk === hold.counter.pk) {
      return await ledger.cut(hold, ending.costNanoUsd, ending.cut.untilMs);
    }
    return await ledger.settle(hold, ending.costNanoUsd);
  } catch (cause) {
    return { kind: 'unavailable', cause };
  }
}

function countEnding(telemetry: Telemetry, context: SettlementContext, ending: Ending): void {
  const bound = context.admission.prepared.boundNanoUsd;
  telemetry.count(METRIC.spendUsd, Number(formatUsd(ending.costNanoUsd)));
  if (ending.outcome === 'charged-in-full') telemetry.count(METRIC.chargedInFull);
  if (ending.outcome === 'cut') telemetry.count(METRIC.streamsCut);
  if (ending.costNanoUsd <= bound) return;
  telemetry.count(METRIC.overruns);
  telemetry.error('overrun: the request cost more than was reserved for it', {
    requestId: context.requestId,
    model: context.admission.model.modelId,
    reservedUsd: formatUsd(bound),
    costUsd: formatUsd(ending.costNanoUsd),
  });
}

async function writeJournal(
  ports: SettlementPorts,
  context: SettlementContext,
  ending: Ending,
  failed: readonly Held[],
): Promise<void> {
  const { admission, held } = context;
  const [first] = held;
  try {
    await ports.ledger.appendJournal({
      requestId: context.requestId,
      keyId: admission.key.keyId,
      atMs: context.startedAtMs,
      outcome: failed.length > 0 ? 'settle-failed' : ending.outcome,
      operation: context.operation,
      modelId: admission.model.modelId,
      priceVersion: admission.model.price.version,
      reservedNanoUsd: admission.prepared.boundNanoUsd,
      costNanoUsd: ending.costNanoUsd,
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
