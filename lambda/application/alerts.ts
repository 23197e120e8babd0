/**
 * Tells each alert threshold of a cap once a window, by what is settled.
 *
 * Not here: enforcement. What is reserved and in flight counts there, and no alert waits for it.
 */
import { EVENT } from '../contract.ts';
import { type Cap, limitAt } from '../domain/cap.ts';
import { formatUsd, type NanoUsd, subtractUsd } from '../domain/money.ts';
import {
  remainingOf,
  type Spender,
  type ThresholdFacts,
  type TopSpenders,
  thresholdWords,
} from '../domain/threshold-words.ts';
import type { EventDetail, Events } from '../ports/events.ts';
import type { OpenCounter } from '../ports/ledger.ts';
import { considerClosing } from './close-window.ts';
import { named, ownerOf, type ReachedCounter, type RolloverRun } from './rollover-work.ts';
import { isToldOnce, markOnCounter } from './tell-once.ts';
import { topSpenders } from './top-spenders.ts';

const PERCENT = 100n;
/** Counters whose thresholds one run tells; what is over is the next run's. */
const MAX_REACHED = 1_000;
/** As many events as one call to the bus takes. */
const AT_ONCE = 10;

const markNameOf = (percent: number): string => `alert:${percent}`;

/**
 * Notes a counter that has reached thresholds which were not told in this window.
 *
 * @returns whether there are any: then its window is not to be closed yet
 */
export function noteReached(run: RolloverRun, open: OpenCounter): boolean {
  const cap = run.caps.get(ownerOf(open).capId);
  const nowMs = run.ports.clock.nowMs();
  if (cap === undefined || !isInForce(cap, nowMs)) return false;
  const limitNanoUsd = limitOf(run, cap, open, nowMs);
  if (limitNanoUsd === undefined) return false;
  const percents = [...new Set(cap.alertPercents)]
    .filter((percent) => isReached(open.state.settledNanoUsd, limitNanoUsd, percent))
    .filter((percent) => open.marks.get(markNameOf(percent))?.state !== 'told')
    .sort((a, b) => a - b);
  if (percents.length === 0) return false;
  if (run.reached.length < MAX_REACHED) run.reached.push({ open, cap, limitNanoUsd, percents });
  else run.report.complete = false;
  return true;
}

/** Tells what was noted, until `deadlineAtMs`; what was told whole may then be closed. */
export async function tellReached(
  run: RolloverRun,
  events: Events,
  deadlineAtMs: number,
): Promise<void> {
  const { reached, ports, report } = run;
  if (reached.length === 0) return;
  const topOf = await topSpenders(run, deadlineAtMs);
  for (let first = 0; first < reached.length; first += AT_ONCE) {
    if (ports.clock.nowMs() >= deadlineAtMs) {
      report.complete = false;
      return;
    }
    const some = reached.slice(first, first + AT_ONCE);
    await Promise.all(some.map((counter) => tellCounter(run, events, counter, topOf(counter))));
  }
}

/** One counter that cannot be told keeps none of the others from it. */
async function tellCounter(
  run: RolloverRun,
  events: Events,
  reached: ReachedCounter,
  top: TopSpenders | undefined,
): Promise<void> {
  const { open } = reached;
  try {
    let isToldWhole = true;
    for (const percent of reached.percents) {
      const markName = markNameOf(percent);
      const place = markOnCounter(run.ports, open, markName);
      const what = `${open.counter.pk} ${open.counter.sk} ${markName}`;
      const isTold = await isToldOnce(run, place, what, () =>
        events.emit(EVENT.threshold, detailOf(run, reached, percent, what, top)),
      );
      if (isTold) run.report.thresholdsTold += 1;
      isToldWhole &&= isTold;
    }
    // A closed counter is looked at no more: whatever is untold would stay untold.
    if (isToldWhole) await considerClosing(run, open);
  } catch (error) {
    run.report.failed += 1;
    run.ports.telemetry.error('a threshold could not be told', {
      ...named(open),
      error: String(error),
    });
  }
}

function detailOf(
  run: RolloverRun,
  { open, cap, limitNanoUsd }: ReachedCounter,
  percent: number,
  eventId: string,
  top: TopSpenders | undefined,
): EventDetail {
  const { counter, state } = open;
  const { capId, split } = ownerOf(open);
  const nowMs = run.ports.clock.nowMs();
  const facts: ThresholdFacts = {
    cap,
    ...(split === undefined ? {} : { split }),
    percent,
    limitNanoUsd,
    settledNanoUsd: state.settledNanoUsd,
    reservedNanoUsd: subtractUsd(state.committedNanoUsd, state.settledNanoUsd),
    window: run.windows.named(counter.sk) ?? run.windows.at(cap.window, nowMs),
    nowMs,
    ...(top === undefined ? {} : { top }),
  };
  return {
    eventId,
    cap: capId,
    ...(split === undefined ? {} : { split }),
    window: counter.sk,
    percent,
    limitUsd: formatUsd(limitNanoUsd),
    settledUsd: formatUsd(state.settledNanoUsd),
    remainingUsd: formatUsd(remainingOf(facts)),
    ...resetsAt(facts),
    ...(top === undefined ? {} : { topKeys: listed(top.keys), topModels: listed(top.models) }),
    ...thresholdWords(facts),
  };
}

const resetsAt = ({ window: { endsAtMs } }: ThresholdFacts) =>
  endsAtMs === undefined ? {} : { resetsAtMs: endsAtMs };

const listed = (spenders: readonly Spender[]): string =>
  spenders.map(({ name, settledNanoUsd }) => `${name} ${formatUsd(settledNanoUsd)}`).join(', ');

const isInForce = (cap: Cap, nowMs: number): boolean =>
  cap.enabled && (cap.expiresAtMs === undefined || nowMs < cap.expiresAtMs);

/** In the cap's running window the limit that holds now; in any other, the one last seen there. */
function limitOf(
  { windows }: RolloverRun,
  cap: Cap,
  open: OpenCounter,
  nowMs: number,
): NanoUsd | undefined {
  const isRunning = windows.at(cap.window, nowMs).id === open.counter.sk;
  return isRunning ? limitAt(cap, nowMs) : open.limitNanoUsd;
}

/** Nothing spent is no threshold reached, even of a limit of zero. */
const isReached = (settled: NanoUsd, limit: NanoUsd, percent: number): boolean =>
  settled > 0n && settled * PERCENT >= limit * BigInt(percent);
