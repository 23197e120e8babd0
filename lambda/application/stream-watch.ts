/**
 * Watches a running stream: a disabled key or a cap lowered beneath what is settled ends it.
 *
 * Settings are looked at once per their allowed age, never per chunk. A reading that fails ends
 * nothing: the money of this stream is reserved already.
 */
import { applies, limitAt } from '../domain/cap.ts';
import { HardcapError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Settings, SettingsView } from '../ports/settings.ts';
import type { CutReason } from '../ports/stream.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { type Admission, authenticate } from './admission.ts';
import { capCut } from './cap-cut.ts';
import type { Held } from './reserve-all.ts';

export interface WatchPorts {
  readonly settings: Settings;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface WatchedStream {
  readonly admission: Admission;
  readonly held: readonly Held[];
  readonly keyText: string;
  readonly deadlineAtMs: number;
}

/** Resolves with the reason to cut, or with undefined once `signal` aborts. Never throws. */
export const watchStream = (
  ports: WatchPorts,
  stream: WatchedStream,
  intervalMs: number,
  signal: AbortSignal,
): Promise<CutReason | undefined> =>
  // Side by side: a reading that does not come back must not hold up the deadline.
  Promise.race([
    watchDeadline(ports.clock, stream.deadlineAtMs, signal),
    watchSettings(ports, stream, intervalMs, signal),
  ]);

async function watchDeadline(
  clock: Clock,
  deadlineAtMs: number,
  signal: AbortSignal,
): Promise<CutReason | undefined> {
  try {
    await clock.sleep(Math.max(0, deadlineAtMs - clock.nowMs()), signal);
    return { kind: 'deadline', message: 'the function is about to time out' };
  } catch {
    return undefined;
  }
}

async function watchSettings(
  ports: WatchPorts,
  stream: WatchedStream,
  intervalMs: number,
  signal: AbortSignal,
): Promise<CutReason | undefined> {
  while (!signal.aborted) {
    try {
      await ports.clock.sleep(intervalMs, signal);
    } catch {
      return undefined;
    }
    try {
      const view = await ports.settings.read(stream.admission.key.keyId, intervalMs);
      const reason = keyReason(view, stream, ports) ?? (await capReason(view, stream, ports));
      if (reason !== undefined) return reason;
    } catch (error) {
      ports.telemetry.warn('a running stream could not be checked against the settings', {
        keyId: stream.admission.key.keyId,
        error: String(error),
      });
    }
  }
  return undefined;
}

function keyReason(
  view: SettingsView,
  stream: WatchedStream,
  ports: WatchPorts,
): CutReason | undefined {
  try {
    authenticate(view, stream.keyText, ports.clock.nowMs());
    return undefined;
  } catch (error) {
    // A key's item that cannot be read refuses new requests; it is no word on those that run.
    if (!(error instanceof HardcapError) || error.code !== 'unknown_key') throw error;
    return { kind: 'key', message: error.message };
  }
}

/** A cap whose limit was lowered since the reserve may now be beneath what is settled. */
async function capReason(
  view: SettingsView,
  stream: WatchedStream,
  ports: WatchPorts,
): Promise<CutReason | undefined> {
  const nowMs = ports.clock.nowMs();
  for (const { charge } of stream.held) {
    const cap = view.caps.find(({ capId }) => capId === charge.cap.capId);
    if (cap === undefined || !charge.enforced) continue;
    if (!applies(cap, stream.admission.subject, nowMs)) continue;
    const limit = limitAt(cap, nowMs);
    if (limit >= charge.limitNanoUsd) continue;
    const state = await ports.ledger.read(charge.counter);
    if (state === undefined || state.settledNanoUsd <= limit) continue;
    const what = 'had its limit lowered beneath what is settled';
    return capCut(charge, what, { reason: 'spent', state, limitNanoUsd: limit });
  }
  return undefined;
}
