/**
 * Random scripts of the ledger's own writes, on few reservations of one counter or two, so that
 * most of what can stand on a counter is met by most of what can be written to it.
 */
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import {
  type CounterWrite,
  type EndWrite,
  expireWrite,
  fenceWrite,
  lateSettleWrite,
  removeTombstoneWrite,
  reserveWrite,
  settleWrite,
} from '../../lambda/adapters/ledger/counter-writes.ts';
import { nanoUsd } from '../../lambda/domain/money.ts';
import type { Random } from './seeded-random.ts';
import type { TableCommand } from './simulated-table.ts';

/** One command, and what it is called in a count of what was met. */
export interface Step {
  readonly kind: string;
  readonly command: TableCommand;
}

const WINDOWS = ['daily:2026-10-25T00+02:00@Europe/Paris', 'lifetime'];
const IDS = ['tgrc5fa1b2c3d4e5', 'tgrc5gzzzzzzzzzz', 'tgrc5h0123456789'];
const AMOUNTS = [1n, 12_500_000_000n, 999_999_999n, 100_000_000_000_000_001n];
const LIMITS = [1n, 13_500_000_000n, 25_000_000_000n, 1_000_000_000_000_000_000n];
const NOW_MS = 1_792_900_000_000;

/** `count` steps on the counters of that partition key. */
export function ledgerScript(random: Random, pk: string, count: number): Step[] {
  return Array.from({ length: count }, (): Step => {
    const Key = { pk, sk: random.chance(0.8) ? 'lifetime' : random.pick(WINDOWS) };
    if (random.chance(0.05)) {
      const command = new GetCommand({ TableName: 'ledger', Key, ConsistentRead: true });
      return { kind: 'get', command };
    }
    const kind = random.pick(KINDS);
    const command = new UpdateCommand({
      TableName: 'ledger',
      Key,
      ...WRITES[kind](random),
      ReturnValues: 'UPDATED_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return { kind, command };
  });
}

/** Mostly the amount that goes with the id, so that comparisons with it hold. */
function reservation(random: Random) {
  const index = random.int(IDS.length);
  const usual = AMOUNTS[index] ?? 0n;
  const amount = random.chance(0.9) ? usual : random.pick(AMOUNTS);
  return { id: IDS[index] ?? '', amountNanoUsd: nanoUsd(amount) };
}

function reserve(random: Random, isBounded: boolean): CounterWrite {
  const limitNanoUsd = nanoUsd(random.pick(LIMITS));
  return reserveWrite({
    ...reservation(random),
    ...(isBounded ? { limitNanoUsd } : {}),
    shownLimitNanoUsd: limitNanoUsd,
    nowMs: NOW_MS + random.int(3),
    maxInFlight: random.pick([1, 2, 2_000]),
  });
}

function ending(random: Random): EndWrite {
  const { id, amountNanoUsd } = reservation(random);
  const cost = random.pick([0n, 1n, amountNanoUsd, amountNanoUsd + 7n]);
  return {
    id,
    reservedNanoUsd: amountNanoUsd,
    costNanoUsd: nanoUsd(cost),
    tombstone: random.chance(0.4),
    ...(random.chance(0.2) ? { cutUntilMs: NOW_MS + random.int(3) } : {}),
  };
}

const WRITES = {
  reserve: (random: Random) => reserve(random, true),
  'reserve under a warn cap': (random: Random) => reserve(random, false),
  settle: (random: Random) => settleWrite(ending(random)),
  'late settle': (random: Random) => lateSettleWrite(ending(random)),
  fence: (random: Random) => fenceWrite(reservation(random).id),
  expire: (random: Random) => {
    const { id, amountNanoUsd } = reservation(random);
    return expireWrite(id, amountNanoUsd);
  },
  'remove tombstone': (random: Random) => removeTombstoneWrite(reservation(random).id),
} as const;

type Kind = keyof typeof WRITES;

/** Reserves come more often: all else needs one. */
const KINDS: readonly Kind[] = [
  'reserve',
  'reserve',
  'reserve',
  'reserve under a warn cap',
  'settle',
  'settle',
  'late settle',
  'late settle',
  'fence',
  'expire',
  'expire',
  'remove tombstone',
];

/** Every write that these scripts know, each of which must be met accepted and refused. */
export const LEDGER_WRITES: readonly string[] = Object.keys(WRITES);
