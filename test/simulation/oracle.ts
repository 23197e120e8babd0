/**
 * The judge of a simulated run: what must hold after every step, and at rest.
 *
 * It knows the truth from both sides, from every write that the table applied and from Bedrock's
 * own book, and shares no code with what it judges but the items' attribute names.
 */
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Cap } from '../../lambda/domain/cap.ts';
import { costOf, type Price } from '../../lambda/domain/price.ts';
import type { SimulatedTable, TableCommand } from './simulated-table.ts';
import type { TokenCounts } from './simulated-upstream.ts';
import type { RequestRun, SettingsVersion } from './world.ts';

/** A rule that did not hold; its message says which, where and by how much. */
export class Violation extends Error {}

/** A counter's books in nano-dollars, read without the adapter's code. */
interface Books {
  readonly committed: bigint;
  readonly settled: bigint;
  readonly reservations: ReadonlyMap<string, bigint>;
  readonly expired: ReadonlyMap<string, bigint>;
  readonly cutUntilMs: number;
}

interface Standing {
  readonly counterPk: string;
  readonly counterSk: string;
  /** `committedUsd` right after it was reserved, itself included. */
  readonly committedWith: bigint;
  ends: number;
  lates: number;
}

interface RequestRecord {
  readonly run: RequestRun;
  readonly standings: Map<string, Standing>;
  /** What this request has added to `settledUsd`, by counter. */
  readonly charged: Map<string, bigint>;
  billed: bigint;
  sends: number;
  billedCounters: string[];
  /** The reservation that it rests on: the newest that it asked for. */
  reservationId: string;
}

export interface OracleRules {
  readonly table: SimulatedTable;
  readonly price: Price;
  readonly settings: readonly SettingsVersion[];
  readonly settingsMaxAgeMs: number;
  readonly nowMs: () => number;
}

const NANO_DIGITS = 9;
const TOMBSTONE = 0n;

/** Decimal dollars as nano-dollars. */
function nano(value: unknown): bigint {
  const text = String(value);
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const amount = BigInt(whole + fraction.padEnd(NANO_DIGITS, '0').slice(0, NANO_DIGITS));
  return text.startsWith('-') ? -amount : amount;
}

function booksOf(item: Readonly<Record<string, unknown>> | undefined): Books {
  const reservations = new Map<string, bigint>();
  const expired = new Map<string, bigint>();
  for (const [name, value] of Object.entries(item ?? {})) {
    if (name.startsWith('r:')) reservations.set(name.slice(2), nano(value));
    if (name.startsWith('x:')) expired.set(name.slice(2), nano(value));
  }
  return {
    committed: nano(item?.committedUsd ?? 0),
    settled: nano(item?.settledUsd ?? 0),
    reservations,
    expired,
    cutUntilMs: Number(String(item?.cutUntilMs ?? 0)),
  };
}

const reservationIdOf = (command: UpdateCommand): string =>
  (command.input.ExpressionAttributeNames?.['#r'] ?? 'r:').slice(2);

const capIdOf = (pk: string): string => pk.split('#')[1] ?? '';
const counterName = (pk: string, sk: string): string => `${pk}/${sk}`;

export class Oracle {
  readonly #rules: OracleRules;
  readonly #records = new Map<string, RequestRecord>();
  readonly #runOfId = new Map<string, RequestRun>();
  readonly #billedOfCounter = new Map<string, bigint>();
  #isDirty = false;
  #first: Violation | undefined;
  /** Writes that were applied, refused, and reservations that came back after their tombstone. */
  readonly counts = { applied: 0, refused: 0, reserved: 0, expired: 0, late: 0, billed: 0 };

  constructor(rules: OracleRules) {
    this.#rules = rules;
  }

  /** Kept beside being thrown: code under test may catch what is thrown into it. */
  #fail(message: string): never {
    const violation = new Violation(message);
    this.#first ??= violation;
    throw violation;
  }

  #recordOf(run: RequestRun): RequestRecord {
    const known = this.#records.get(run.name);
    if (known !== undefined) return known;
    const record: RequestRecord = {
      run,
      standings: new Map(),
      charged: new Map(),
      billed: 0n,
      sends: 0,
      billedCounters: [],
      reservationId: '',
    };
    this.#records.set(run.name, record);
    return record;
  }

  /** A request asks for a write, whatever becomes of it. */
  attempted(command: TableCommand, run: RequestRun | undefined): void {
    if (!(command instanceof UpdateCommand) || run === undefined) return;
    const id = reservationIdOf(command);
    if (this.#runOfId.has(id)) return;
    this.#runOfId.set(id, run);
    this.#recordOf(run).reservationId = id;
  }

  /** The books that a write is about to change. */
  snapshot(command: TableCommand): Books | undefined {
    return command instanceof UpdateCommand ? this.#booksAt(command) : undefined;
  }

  #booksAt(command: UpdateCommand): Books {
    const key = command.input.Key as { pk: string; sk: string };
    return booksOf(this.#rules.table.item(key.pk, key.sk));
  }

  /** A write took effect. */
  applied(command: TableCommand, before: Books | undefined): void {
    if (!(command instanceof UpdateCommand) || before === undefined) return;
    this.counts.applied += 1;
    this.#isDirty = true;
    const key = command.input.Key as { pk: string; sk: string };
    const after = this.#booksAt(command);
    const id = reservationIdOf(command);
    const owner = this.#runOfId.get(id);
    if (owner === undefined) return;
    const record = this.#recordOf(owner);
    const counter = counterName(key.pk, key.sk);
    const change = after.settled - before.settled;
    record.charged.set(counter, (record.charged.get(counter) ?? 0n) + change);
    this.#judgeTransition(record, key, id, before, after);
  }

  #judgeTransition(
    record: RequestRecord,
    key: { pk: string; sk: string },
    id: string,
    before: Books,
    after: Books,
  ): void {
    const counter = counterName(key.pk, key.sk);
    const standing = `${counter}|${id}`;
    const was = before.reservations.get(id) ?? TOMBSTONE;
    const is = after.reservations.get(id) ?? TOMBSTONE;
    if (was === TOMBSTONE && is !== TOMBSTONE) {
      this.counts.reserved += 1;
      if (record.standings.has(standing)) this.#fail(`${standing} was reserved twice`);
      record.standings.set(standing, {
        counterPk: key.pk,
        counterSk: key.sk,
        committedWith: after.committed,
        ends: 0,
        lates: 0,
      });
      return;
    }
    const known = record.standings.get(standing);
    if (known === undefined) return;
    if (was !== TOMBSTONE && is === TOMBSTONE) {
      known.ends += 1;
      if (after.expired.has(id)) this.counts.expired += 1;
    }
    if (before.expired.has(id) && !after.expired.has(id)) {
      known.lates += 1;
      this.counts.late += 1;
    }
    if (known.ends > 1) this.#fail(`${standing} ended ${known.ends} times`);
    if (known.lates > 1) this.#fail(`${standing} was settled late ${known.lates} times`);
  }

  /**
   * committed <= the largest limit that the gateway can have read for this request. Judged when it
   * sends: a reservation made by older settings is no admission until the new ones confirm it.
   */
  #judgeAdmission(record: RequestRecord, { counterPk, committedWith }: Standing): void {
    const limit = this.#largestLimit(capIdOf(counterPk), record.run);
    if (limit === undefined || committedWith <= limit) return;
    this.#fail(
      `${record.run.name} was admitted on ${counterPk}: committed ${committedWith} > limit ${limit}`,
    );
  }

  /** Undefined where the cap only warned, in any version that could have been read. */
  #largestLimit(capId: string, run: RequestRun): bigint | undefined {
    let largest: bigint | undefined;
    for (const { caps } of this.#versionsSeenBy(run)) {
      const cap = caps.find((one) => one.capId === capId);
      if (cap === undefined) continue;
      if (cap.action === 'warn') return undefined;
      if (largest === undefined || cap.limitNanoUsd > largest) largest = cap.limitNanoUsd;
    }
    return largest ?? 0n;
  }

  /** Every version that stood at any time since the oldest reading that the request may use. */
  #versionsSeenBy(run: RequestRun): SettingsVersion[] {
    const { settings, settingsMaxAgeMs } = this.#rules;
    const sinceMs = run.startedAtMs - settingsMaxAgeMs;
    return settings.filter((_, index) => (settings[index + 1]?.fromMs ?? Infinity) >= sinceMs);
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
    if (values[':limitMinusA'] === undefined) return;
    const id = reservationIdOf(command);
    const hasRoom = before.committed <= nano(values[':limitMinusA']);
    const isKnown = before.reservations.has(id) || before.expired.has(id);
    const isShut = before.cutUntilMs >= Number(String(values[':now']));
    if (hasRoom && !isKnown && !isShut) this.#fail(`${id} was refused for nothing`);
  }

  /** The gateway sends: once, and upon a reservation on every cap that must be read to cover it. */
  sending(run: RequestRun | undefined): void {
    if (run === undefined) this.#fail('a request was sent on nobody’s behalf');
    const record = this.#recordOf(run);
    record.sends += 1;
    if (record.sends > 1) this.#fail(`${run.name} was sent twice`);
    const held = new Set<string>();
    for (const [standing, one] of record.standings) {
      const { counterPk, counterSk } = one;
      const id = standing.split('|')[1] ?? '';
      if (id !== record.reservationId) continue;
      this.#judgeAdmission(record, one);
      const books = booksOf(this.#rules.table.item(counterPk, counterSk));
      const amount = books.reservations.get(id) ?? books.expired.get(id) ?? TOMBSTONE;
      if (amount !== TOMBSTONE) held.add(counterName(counterPk, counterSk));
    }
    record.billedCounters = [...held];
    const heldCaps = new Set([...held].map((counter) => capIdOf(counter.split('/')[0] ?? '')));
    for (const capId of this.#certainCaps(run)) {
      if (!heldCaps.has(capId)) this.#fail(`${run.name} was sent past cap ${capId}`);
    }
  }

  /** Enforced caps that every reading the request may rest on holds. */
  #certainCaps(run: RequestRun): string[] {
    const [first, ...rest] = this.#versionsSeenBy(run);
    const isEnforced = (cap: Cap | undefined) => cap !== undefined && cap.action !== 'warn';
    return (first?.caps ?? [])
      .filter(
        (cap) =>
          isEnforced(cap) &&
          rest.every(({ caps }) => isEnforced(caps.find(({ capId }) => capId === cap.capId))),
      )
      .map(({ capId }) => capId);
  }

  /** Bedrock bills a request, by its own book. */
  billed(run: RequestRun | undefined, tokens: TokenCounts): void {
    if (run === undefined) this.#fail('a request was billed on nobody’s behalf');
    const record = this.#recordOf(run);
    const cost = this.costOf(tokens);
    record.billed += cost;
    this.counts.billed += 1;
    this.#isDirty = true;
    for (const counter of record.billedCounters) {
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
    if (!this.#isDirty) return;
    this.#isDirty = false;
    for (const item of this.#counters()) {
      const { pk, sk } = item as { pk: string; sk: string };
      const books = booksOf(item);
      const name = counterName(pk, sk);
      let reserved = 0n;
      for (const amount of books.reservations.values()) reserved += amount;
      if (books.committed !== books.settled + reserved) {
        this.#fail(`${name}: committed ${books.committed} != ${books.settled} + ${reserved}`);
      }
      const billed = this.#billedOfCounter.get(name) ?? 0n;
      if (billed > books.committed) {
        this.#fail(`${name}: billed ${billed} > committed ${books.committed}`);
      }
    }
  }

  *#counters(): Iterable<Readonly<Record<string, unknown>>> {
    for (const item of this.#rules.table.items()) {
      if (String(item.pk).startsWith('COUNTER#')) yield item;
    }
  }

  /**
   * At rest: nothing in flight, and every request charged at least what it was billed.
   *
   * @param isExact whether the request's answer and settlement met nothing that hides its cost
   */
  judgeRest(isExact: (name: string) => boolean): void {
    for (const item of this.#counters()) {
      const books = booksOf(item);
      const name = counterName(String(item.pk), String(item.sk));
      const inFlight = [...books.reservations.values()].filter((amount) => amount !== TOMBSTONE);
      if (inFlight.length > 0 || books.committed !== books.settled) {
        this.#fail(`${name} is not at rest: ${inFlight.length} in flight`);
      }
      if (nano(item.inFlight ?? 0) !== 0n) {
        this.#fail(`${name} is at rest but counts ${String(item.inFlight)} in flight`);
      }
    }
    for (const record of this.#records.values()) this.#judgeCharges(record, isExact);
  }

  #judgeCharges(record: RequestRecord, isExact: (name: string) => boolean): void {
    for (const counter of record.billedCounters) {
      const charged = record.charged.get(counter) ?? 0n;
      const { name } = record.run;
      if (charged < record.billed) {
        this.#fail(`${name} on ${counter}: charged ${charged} < billed ${record.billed}`);
      }
      if (isExact(name) && charged !== record.billed) {
        this.#fail(`${name} on ${counter}: charged ${charged} != billed ${record.billed}`);
      }
    }
  }
}
