/**
 * The refresh of prices: reads what is listed, part by part, and takes, proposes or warns.
 *
 * Invariant: no request waits for it, and nothing gets cheaper by it without an approval.
 * Crash:     what a part gave is kept, so the next run goes on where this one ended; writing a
 *            price or a proposal again changes nothing.
 */
import { DateTime } from 'luxon';
import { EVENT, METRIC } from '../contract.ts';
import { CATALOGUE_ROWS } from '../domain/catalogue/rows.ts';
import { findModel } from '../domain/catalogue.ts';
import { HardcapError } from '../domain/errors.ts';
import { priceChangedWords, priceProposedWords } from '../domain/event-words.ts';
import { parseModelId } from '../domain/model-id.ts';
import type { MalformedPrice, Price } from '../domain/price.ts';
import { isCalledIn, type PriceListing, type UnmappedRow } from '../domain/price-listing.ts';
import {
  changesText,
  collectListings,
  fingerprintOf,
  type IdListing,
  judge,
  type Verdict,
} from '../domain/price-policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { Events } from '../ports/events.ts';
import type { KeptProposal, PriceBook } from '../ports/price-book.ts';
import type { PricePart, PriceSource } from '../ports/price-source.ts';
import type { Telemetry } from '../ports/telemetry.ts';

export interface RefreshPorts {
  readonly sources: readonly PriceSource[];
  readonly book: PriceBook;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** A price is taken only after they have resolved: they must not reject (events-with-outbox). */
  readonly events?: Events;
}

export interface RefreshOptions {
  /** Regions whose prices count: those that callers may name. */
  readonly regions: readonly string[];
  /** Epoch milliseconds at which it stops; what is left is the next run's. */
  readonly deadlineAtMs: number;
  /** Whether to look although today's pass has ended. */
  readonly again?: boolean;
}

/** What one run did. */
export interface RefreshReport {
  readonly pass: string;
  readonly partsRead: number;
  readonly partsFailed: number;
  /** Parts that this run had no time for. */
  readonly partsLeft: number;
  readonly verdicts: readonly Verdict[];
  readonly unmapped: readonly UnmappedRow[];
  /** Whether every part of the pass has been read. */
  readonly isComplete: boolean;
}

/** The most refreshed prices: the gateway reads at most 1,000 price items. */
export const MAX_REFRESHED = 500;

/** A part is not begun with less than this, and may take as long. */
const PART_MS = 15_000;
const LEASE_MARGIN_MS = 60_000;
/** A part that could not be read is tried again after this. */
const RETRY_AFTER_MS = 3_600_000;
const MAX_UNMAPPED = 500;

const ISO_UTC = "yyyy-MM-dd'T'HH:mm:ss'Z'";
const DATE_CHARACTERS = 'yyyy-MM-dd'.length;

/**
 * One run of the refresh. Undefined where nothing is due: today's pass has ended, or another run
 * has it.
 *
 * @throws Error where the book cannot be read or written; what was kept until then stays
 */
export async function refreshPrices(
  ports: RefreshPorts,
  options: RefreshOptions,
): Promise<RefreshReport | undefined> {
  const { book, clock } = ports;
  const nowMs = clock.nowMs();
  const pass = passAt(nowMs, options.again === true);
  const { finishedPass } = await book.readState();
  if (finishedPass !== undefined && finishedPass >= pass) return undefined;
  if (!(await book.claim(pass, nowMs, options.deadlineAtMs + LEASE_MARGIN_MS))) return undefined;

  const parts = partsOf(ports, options);
  const kept = new Map(await book.readListings(pass));
  const read = await readParts(ports, parts, kept, options.deadlineAtMs, (part, listing) =>
    book.writeListing(pass, part.id, listing),
  );
  if (read.left > 0) {
    await book.yieldUntil(pass, clock.nowMs());
    return report(pass, parts, kept, read, []);
  }
  const verdicts = await judgeAll(ports, options, [...kept.values()]);
  const isWhole = read.failed === 0;
  await apply(ports, verdicts, isWhole);
  if (isWhole) await book.finish(pass, clock.nowMs());
  else await book.yieldUntil(pass, clock.nowMs() + RETRY_AFTER_MS);
  return report(pass, parts, kept, read, verdicts);
}

/** What a refresh would do now; reads every part, and writes nothing. */
export async function tryRefresh(
  ports: RefreshPorts,
  options: RefreshOptions,
): Promise<RefreshReport> {
  const parts = partsOf(ports, options);
  const kept = new Map<string, PriceListing>();
  const read = await readParts(ports, parts, kept, options.deadlineAtMs, async () => undefined);
  const verdicts = await judgeAll(ports, options, [...kept.values()]);
  return report(passAt(ports.clock.nowMs(), true), parts, kept, read, verdicts);
}

/** The UTC date, so that there is one a day; with the time where it is asked for by hand. */
function passAt(nowMs: number, again: boolean): string {
  const iso = DateTime.fromMillis(nowMs, { zone: 'utc' }).toFormat(ISO_UTC);
  return again ? iso : iso.slice(0, DATE_CHARACTERS);
}

const partsOf = ({ sources }: RefreshPorts, { regions }: RefreshOptions): readonly PricePart[] => {
  const models = CATALOGUE_ROWS.map(({ baseModelId, vendor }) => ({ baseModelId, vendor }));
  return sources.flatMap((source) => source.parts(models, regions));
};

interface PartsRead {
  readonly failed: number;
  readonly left: number;
}

async function readParts(
  { clock, telemetry }: RefreshPorts,
  parts: readonly PricePart[],
  kept: Map<string, PriceListing>,
  deadlineAtMs: number,
  keep: (part: PricePart, listing: PriceListing) => Promise<void>,
): Promise<PartsRead> {
  const waiting = parts.filter(({ id }) => !kept.has(id));
  let failed = 0;
  for (const [index, part] of waiting.entries()) {
    if (clock.nowMs() + PART_MS > deadlineAtMs) return { failed, left: waiting.length - index };
    let listing: PriceListing;
    try {
      listing = await part.read(AbortSignal.timeout(PART_MS));
    } catch (error) {
      failed += 1;
      telemetry.count(METRIC.priceRefreshFailures);
      telemetry.error('a part of the price lists could not be read', {
        part: part.id,
        error: String(error),
      });
      continue;
    }
    await keep(part, listing);
    kept.set(part.id, listing);
  }
  return { failed, left: 0 };
}

function report(
  pass: string,
  parts: readonly PricePart[],
  kept: ReadonlyMap<string, PriceListing>,
  { failed, left }: PartsRead,
  verdicts: readonly Verdict[],
): RefreshReport {
  return {
    pass,
    partsRead: parts.filter(({ id }) => kept.has(id)).length,
    partsFailed: failed,
    partsLeft: left,
    verdicts,
    unmapped: [...kept.values()].flatMap(({ unmapped }) => unmapped).slice(0, MAX_UNMAPPED),
    isComplete: failed === 0 && left === 0,
  };
}

/** What is to be done or told of each id that is listed; ids of which nothing is are left out. */
async function judgeAll(
  { book }: RefreshPorts,
  { regions }: RefreshOptions,
  listings: readonly PriceListing[],
): Promise<readonly Verdict[]> {
  const [prices, refreshed] = await Promise.all([book.readPrices(), book.readRefreshed()]);
  const operator = new Map([...prices].filter(([, price]) => isOfOperator(price)));
  const byId = collectListings(
    listings.flatMap(({ lines }) => lines),
    regions,
  );
  return [...byId].flatMap(([modelId, { baseModelId, byRegion }]) => {
    const own = refreshed.get(modelId);
    const set = operator.get(modelId) ?? operator.get(baseModelId);
    const listing: IdListing = {
      modelId,
      baseModelId,
      regions: [...byRegion].map(([region, listed]) => {
        const current = priceIn(modelId, refreshed, region);
        return { region, listed, ...(current !== undefined && { current }) };
      }),
      elsewhere: regions
        .filter((region) => !byRegion.has(region) && isCalledIn(modelId, region))
        .flatMap((region) => priceIn(modelId, refreshed, region) ?? []),
      ...(own !== undefined && { refreshed: own }),
      ...(set !== undefined && !('problem' in set) && { operator: set }),
    };
    return isForUs(listing) ? [judge(listing)] : [];
  });
}

const isOfOperator = (price: Price | MalformedPrice): boolean =>
  'problem' in price || price.refreshed === undefined;

function priceIn(
  modelId: string,
  refreshed: ReadonlyMap<string, Price>,
  region: string,
): Price | undefined {
  try {
    return findModel(modelId, refreshed, region).price;
  } catch (error) {
    if (error instanceof HardcapError) return undefined;
    throw error;
  }
}

/**
 * A row holds for every profile of its geography, sold or not, so that a profile which the
 * catalogue does not sell is no news; nor is a model that the gateway cannot serve.
 */
function isForUs({ modelId, baseModelId, regions }: IdListing): boolean {
  const row = CATALOGUE_ROWS.find((candidate) => candidate.baseModelId === baseModelId);
  if (row !== undefined && row.family === undefined) return false;
  const isKnown = regions.some(({ current }) => current !== undefined);
  return isKnown || isNewsIfUnknown(modelId);
}

function isNewsIfUnknown(modelId: string): boolean {
  try {
    return parseModelId(modelId).scope !== 'geo';
  } catch (error) {
    // What a list calls so could never be asked for.
    if (error instanceof HardcapError) return false;
    throw error;
  }
}

/** Writes what was judged; of a pass that is not whole only what gets dearer. */
async function apply(
  ports: RefreshPorts,
  verdicts: readonly Verdict[],
  isWhole: boolean,
): Promise<void> {
  const { book, telemetry } = ports;
  const [refreshed, proposals] = await Promise.all([book.readRefreshed(), book.readProposals()]);
  let room = MAX_REFRESHED - refreshed.size;
  for (const verdict of verdicts) {
    for (const warning of verdict.warnings) telemetry.warn(warning);
    if (verdict.taken !== undefined) {
      const isNew = !refreshed.has(verdict.modelId);
      if (isNew && room <= 0) {
        telemetry.error('there are too many refreshed prices: a rise could not be taken', {
          model: verdict.modelId,
        });
        continue;
      }
      if (isNew) room -= 1;
      await take(ports, verdict, refreshed.get(verdict.modelId));
    }
    if (isWhole) await propose(ports, verdict, proposals.get(verdict.modelId));
  }
}

async function take(
  { book, clock, events, telemetry }: RefreshPorts,
  { modelId, taken }: Verdict,
  before: Price | undefined,
): Promise<void> {
  if (taken === undefined) return;
  const { price, changes } = taken;
  const text = changesText(changes);
  telemetry.warn('a listed price rose and is taken', { model: modelId, changes: text });
  // Told first: after a crash it is told again, by the same id, and not left out.
  await events?.emit(EVENT.priceChanged, {
    eventId: `${modelId}:${text}`,
    model: modelId,
    changes: text,
    ...priceChangedWords(modelId, text),
  });
  const status = before?.refreshed ?? 'taken';
  const isWritten = await book.writeRefreshed(
    { ...price, modelId, refreshed: status },
    changes,
    clock.nowMs(),
  );
  if (!isWritten) telemetry.error('a listed price is out of all bounds', { model: modelId });
}

async function propose(
  { book, clock, events, telemetry }: RefreshPorts,
  { modelId, proposed }: Verdict,
  kept: KeptProposal | undefined,
): Promise<void> {
  if (proposed === undefined) {
    if (kept !== undefined) await book.removeProposal(modelId);
    return;
  }
  const fingerprint = fingerprintOf(proposed.lines);
  // One that waits is not told again, and one that was rejected does not come back.
  if (kept !== undefined && fingerprintOf(kept.lines) === fingerprint) return;
  const text = changesText(proposed.changes);
  const reasons = proposed.reasons.join(', ');
  telemetry.warn('a listed price waits for an approval', {
    model: modelId,
    reasons,
    changes: text,
  });
  await events?.emit(EVENT.priceProposed, {
    eventId: `${modelId}:${fingerprint}`,
    model: modelId,
    reasons,
    changes: text,
    ...priceProposedWords(modelId, reasons, text),
  });
  await book.writeProposal(modelId, proposed, clock.nowMs());
}
