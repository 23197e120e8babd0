/**
 * The judge of a simulated run: what must hold after every step, and at rest.
 *
 * It knows the truth from both sides, from every write that the table applied and from Bedrock's
 * own book, and shares no code with what it judges but the items' attribute names.
 */
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { CapRefusal } from '../../lambda/application/guarded-request.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { costOf, type Price } from '../../lambda/domain/price.ts';
import {
  type Books,
  booksOf,
  capIdOf,
  counterName,
  nano,
  shapeOf,
  standingIn,
  TOMBSTONE,
} from './counter-books.ts';
import { chargeName, type Journal, journalled, readJournal } from './journal-judge.ts';
import type { SimulatedTable, TableCommand } from './simulated-table.ts';
import type { TokenCounts } from './simulated-upstream.ts';
import type { RequestRun, SettingsVersion } from './world.ts';

/** A rule that did not hold; its message says which, where and by how much. */
export class Violation extends Error {}

/** One reservation on one counter, from its reserve on. */
interface Standing {
  readonly counter: string;
  readonly id: string;
  /** `committedUsd` right after it was reserved, itself included. */
  readonly committedWith: bigint;
  /** What stood last before it ended. */
  amount: bigint;
  /** What it has added to `settledUsd`. */
  charged: bigint;
  ends: number;
  lates: number;
}

/** What the settings said when they were read. */
export interface Reading {
  readonly caps: readonly Cap[];
  readonly isKeyEnabled: boolean;
}

interface RequestRecord {
  readonly run: RequestRun;
  readonly standings: Map<string, Standing>;
  /** Counters that have refused it room. */
  readonly refusedBy: Set<string>;
  billed: bigint;
  sends: number;
  billedCounters: string[];
  /** Those of them whose cap reserves this request as it goes: they may be charged less. */
  softCounters: ReadonlySet<string>;
  /** The reservation that it rests on: the newest that it asked for. */
  reservationId: string;
  /** The settings that it was given last. */
  reading: Reading | undefined;
  hasUsage: boolean;
  /** Extensions that it asked for, by counter and amount. */
  readonly extensions: Set<string>;
  /** Counters of which a call went wrong. */
  readonly hurtOn: Set<string>;
  /** Something befell the write of its journal entry. */
  isEntryHurt: boolean;
}

/** How a request ended, as the run saw it. */
export interface RequestEnd {
  readonly name: string;
  /** It came to its end; its gateway did not die under it. */
  readonly isDone: boolean;
  /** It was refused by Bedrock, unbilled, and the gateway heard of it. */
  readonly isFree: boolean;
  /** A reserve or a settle of it was given up, as the log says. */
  readonly hasLeftHolds: boolean;
}

export interface OracleRules {
  readonly table: SimulatedTable;
  readonly price: Price;
  readonly settings: readonly SettingsVersion[];
  readonly settingsMaxAgeMs: number;
  /** The least that a request of the run reserves. */
  readonly smallestNanoUsd: bigint;
}

const reservationIdOf = (command: UpdateCommand): string =>
  (command.input.ExpressionAttributeNames?.['#r'] ?? 'r:').slice(2);

/** The limit that an extension goes by; undefined where the write is none. */
function limitOfExtension(input: UpdateCommand['input']): bigint | undefined {
  const { ':limitMinusDelta': least, ':delta': delta } = input.ExpressionAttributeValues ?? {};
  return least === undefined ? undefined : nano(least) + nano(delta);
}

interface Key {
  readonly pk: string;
  readonly sk: string;
}

const isCounter = ({ pk }: Key): boolean => pk.startsWith('COUNTER#');

export class Oracle {
  readonly #rules: OracleRules;
  readonly #records = new Map<string, RequestRecord>();
  readonly #runOfId = new Map<string, RequestRun>();
  readonly #billedOfCounter = new Map<string, bigint>();
  readonly #books = new Map<string, Books>();
  readonly #shapes = new Map<string, string>();
  readonly #changed = new Set<string>();
  /** By event: whether nothing had befallen any run that told it. */
  readonly #told = new Map<string, boolean>();
  /** What was settled on counters that were deleted since. */
  readonly #deleted = new Map<string, bigint>();
  #first: Violation | undefined;
  /** What the table and Bedrock did, and how much of it the rest was judged by. */
  readonly counts = {
    applied: 0,
    refused: 0,
    reserved: 0,
    extended: 0,
    expired: 0,
    late: 0,
    cut: 0,
    billed: 0,
    told: 0,
    pruned: 0,
    'judged-exactly': 0,
    'judged-softly': 0,
    'judged-in-journal': 0,
    'not-in-journal': 0,
  };
  /** Every state that the counters were in together, by its shape. */
  readonly states = new Set<string>();
  /** Requests whose journal entry is missing, or says that it does not know: each with its reason. */
  readonly listed: string[] = [];

  constructor(rules: OracleRules) {
    this.#rules = rules;
  }

  /** A rule did not hold: the run ends with its next step. */
  found(message: string): void {
    this.#first ??= new Violation(message);
  }

  /** Kept beside being thrown: code under test may catch what is thrown into it. */
  #fail(message: string): never {
    this.found(message);
    throw new Violation(message);
  }

  #recordOf(run: RequestRun): RequestRecord {
    const known = this.#records.get(run.name);
    if (known !== undefined) return known;
    const record: RequestRecord = {
      run,
      standings: new Map(),
      refusedBy: new Set(),
      hurtOn: new Set(),
      billed: 0n,
      sends: 0,
      billedCounters: [],
      softCounters: new Set(),
      extensions: new Set(),
      reservationId: '',
      reading: undefined,
      hasUsage: false,
      isEntryHurt: false,
    };
    this.#records.set(run.name, record);
    return record;
  }

  /** A request asks for a write, whatever becomes of it. */
  attempted(command: TableCommand, run: RequestRun | undefined): void {
    if (!(command instanceof UpdateCommand) || run === undefined) return;
    const id = reservationIdOf(command);
    this.#judgeExtension(command, run);
    if (this.#runOfId.has(id)) return;
    this.#runOfId.set(id, run);
    this.#recordOf(run).reservationId = id;
  }

  /** An extension goes by the limit of the newest reading; sent again, by the one it began with. */
  #judgeExtension({ input }: UpdateCommand, run: RequestRun): void {
    const limit = limitOfExtension(input);
    if (limit === undefined) return;
    const { pk, sk } = input.Key as Key;
    const record = this.#recordOf(run);
    const extension = `${counterName(pk, sk)} ${String(input.ExpressionAttributeValues?.[':new'])}`;
    if (record.extensions.has(extension)) return;
    record.extensions.add(extension);
    const counter = counterName(pk, sk);
    const cap = record.reading?.caps.find(({ capId }) => capId === capIdOf(counter));
    if (cap !== undefined && cap.limitNanoUsd !== limit) {
      this.#fail(`${run.name} extends on ${counter} by ${limit}, and read ${cap.limitNanoUsd}`);
    }
  }

  /** Something befalls a call of the table. */
  hurt(command: TableCommand, run: RequestRun | undefined): void {
    if (run === undefined) return;
    if (command instanceof PutCommand) this.#recordOf(run).isEntryHurt = true;
    if (!(command instanceof UpdateCommand)) return;
    const { pk, sk } = command.input.Key as Key;
    this.#recordOf(run).hurtOn.add(counterName(pk, sk));
  }

  /** A request is given a reading of the settings: it is held to the newest that it was given. */
  handed(run: RequestRun, reading: Reading): void {
    this.#recordOf(run).reading = reading;
  }

  /** The final usage of a request's answer is with its gateway. */
  usageArrived(run: RequestRun | undefined): void {
    if (run !== undefined) this.#recordOf(run).hasUsage = true;
  }

  /** The books that a write is about to change. */
  snapshot(command: TableCommand): Books | undefined {
    if (!(command instanceof UpdateCommand)) return undefined;
    const key = command.input.Key as Key;
    return isCounter(key) ? this.#booksAt(key) : undefined;
  }

  #booksAt({ pk, sk }: Key): Books {
    const name = counterName(pk, sk);
    const known = this.#books.get(name);
    if (known !== undefined) return known;
    const books = booksOf(this.#rules.table.item(pk, sk));
    this.#books.set(name, books);
    return books;
  }

  /** A write took effect. */
  applied(command: TableCommand, before: Books | undefined): void {
    if (command instanceof DeleteCommand) this.#forget(command.input.Key as Key);
    if (!(command instanceof UpdateCommand) || before === undefined) return;
    this.counts.applied += 1;
    const key = command.input.Key as Key;
    const counter = counterName(key.pk, key.sk);
    this.#books.delete(counter);
    this.#changed.add(counter);
    const after = this.#booksAt(key);
    const id = reservationIdOf(command);
    if (after.cutUntilMs > before.cutUntilMs) this.counts.cut += 1;
    const owner = this.#runOfId.get(id);
    if (owner === undefined) return;
    this.#judgeTransition(this.#recordOf(owner), counter, id, before, after);
    this.#judgeDoors(command, counter, id, before, after);
    this.#judgeGrowth(command, counter, id, before, after);
  }

  /** A reserve that enforces gets past neither a cut nor the bound on what is in flight. */
  #judgeDoors(
    { input }: UpdateCommand,
    counter: string,
    id: string,
    before: Books,
    after: Books,
  ): void {
    const { ':now': now, ':maxInFlight': most } = input.ExpressionAttributeValues ?? {};
    if (now === undefined) return;
    if (before.cutUntilMs >= Number(String(now))) this.#fail(`${id} got past a cut of ${counter}`);
    if (after.inFlight > Number(String(most))) this.#fail(`${id} is too many on ${counter}`);
  }

  /** An extension makes one reservation larger, within the limit, and charges nothing. */
  #judgeGrowth(
    { input }: UpdateCommand,
    counter: string,
    id: string,
    before: Books,
    after: Books,
  ): void {
    const limit = limitOfExtension(input);
    if (limit === undefined) return;
    this.counts.extended += 1;
    const was = before.reservations.get(id) ?? TOMBSTONE;
    const is = after.reservations.get(id) ?? TOMBSTONE;
    if (was === TOMBSTONE || is <= was) this.#fail(`${id} grew from ${was} to ${is} on ${counter}`);
    if (after.committed <= limit) return;
    this.#fail(`${id} was extended on ${counter}: committed ${after.committed} > limit ${limit}`);
  }

  #forget({ pk, sk }: Key): void {
    const counter = counterName(pk, sk);
    const books = this.#books.get(counter);
    if (books !== undefined) this.#deleted.set(counter, books.settled);
    this.#books.delete(counter);
    this.#shapes.delete(counter);
    this.#changed.delete(counter);
  }

  #judgeTransition(
    record: RequestRecord,
    counter: string,
    id: string,
    before: Books,
    after: Books,
  ): void {
    const name = chargeName(counter, id);
    const was = before.reservations.get(id) ?? TOMBSTONE;
    const is = after.reservations.get(id) ?? TOMBSTONE;
    const change = after.settled - before.settled;
    const known = record.standings.get(name);
    if (was === TOMBSTONE && is !== TOMBSTONE) {
      this.counts.reserved += 1;
      if (known !== undefined) this.#fail(`${name} was reserved twice`);
      const committedWith = after.committed;
      record.standings.set(name, {
        counter,
        id,
        committedWith,
        amount: is,
        charged: change,
        ends: 0,
        lates: 0,
      });
      return;
    }
    if (known === undefined) {
      if (change !== 0n) this.#fail(`${name} was charged ${change} and never reserved`);
      return;
    }
    known.charged += change;
    if (is !== TOMBSTONE) known.amount = is;
    if (was !== TOMBSTONE && is === TOMBSTONE) {
      known.ends += 1;
      if (after.expired.has(id)) this.counts.expired += 1;
    }
    if (before.expired.has(id) && after.reservations.has(id)) {
      known.lates += 1;
      this.counts.late += 1;
    }
    if (known.ends > 1) this.#fail(`${name} ended ${known.ends} times`);
    if (known.lates > 1) this.#fail(`${name} was settled late ${known.lates} times`);
  }

  /**
   * A write's condition did not hold. For a reserve there must be a reason in the books.
   *
   * @throws Violation where there was room
   */
  refused(command: TableCommand, before: Books | undefined): void {
    if (!(command instanceof UpdateCommand) || before === undefined) return;
    this.counts.refused += 1;
    const values = command.input.ExpressionAttributeValues ?? {};
    const id = reservationIdOf(command);
    if (values[':limitMinusDelta'] !== undefined) {
      const isSame = before.reservations.get(id) === nano(values[':old']);
      const fits = before.committed <= nano(values[':limitMinusDelta']);
      if (isSame && fits) this.#fail(`the extension of ${id} was refused for nothing`);
    }
    if (values[':limitMinusA'] === undefined) return;
    const hasRoom = before.committed <= nano(values[':limitMinusA']);
    const hasPlace = before.inFlight < Number(String(values[':maxInFlight']));
    const isKnown = before.reservations.has(id) || before.expired.has(id);
    const isShut = before.cutUntilMs >= Number(String(values[':now']));
    if (hasRoom && hasPlace && !isKnown && !isShut) this.#fail(`${id} was refused for nothing`);
    const owner = this.#runOfId.get(id);
    const { pk, sk } = command.input.Key as Key;
    if (owner !== undefined) this.#recordOf(owner).refusedBy.add(counterName(pk, sk));
  }

  /** A caller is told that a cap has no room: its counter must have said so, or its limit does. */
  refusal(run: RequestRun, { charge, reason, boundNanoUsd }: CapRefusal): void {
    const record = this.#recordOf(run);
    const { pk, sk } = charge.counter;
    const cap = record.reading?.caps.find(({ capId }) => capId === charge.cap.capId);
    if (cap === undefined) this.#fail(`${run.name} was refused by ${pk}, a cap that it has not`);
    const isTooLarge = boundNanoUsd > cap.limitNanoUsd;
    if (reason === 'larger-than-limit' ? isTooLarge : record.refusedBy.has(counterName(pk, sk))) {
      return;
    }
    this.#fail(`${run.name} was refused by ${pk} as ${reason}, for nothing`);
  }

  /** The gateway sends: once, upon a reservation on every cap of a reading that is fresh enough. */
  sending(run: RequestRun | undefined, isStream: boolean): void {
    if (run === undefined) this.#fail('a request was sent on nobody’s behalf');
    const record = this.#recordOf(run);
    record.sends += 1;
    if (record.sends > 1) this.#fail(`${run.name} was sent twice`);
    const caps = this.#capsReadBy(record);
    const held = [...record.standings.values()].filter(({ id }) => id === record.reservationId);
    for (const standing of held) this.#judgeAdmission(record, caps, standing);
    record.billedCounters = held.filter((one) => this.#isHeld(one)).map(({ counter }) => counter);
    const warning = new Set(
      caps.filter(({ action }) => action === 'warn').map(({ capId }) => capId),
    );
    // A warning cap whose books are out of reach keeps nothing out, and misses the request.
    record.billedCounters = record.billedCounters.filter(
      (counter) => !(warning.has(capIdOf(counter)) && record.hurtOn.has(counter)),
    );
    const goingAlong = new Set(
      caps
        .filter(({ action, streaming }) => action !== 'warn' && streaming === 'progressive')
        .map(({ capId }) => capId),
    );
    record.softCounters = new Set(
      record.billedCounters.filter((counter) => isStream && goingAlong.has(capIdOf(counter))),
    );
    const heldCaps = new Set(record.billedCounters.map(capIdOf));
    for (const { capId, action } of caps) {
      if (action === 'warn' || heldCaps.has(capId)) continue;
      this.#fail(`${run.name} was sent past cap ${capId}`);
    }
  }

  /** What stands for a request, or was charged in full for it meanwhile. */
  #isHeld({ counter, id }: Standing): boolean {
    const books = this.#books.get(counter);
    return (books?.reservations.get(id) ?? books?.expired.get(id) ?? TOMBSTONE) !== TOMBSTONE;
  }

  /** The caps that the request was given last; they stood within the allowed age at its start. */
  #capsReadBy({ run, reading }: RequestRecord): readonly Cap[] {
    const { settings, settingsMaxAgeMs } = this.#rules;
    const sinceMs = run.startedAtMs - settingsMaxAgeMs;
    const isFresh = settings.some(
      ({ caps, isKeyEnabled }, index) =>
        caps === reading?.caps &&
        isKeyEnabled === reading.isKeyEnabled &&
        (settings[index + 1]?.fromMs ?? Infinity) >= sinceMs,
    );
    if (reading === undefined || !isFresh) this.#fail(`${run.name} was sent by old settings`);
    if (!reading.isKeyEnabled) this.#fail(`${run.name} was sent with a disabled key`);
    return reading.caps;
  }

  /**
   * committed <= the limit as the gateway read it. Judged when it sends: a reservation made by
   * older settings is no admission until the new ones confirm it.
   */
  #judgeAdmission(record: RequestRecord, caps: readonly Cap[], standing: Standing): void {
    const { counter, committedWith } = standing;
    const cap = caps.find(({ capId }) => capId === capIdOf(counter));
    if (cap?.action === 'warn') return;
    const limit = cap?.limitNanoUsd ?? 0n;
    if (committedWith <= limit) return;
    this.#fail(
      `${record.run.name} was admitted on ${counter}: committed ${committedWith} > limit ${limit}`,
    );
  }

  /** A rollover tells an event: once, while no run was hurt or had a wrong clock. */
  told(eventId: string, isWell: boolean): void {
    this.counts.told += 1;
    const wasWell = this.#told.get(eventId);
    if (wasWell === true && isWell) this.#fail(`${eventId} was told twice`);
    this.#told.set(eventId, isWell && wasWell !== false);
  }

  /** Bedrock bills a request, by its own book. */
  billed(run: RequestRun | undefined, tokens: TokenCounts): void {
    if (run === undefined) this.#fail('a request was billed on nobody’s behalf');
    const record = this.#recordOf(run);
    const cost = this.costOf(tokens);
    record.billed += cost;
    this.counts.billed += 1;
    for (const counter of record.billedCounters) {
      if (record.softCounters.has(counter)) continue;
      this.#changed.add(counter);
      this.#billedOfCounter.set(counter, (this.#billedOfCounter.get(counter) ?? 0n) + cost);
    }
  }

  costOf({ inputTokens, outputTokens }: TokenCounts): bigint {
    const none = { cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 };
    return costOf(this.#rules.price, { inputTokens, outputTokens, ...none });
  }

  /** After every step: billed <= committed, and the books add up, counter by counter. */
  check(): void {
    if (this.#first !== undefined) throw this.#first;
    if (this.#changed.size === 0) return;
    for (const counter of this.#changed) {
      const books = this.#books.get(counter);
      if (books === undefined) continue;
      const reserved = standingIn(books).reduce((sum, amount) => sum + amount, 0n);
      if (books.committed !== books.settled + reserved) {
        this.#fail(`${counter}: committed ${books.committed} != ${books.settled} + ${reserved}`);
      }
      if (books.inFlight !== standingIn(books).length) {
        this.#fail(`${counter}: ${books.inFlight} in flight, and another number stands`);
      }
      const billed = this.#billedOfCounter.get(counter) ?? 0n;
      if (billed > books.committed) {
        this.#fail(`${counter}: billed ${billed} > committed ${books.committed}`);
      }
      this.#shapes.set(
        counter,
        shapeOf(books, this.#limitOf(counter), this.#rules.smallestNanoUsd),
      );
    }
    this.#changed.clear();
    this.states.add([...this.#shapes.values()].sort().join(';'));
  }

  #limitOf(counter: string): bigint | undefined {
    const capId = capIdOf(counter);
    return this.#rules.settings.at(-1)?.caps.find((cap) => cap.capId === capId)?.limitNanoUsd;
  }

  /**
   * At rest: nothing in flight, every request charged at least what it was billed, and exactly that
   * where its final usage arrived; and the journal explains each charge.
   */
  judgeRest(ends: readonly RequestEnd[]): void {
    if (this.#first !== undefined) throw this.#first;
    const items = [...this.#rules.table.items()];
    for (const item of items) {
      const key = item as unknown as Key;
      if (!isCounter(key)) continue;
      const books = booksOf(item);
      const inFlight = standingIn(books).length;
      if (inFlight > 0 || books.inFlight !== 0 || books.committed !== books.settled) {
        this.#fail(`${counterName(key.pk, key.sk)} is not at rest: ${inFlight} in flight`);
      }
    }
    const journal = readJournal(items);
    for (const end of ends) {
      const record = this.#records.get(end.name);
      if (record === undefined) continue;
      this.#judgeCharges(record, end);
      this.#judgeJournal(record, end, journal);
    }
  }

  /**
   * Long after every window's end: each counter but those of a lifetime is deleted, and a summary
   * holds what was settled on it.
   */
  judgePruned(): void {
    const summaries = new Map<string, bigint>();
    for (const item of this.#rules.table.items()) {
      const { pk, sk } = item as unknown as Key;
      if (pk.startsWith('SUMMARY#')) {
        summaries.set(counterName(pk.replace('SUMMARY', 'COUNTER'), sk), nano(item.settledUsd));
      }
      if (pk.startsWith('COUNTER#') && sk !== 'lifetime') this.#fail(`${pk}/${sk} is still there`);
    }
    for (const [counter, settled] of this.#deleted) {
      this.counts.pruned += 1;
      const summed = summaries.get(counter) ?? 0n;
      if (summed !== settled) this.#fail(`${counter}: settled ${settled}, summed up as ${summed}`);
    }
  }

  #judgeCharges(record: RequestRecord, { isDone, isFree, hasLeftHolds }: RequestEnd): void {
    const isExact = isDone && !hasLeftHolds && (record.hasUsage || isFree);
    for (const counter of record.billedCounters) {
      let charged = 0n;
      let reserved = 0n;
      for (const one of record.standings.values()) {
        if (one.counter !== counter) continue;
        charged += one.charged;
        if (one.id === record.reservationId) reserved = one.amount;
      }
      const { name } = record.run;
      const isSoft = record.softCounters.has(counter);
      if (isSoft) this.counts['judged-softly'] += 1;
      // What a progressive counter did not see coming is at most what it had not reserved.
      if (isSoft && record.billed > 0n && !record.hasUsage && charged < reserved) {
        this.#fail(`${name} on ${counter}: charged ${charged}, ${reserved} were reserved`);
      }
      if (!isSoft && charged < record.billed) {
        this.#fail(`${name} on ${counter}: charged ${charged} < billed ${record.billed}`);
      }
      if (isExact && charged !== record.billed) {
        this.#fail(`${name} on ${counter}: charged ${charged} != billed ${record.billed}`);
      }
      if (isExact) this.counts['judged-exactly'] += 1;
    }
  }

  #judgeJournal(record: RequestRecord, end: RequestEnd, journal: Journal): void {
    const { name } = record.run;
    const mayLackEntry = !end.isDone || record.isEntryHurt;
    for (const { counter, id, charged } of record.standings.values()) {
      const told = journalled(journal, name, counter, id);
      if (told === charged) {
        this.counts['judged-in-journal'] += 1;
        continue;
      }
      const isExcused = told === undefined ? end.hasLeftHolds : mayLackEntry && told === 0n;
      if (!isExcused) {
        this.#fail(`${name} on ${counter}: charged ${charged}, and the journal says ${told}`);
      }
      this.counts['not-in-journal'] += 1;
      const why = told === undefined ? 'its settle had no answer' : 'no entry was written';
      this.listed.push(`${name} on ${counter}: charged ${charged}, ${why}`);
    }
  }
}
