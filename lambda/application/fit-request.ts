/**
 * Makes a request fit where its first bound did not: its tokens are counted, then, under caps that
 * clamp, its output limit is lowered to what remains.
 *
 * Invariant: each try is a decision of its own, by settings of the allowed age, and a reservation
 *            of its own whole bound. A try that is refused leaves nothing behind.
 */
import { HardcapError } from '../domain/errors.ts';
import type { SettingsView } from '../ports/settings.ts';
import { type Admission, AS_ASKED, type Fit, requestLimitOf, termsOf } from './admission.ts';
import type { GuardedRequest } from './guarded-request.ts';
import {
  decideBy,
  estimateBy,
  isFresh,
  type RefusedTry,
  type ReserveGuard,
  type ReserveResult,
  reserveBy,
} from './reserve-request.ts';
import { fitInto, roomOf } from './room.ts';
import type { TokenCounting } from './token-counting.ts';

export interface FittingGuard extends ReserveGuard {
  readonly counting: TokenCounting;
}

/**
 * Tries after the first that was refused: one by what was counted or what remained, and two more,
 * as others may take what remained in between.
 */
export const MAX_FURTHER_TRIES = 3;

/**
 * Reserves the request, made to fit where that is possible. One that fits at once takes no step
 * more than its one try.
 *
 * @param view of the allowed age
 * @throws HardcapError as `reserveBy`
 */
export async function reserveFitting(
  guard: FittingGuard,
  request: GuardedRequest,
  view: SettingsView,
): Promise<ReserveResult> {
  const { clock } = guard.ports;
  const startedMs = clock.elapsedMs();
  const asked = await reserveUnderRequestLimit(guard, request, view);
  if (asked.kind === 'reserved') return asked;
  const begun = asked.isWhole ? { first: asked } : await askWhole(guard, request, view, asked);
  if (begun === undefined) return asked;
  const { first, counted } = begun;
  if (first.kind === 'reserved') return timedFrom(startedMs, clock.elapsedMs(), first);
  let tried: ReserveResult = first;
  // Asked once a request: the second answer would be the first.
  let mayCount = (counted ?? first.admission.fit.counted) === undefined;
  for (let further = 0; further < MAX_FURTHER_TRIES && tried.kind === 'refused'; further += 1) {
    const fit = await nextFit(guard, request, tried, mayCount, counted);
    mayCount = false;
    if (fit === undefined) break;
    tried = await reserveAgain(guard, request, tried.admission, view, fit);
  }
  return tried.kind === 'reserved'
    ? timedFrom(startedMs, clock.elapsedMs(), tried)
    : toldAsAsked(tried, first);
}

interface Begun {
  readonly first: ReserveResult;
  /** What was counted on the way to it. */
  readonly counted?: Fit['counted'];
}

/**
 * The first try once more, on all counters, where some of them refused it alone and it could be made
 * to fit those: the others may leave it less room. Undefined where it could not: what does not fit
 * into the room of some does not fit into that of all.
 */
async function askWhole(
  guard: FittingGuard,
  request: GuardedRequest,
  view: SettingsView,
  asked: RefusedTry,
): Promise<Begun | undefined> {
  const { admission } = asked;
  const fit = await nextFit(guard, request, asked, admission.fit.counted === undefined);
  if (fit === undefined) return undefined;
  const first = await reserveAgain(guard, request, admission, view, admission.fit);
  const { admission: again } = first.kind === 'reserved' ? first.reserved : first;
  // By settings that were read meanwhile it may be another model's tokens that count.
  return termsOf(again) === termsOf(admission) ? { first, counted: fit.counted } : { first };
}

/** What the caller asked for is what the refusal speaks of, whatever was tried in its place. */
const toldAsAsked = (tried: RefusedTry, { refusal }: RefusedTry): RefusedTry => ({
  ...tried,
  refusal: { ...tried.refusal, boundNanoUsd: refusal.boundNanoUsd },
});

type ReservedTry = Extract<ReserveResult, { kind: 'reserved' }>;

/** The time of all tries and of the count stands as the reserve's. */
function timedFrom(startedMs: number, nowMs: number, { reserved }: ReservedTry): ReservedTry {
  const { timings } = reserved;
  const reserveMs = nowMs - startedMs - timings.authMs - timings.estimateMs;
  return { kind: 'reserved', reserved: { ...reserved, timings: { ...timings, reserveMs } } };
}

/** How to try once more; undefined where nothing would make it fit. */
async function nextFit(
  guard: FittingGuard,
  request: GuardedRequest,
  { admission, refusals }: RefusedTry,
  mayCount: boolean,
  known?: Fit['counted'],
): Promise<Fit | undefined> {
  const room = roomOf(admission, refusals);
  if (room === undefined) return undefined;
  const counted = mayCount ? await guard.counting.count(request, admission, room) : known;
  return fitInto(admission, room, counted);
}

/**
 * A further try. The count may have taken its time, so settings that have grown too old are read
 * again; where they changed what covers the request, it is not for the old ones to lower it.
 */
async function reserveAgain(
  guard: FittingGuard,
  request: GuardedRequest,
  decided: Admission,
  view: SettingsView,
  fit: Fit,
): Promise<ReserveResult> {
  const { settings, clock } = guard.ports;
  const { settingsMaxAgeMs } = guard.options;
  if (isFresh(view, clock.nowMs(), settingsMaxAgeMs)) {
    return reserveBy(guard, request, view, fit, 'all-at-once');
  }
  const fresh = await settings.read(request.keyId, settingsMaxAgeMs);
  const unlowered: Fit = fit.counted === undefined ? AS_ASKED : { counted: fit.counted };
  const again = decideBy(guard, request, fresh, unlowered);
  const isUnchanged = termsOf(again) === termsOf(decided);
  return reserveBy(guard, request, fresh, isUnchanged ? fit : unlowered, 'all-at-once');
}

/** Reserves as asked; where less is allowed a request, once more by what was counted. */
async function reserveUnderRequestLimit(
  guard: FittingGuard,
  request: GuardedRequest,
  view: SettingsView,
): Promise<ReserveResult> {
  try {
    return await reserveBy(guard, request, view);
  } catch (error) {
    if (!(error instanceof HardcapError) || error.code !== 'request_too_dear') throw error;
    const admission = estimateBy(guard, request, view);
    const fit = await fitUnderRequestLimit(guard, request, admission);
    if (fit === undefined) throw error;
    return reserveAgain(guard, request, admission, view, fit);
  }
}

async function fitUnderRequestLimit(
  { counting }: FittingGuard,
  request: GuardedRequest,
  admission: Admission,
): Promise<Fit | undefined> {
  const limit = requestLimitOf(admission.key, request);
  if (limit === undefined) return undefined;
  const room = { remainingNanoUsd: limit.mostNanoUsd, mayClamp: false, isProgressive: false };
  const counted = await counting.count(request, admission, room);
  return counted === undefined ? undefined : fitInto(admission, room, counted);
}
