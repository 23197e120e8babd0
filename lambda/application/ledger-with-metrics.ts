/**
 * A Ledger that counts the calls of it that failed, whoever makes them and whatever becomes of the
 * request: a sick ledger is seen before anything is refused.
 */
import { METRIC } from '../contract.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** The same ledger. A refusal is an answer, and no failure. */
export function ledgerWithMetrics(ledger: Ledger, telemetry: Telemetry): Ledger {
  const counted = async <T>(call: Promise<T>): Promise<T> => {
    try {
      const outcome = await call;
      if (isUnavailable(outcome)) telemetry.count(METRIC.ledgerErrors);
      return outcome;
    } catch (error) {
      telemetry.count(METRIC.ledgerErrors);
      throw error;
    }
  };
  return {
    reserve: (request) => counted(ledger.reserve(request)),
    extend: (request) => counted(ledger.extend(request)),
    settle: (hold, costNanoUsd) => counted(ledger.settle(hold, costNanoUsd)),
    cut: (hold, costNanoUsd, untilMs) => counted(ledger.cut(hold, costNanoUsd, untilMs)),
    release: (hold) => counted(ledger.release(hold)),
    read: (counter) => counted(ledger.read(counter)),
    appendJournal: (entry) => counted(ledger.appendJournal(entry)),
  };
}

const isUnavailable = (outcome: unknown): boolean =>
  typeof outcome === 'object' &&
  outcome !== null &&
  'kind' in outcome &&
  outcome.kind === 'unavailable';
