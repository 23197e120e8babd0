/**
 * The rollover function's own writes: marks, summaries, the list of closed counters.
 *
 * Each is one conditional write on one item, so that any of them may be the last of a run that
 * dies, and two runs at once do what one would have done.
 * Invariant: none touches a counter's dollars; a counter is closed only as it was read.
 */
import { createHash } from 'node:crypto';
import { NumberValueImpl as NumberValue } from '@aws-sdk/util-dynamodb';
import { DEFAULTS, TABLE } from '../../contract.ts';
import { type NanoUsd, subtractUsd, ZERO_USD } from '../../domain/money.ts';
import { type CounterKey, expiresAtMs, type ReservationId } from '../../domain/reservation.ts';
import type {
  ClosedCounter,
  OpenCounter,
  Share,
  Shares,
  TellingMark,
  WindowSummary,
} from '../../ports/ledger.ts';
import { expiredAttribute, journalledAttribute, OPEN, TOLD, usdNumber } from './counter-item.ts';
import type { CounterWrite, WrittenValue } from './counter-writes.ts';
import { markText } from './telling-mark.ts';

/** A conditional write and the item that it is on. */
export interface KeyedWrite {
  readonly key: CounterKey;
  readonly write: CounterWrite;
}

const COUNTER_PREFIX = 'COUNTER#';
const SUMMARY_PREFIX = 'SUMMARY#';
/** The partition that lists closed counters by the end of their window. */
export const CLOSED_PARTITION = 'CLOSED';
const SECONDS_PER_DAY = 86_400;
const HASH_CHARACTERS = 16;
const ITEM_VERSION = NumberValue.from('1');

const isoText = (atMs: number): string => new Date(atMs).toISOString();
const wholeNumber = (value: number): NumberValue => NumberValue.from(String(value));

/** A counter in a few characters: its own key may be longer than a sort key can be. */
const hashOf = ({ pk, sk }: CounterKey): string =>
  createHash('sha256').update(`${pk}\n${sk}`).digest('hex').slice(0, HASH_CHARACTERS);

/** An UpdateItem that sets these attributes; every name is written by placeholder. */
function setAll(
  attributes: Readonly<Record<string, WrittenValue>>,
  condition: string,
): CounterWrite {
  const entries = Object.entries(attributes);
  return {
    UpdateExpression: `SET ${entries.map((_, index) => `#a${index} = :a${index}`).join(', ')}`,
    ConditionExpression: condition,
    ExpressionAttributeNames: Object.fromEntries(
      entries.map(([name], index) => [`#a${index}`, name]),
    ),
    ExpressionAttributeValues: Object.fromEntries(
      entries.map(([, value], index) => [`:a${index}`, value]),
    ),
  };
}

/** The journal key of an expired charge has `-` for the caller's key: the ledger knows none. */
export const NO_KEY = '-';

/**
 * The journal entry of a reservation that was charged in full when it expired.
 *
 * Its key is made of what never changes, so that any number of runs write one entry.
 */
export function expiredEntryWrite(
  counter: CounterKey,
  id: ReservationId,
  amountNanoUsd: NanoUsd,
  journalDays: number = DEFAULTS.journalDays,
): KeyedWrite {
  const amount = usdNumber(amountNanoUsd);
  const { key, attributes } = expiredEntry(counter, id, journalDays);
  const entry = { ...attributes, outcome: 'expired', reservedUsd: amount, costUsd: amount };
  return { key, write: setAll(entry, 'attribute_not_exists(pk)') };
}

/**
 * The same entry once its reservation was settled late: it charges nothing any more. Written
 * whether it is there or not, so that a slower run finds it and does not write the charge again.
 */
export function settledLateEntryWrite(
  counter: CounterKey,
  id: ReservationId,
  journalDays: number = DEFAULTS.journalDays,
): KeyedWrite {
  const { key, attributes } = expiredEntry(counter, id, journalDays);
  const entry = { ...attributes, outcome: 'settled-late', costUsd: usdNumber(ZERO_USD) };
  return { key, write: setAll(entry, 'attribute_exists(pk) or attribute_not_exists(pk)') };
}

function expiredEntry(counter: CounterKey, id: ReservationId, journalDays: number) {
  const atMs = expiresAtMs(id) ?? 0;
  const at = isoText(atMs);
  const attributes = {
    reservationId: id,
    counter: `${counter.pk} ${counter.sk}`,
    at,
    v: ITEM_VERSION,
    [TABLE.ttl]: wholeNumber(Math.floor(atMs / 1000) + journalDays * SECONDS_PER_DAY),
  };
  const pk = `JOURNAL#${at.slice(0, 10)}#${NO_KEY}`;
  return { key: { pk, sk: `${at}#${id}#${hashOf(counter)}` }, attributes };
}

const TELLING = 1;

const noteNames = (id: ReservationId) => ({
  '#x': expiredAttribute(id),
  '#j': journalledAttribute(id),
});

/**
 * Notes on the counter that the journal is about to tell of an expired charge: before it does, so
 * that a run finds the entry to correct, whenever the charge is settled late and whoever dies.
 */
export const tellingWrite = (id: ReservationId): CounterWrite => ({
  UpdateExpression: 'SET #j = :telling',
  ConditionExpression: 'attribute_exists(#x) and (attribute_not_exists(#j) or #j = :telling)',
  ExpressionAttributeNames: noteNames(id),
  ExpressionAttributeValues: { ':telling': wholeNumber(TELLING) },
});

/** Notes that the journal tells of it. */
export const toldWrite = (id: ReservationId): CounterWrite => ({
  UpdateExpression: 'SET #j = :told',
  ConditionExpression: '#j = :telling',
  ExpressionAttributeNames: { '#j': journalledAttribute(id) },
  ExpressionAttributeValues: { ':told': wholeNumber(TOLD), ':telling': wholeNumber(TELLING) },
});

/** Removes the note once the journal is corrected; never that of a charge which stands. */
export const correctedWrite = (id: ReservationId): CounterWrite => ({
  UpdateExpression: 'REMOVE #j',
  ConditionExpression: '(#j = :telling or #j = :told) and attribute_not_exists(#x)',
  ExpressionAttributeNames: noteNames(id),
  ExpressionAttributeValues: { ':told': wholeNumber(TOLD), ':telling': wholeNumber(TELLING) },
});

/** Sets a mark where the one that was seen still stands; never makes a counter. */
export function markWrite(
  name: string,
  seen: TellingMark | undefined,
  next: TellingMark,
): CounterWrite {
  const unchanged = seen === undefined ? 'attribute_not_exists(#mark)' : '#mark = :seen';
  return {
    UpdateExpression: 'SET #mark = :next',
    ConditionExpression: `attribute_exists(committedUsd) and ${unchanged}`,
    ExpressionAttributeNames: { '#mark': name },
    ExpressionAttributeValues: {
      ':next': markText(next),
      ...(seen === undefined ? {} : { ':seen': markText(seen) }),
    },
  };
}

/** Keeps what is reserved on a counter as it was read, where no run has seen more. */
export function peakWrite({ state }: OpenCounter): CounterWrite {
  const reserved = subtractUsd(state.committedNanoUsd, state.settledNanoUsd);
  return {
    UpdateExpression: 'SET #peak = :reserved',
    ConditionExpression:
      'attribute_exists(committedUsd) and (attribute_not_exists(#peak) or #peak < :reserved)',
    ExpressionAttributeNames: { '#peak': 'peakReservedUsd' },
    ExpressionAttributeValues: { ':reserved': usdNumber(reserved) },
  };
}

/** The summary of a counter's window; a later reading of the counter replaces an earlier one. */
export function summaryWrite(open: OpenCounter, summary: WindowSummary): KeyedWrite {
  const { counter, tally } = open;
  const set = setAll(
    { ...countedAttributes(open), ...journalAttributes(summary), ...timesOf(summary) },
    'attribute_not_exists(revision) or revision < :revision',
  );
  return {
    key: { pk: `${SUMMARY_PREFIX}${counter.pk.slice(COUNTER_PREFIX.length)}`, sk: counter.sk },
    write: {
      ...set,
      ExpressionAttributeValues: {
        ...set.ExpressionAttributeValues,
        ':revision': wholeNumber(tally.ends),
      },
    },
  };
}

const timesOf = ({ endsAtMs, atMs }: WindowSummary) => ({
  windowEndsAt: isoText(endsAtMs),
  summarisedAt: isoText(atMs),
  v: ITEM_VERSION,
});

const countedAttributes = ({ state, tally, limitNanoUsd, peakReservedNanoUsd }: OpenCounter) => ({
  settledUsd: usdNumber(state.settledNanoUsd),
  ...(limitNanoUsd === undefined ? {} : { limitUsd: usdNumber(limitNanoUsd) }),
  peakReservedUsd: usdNumber(peakReservedNanoUsd ?? ZERO_USD),
  requests: wholeNumber(tally.requests),
  expired: wholeNumber(tally.expired),
  overruns: wholeNumber(tally.overruns),
  revision: wholeNumber(tally.ends),
});

/** Others are written as none where all are named: an older revision's must not stay. */
const journalAttributes = ({ journal, unattributedNanoUsd }: WindowSummary) => ({
  refusals: wholeNumber(journal.refusals),
  expiredUsd: usdNumber(journal.expiredNanoUsd),
  unattributedUsd: usdNumber(unattributedNanoUsd),
  journal: journal.isWhole ? 'whole' : 'part',
  byModel: namedShares(journal.byModel),
  otherModels: shareOf(journal.byModel.others ?? NOTHING),
  byKey: namedShares(journal.byKey),
  otherKeys: shareOf(journal.byKey.others ?? NOTHING),
});

const NOTHING: Share = { settledNanoUsd: ZERO_USD, requests: 0 };

const shareOf = ({ settledNanoUsd, requests }: Share) => ({
  settledUsd: usdNumber(settledNanoUsd),
  requests: wholeNumber(requests),
});

const namedShares = ({ named }: Shares) =>
  Object.fromEntries([...named].map(([name, share]) => [name, shareOf(share)]));

/** The entry of the list of closed counters; written before the counter is closed. */
export const closedEntryWrite = (closed: ClosedCounter): KeyedWrite => ({
  key: closedEntryKey(closed),
  write: setAll(
    {
      counterPk: closed.counter.pk,
      counterSk: closed.counter.sk,
      windowEndsAt: isoText(closed.windowEndsAtMs),
      closedAt: isoText(closed.closedAtMs),
      v: ITEM_VERSION,
    },
    'attribute_not_exists(closedAt) or closedAt < :a3',
  ),
});

/** Sorted by the end of the window. */
export const closedEntryKey = ({ counter, windowEndsAtMs }: ClosedCounter): CounterKey => ({
  pk: CLOSED_PARTITION,
  sk: `${isoText(windowEndsAtMs)}#${hashOf(counter)}`,
});

/**
 * Takes a counter off the sparse index, if nothing has happened on it since it was read: every
 * reserve counts a request, and every other write of a reservation counts an end.
 */
export function closeWrite({ state, tally }: OpenCounter): CounterWrite {
  const still = (name: string, isZero: boolean): string =>
    isZero ? `(attribute_not_exists(${name}) or ${name} = :${name})` : `${name} = :${name}`;
  const conditions = [
    '#open = :open',
    still('inFlight', true),
    still('committedUsd', state.committedNanoUsd === ZERO_USD),
    still('requests', tally.requests === 0),
    still('ends', tally.ends === 0),
  ];
  return {
    UpdateExpression: 'REMOVE #open',
    ConditionExpression: conditions.join(' and '),
    ExpressionAttributeNames: { '#open': TABLE.openKey },
    ExpressionAttributeValues: {
      ':open': OPEN,
      ':inFlight': NumberValue.from('0'),
      ':committedUsd': usdNumber(state.committedNanoUsd),
      ':requests': wholeNumber(tally.requests),
      ':ends': wholeNumber(tally.ends),
    },
  };
}
