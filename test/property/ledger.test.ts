/**
 * The ledger beside a reference of thirty lines: every answer, and the books after every step.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { createDynamoMaintenance } from '../../lambda/adapters/ledger/dynamo-maintenance.ts';
import { type NanoUsd, nanoUsd } from '../../lambda/domain/money.ts';
import { reservationId } from '../../lambda/domain/reservation.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { createSimulatedTable, type TableCommand } from '../simulation/simulated-table.ts';

const COUNTER = { pk: 'COUNTER#team', sk: 'lifetime' };
const IDS = 4;

/** What a ledger is, without stores, retries, tombstones and clocks. */
class Reference {
  readonly limit: bigint;
  settled = 0n;
  readonly standing = new Map<number, bigint>();
  readonly expired = new Map<number, bigint>();

  constructor(limit: bigint) {
    this.limit = limit;
  }
  get committed(): bigint {
    return [...this.standing.values()].reduce((sum, amount) => sum + amount, this.settled);
  }
  reserve(id: number, amount: bigint): string {
    if (amount > this.limit) return 'larger-than-limit';
    if (this.settled + amount > this.limit) return 'spent';
    if (this.committed + amount > this.limit) return 'reserved-in-flight';
    this.standing.set(id, amount);
    return 'reserved';
  }
  end(id: number, cost: bigint): string {
    const late = this.expired.get(id) ?? 0n;
    if (!this.standing.delete(id) && !this.expired.delete(id)) return 'already-ended';
    this.settled += cost - late;
    return 'ended';
  }
  expire(id: number): boolean {
    const amount = this.standing.get(id);
    if (amount === undefined) return false;
    this.standing.delete(id);
    this.expired.set(id, amount);
    this.settled += amount;
    return true;
  }
}

type Step =
  | { readonly kind: 'reserve'; readonly amount: bigint }
  | {
      readonly kind: 'settle' | 'release' | 'expire';
      readonly which: number;
      readonly part: number;
    };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('reserve' as const), amount: fc.bigInt(1n, 12n) }),
  fc.record({
    kind: fc.constantFrom('settle' as const, 'release' as const, 'expire' as const),
    which: fc.nat({ max: IDS - 1 }),
    part: fc.integer({ min: 0, max: 10 }),
  }),
);

function createRealLedger(limitNanoUsd: NanoUsd) {
  const table = createSimulatedTable();
  const send = async (command: TableCommand) => table.apply(command as never);
  const client = { send } as unknown as DynamoDBDocumentClient;
  const options = {
    dynamo: documentCalls(client),
    tableName: 'ledger',
    clock: createVirtualClock(),
  };
  const ledger = createDynamoLedger({ ...options, maxInFlight: 2_000, journalDays: 1 });
  const maintenance = createDynamoMaintenance(options);
  const holdOf = (id: number, amount: bigint) => ({
    counter: COUNTER,
    reservationId: reservationId(Date.UTC(2026, 2, 3), String(id).padStart(10, '0')),
    reservedNanoUsd: nanoUsd(amount),
    ambiguous: false,
  });
  return {
    ledger,
    maintenance,
    holdOf,
    async reserve(id: number, amount: bigint): Promise<string> {
      const { counter, reservationId: own, reservedNanoUsd } = holdOf(id, amount);
      const outcome = await ledger.reserve({
        counter,
        reservationId: own,
        amountNanoUsd: reservedNanoUsd,
        limitNanoUsd,
        shownLimitNanoUsd: limitNanoUsd,
      });
      return outcome.kind === 'refused' ? outcome.reason : outcome.kind;
    },
    books: async () => (await ledger.read(COUNTER)) ?? { settledNanoUsd: 0n, committedNanoUsd: 0n },
  };
}

type RealLedger = ReturnType<typeof createRealLedger>;

/** One step on both; what each of them says of it. */
async function onBoth(
  one: Step,
  reference: Reference,
  real: RealLedger,
  amounts: bigint[],
): Promise<readonly [unknown, unknown]> {
  if (one.kind === 'reserve') {
    const id = amounts.push(one.amount) - 1;
    return [await real.reserve(id, one.amount), reference.reserve(id, one.amount)];
  }
  const { which } = one;
  const amount = amounts[which];
  if (amount === undefined) return [undefined, undefined];
  const hold = real.holdOf(which, amount);
  if (one.kind === 'expire') {
    const { counter, reservationId: id, reservedNanoUsd } = hold;
    const isExpired = await real.maintenance.expire(counter, id, reservedNanoUsd);
    return [isExpired, reference.expire(which)];
  }
  if (one.kind === 'release') {
    return [(await real.ledger.release(hold)).kind, reference.end(which, 0n)];
  }
  const cost = (amount * BigInt(one.part)) / 10n;
  return [(await real.ledger.settle(hold, nanoUsd(cost))).kind, reference.end(which, cost)];
}

it('answers and counts as the reference does, whatever is done in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.bigInt(0n, 30n),
      fc.array(step, { maxLength: 30 }),
      async (limit, steps) => {
        const reference = new Reference(limit);
        const real = createRealLedger(nanoUsd(limit));
        const amounts: bigint[] = [];
        for (const one of steps) {
          const [told, expected] = await onBoth(one, reference, real, amounts);

          expect(told).toBe(expected);
          const { settled: settledNanoUsd, committed: committedNanoUsd } = reference;
          expect(await real.books()).toMatchObject({ settledNanoUsd, committedNanoUsd });
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
