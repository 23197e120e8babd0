/**
 * What every rule of the ledger's contract is tried on: a counter of its own, a clock that the
 * test moves, a client whose answers the test can lose, and books that are audited when read.
 */
import { randomUUID } from 'node:crypto';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import {
  countOf,
  expiredOf,
  reservationsOf,
  stateOf,
} from '../../lambda/adapters/ledger/counter-item.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { createDynamoMaintenance } from '../../lambda/adapters/ledger/dynamo-maintenance.ts';
import { addUsd, formatUsd, sumUsd } from '../../lambda/domain/money.ts';
import {
  type CounterHold,
  type CounterKey,
  type ReservationId,
  reservationId,
} from '../../lambda/domain/reservation.ts';
import type { Ledger, LedgerMaintenance, ReserveOutcome } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import { type FaultyClient, withFaults } from '../helpers/faulty-client.ts';
import type { LedgerTable } from '../helpers/ledger-table.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

/** How long a reservation of the bench lives before it is stale. */
export const LIFE_MS = 600_000;

/** A counter as a person would read it in the console: decimal dollars. */
export interface Books {
  readonly committed: string;
  readonly settled: string;
  readonly inFlight: number;
  /** `r:` amounts by reservation; "0.00" is a tombstone. */
  readonly reservations: Readonly<Record<string, string>>;
  /** `x:` amounts by reservation. */
  readonly expired: Readonly<Record<string, string>>;
  readonly cutUntilMs: number;
}

export interface ReserveChoices {
  /** Dollars; `none` for a warn cap. Default "10". */
  readonly limit?: string;
  readonly id?: ReservationId;
}

export interface Bench {
  readonly ledger: Ledger;
  readonly maintenance: LedgerMaintenance;
  readonly clock: VirtualClock;
  readonly faults: FaultyClient;
  readonly counter: CounterKey;
  /** A new reservation id that is stale LIFE_MS from now. */
  newId(): ReservationId;
  /** Reserves dollars on the bench's counter. */
  reserve(amount: string, choices?: ReserveChoices): Promise<ReserveOutcome>;
  /** The same, and fails the test where it is not reserved. */
  hold(amount: string, choices?: ReserveChoices): Promise<CounterHold>;
  /** The counter as it stands; fails the test where its numbers contradict one another. */
  books(): Promise<Books>;
}

/** A bench on a counter that nothing was ever written to. */
export function createBench(table: LedgerTable, maxInFlight = 2_000): Bench {
  const observer = table.connect();
  const faults = withFaults(table.connectAsGateway());
  const clock = createVirtualClock();
  const place = { dynamo: faults.calls, tableName: table.tableName, clock };
  const ledger = createDynamoLedger({ ...place, maxInFlight, journalDays: 90 });
  const counter = { pk: `COUNTER#${randomUUID()}`, sk: 'lifetime' };
  const newId = (): ReservationId =>
    reservationId(clock.nowMs() + LIFE_MS, clock.randomCharacters(10));

  const reserve: Bench['reserve'] = (amount, { limit = '10', id = newId() } = {}) =>
    ledger.reserve({
      counter,
      reservationId: id,
      amountNanoUsd: usd(amount),
      shownLimitNanoUsd: usd(limit === 'none' ? '0' : limit),
      ...(limit === 'none' ? {} : { limitNanoUsd: usd(limit) }),
    });

  return {
    ledger,
    maintenance: createDynamoMaintenance(place),
    clock,
    faults,
    counter,
    newId,
    reserve,
    hold: async (amount, choices) => {
      const outcome = await reserve(amount, choices);
      if (outcome.kind !== 'reserved') expect.fail(`not reserved: ${JSON.stringify(outcome.kind)}`);
      return outcome.hold;
    },
    books: () => auditedBooks(observer, table.tableName, counter),
  };
}

/** Reads a counter past the adapter and checks that committed = settled + the sum of r:*. */
async function auditedBooks(
  client: DynamoDBDocumentClient,
  TableName: string,
  counter: CounterKey,
): Promise<Books> {
  const { Item = {} } = await client.send(
    new GetCommand({ TableName, Key: { ...counter }, ConsistentRead: true }),
  );
  const state = stateOf(Item);
  const standing = reservationsOf(Item);
  const reserved = sumUsd(standing.map(({ amountNanoUsd }) => amountNanoUsd));
  const live = standing.filter(({ amountNanoUsd }) => amountNanoUsd > 0n);

  expect(state.committedNanoUsd, 'committed').toBe(addUsd(state.settledNanoUsd, reserved));
  expect(state.inFlight, 'inFlight').toBe(live.length);
  expect(state.settledNanoUsd >= 0n, 'settled is not negative').toBe(true);

  const asText = (amounts: typeof standing) =>
    Object.fromEntries(amounts.map(({ id, amountNanoUsd }) => [id, formatUsd(amountNanoUsd)]));
  return {
    committed: formatUsd(state.committedNanoUsd),
    settled: formatUsd(state.settledNanoUsd),
    inFlight: state.inFlight,
    reservations: asText(standing),
    expired: asText(expiredOf(Item)),
    cutUntilMs: countOf(Item, 'cutUntilMs'),
  };
}
