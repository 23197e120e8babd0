/**
 * A table of DynamoDB that takes time, and refuses what passes the write units of one item.
 *
 * It stands where the document client stands. What a write does is the simulated table's; here is
 * what it costs and when it is answered.
 *
 * Invariant: a throttled write takes no effect and costs nothing, as AWS documents it.
 * Not here:  burst and adaptive capacity, the queue before one item, faults. The journal's writes
 *            take time only: they are of other items, one each.
 */
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Scheduler } from '../simulation/scheduler.ts';
import type { Random } from '../simulation/seeded-random.ts';
import type { SimulatedTable, TableCommand } from '../simulation/simulated-table.ts';

/** Most that one partition, and so one item, takes in a second. */
export const UNITS_PER_SECOND = 1_000;
const UNIT_BYTES = 1024;

/**
 * AWS says "single-digit milliseconds" of DynamoDB and no more. So this is an assumption: half of
 * the answers within 4 ms, 99 of 100 within 10, as a lognormal distribution has it.
 */
const MEDIAN_MS = 4;
const P99_MS = 10;
const NORMAL_P99 = 2.326;
const SIGMA = Math.log(P99_MS / MEDIAN_MS) / NORMAL_P99;

export interface MeteredTable {
  readonly client: DynamoDBDocumentClient;
  /** Writes that were throttled so far. */
  throttled(): number;
  /** Write units that were consumed so far. */
  units(): number;
}

export interface MeteredTableOptions {
  readonly table: SimulatedTable;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Told of each write that took effect: the attributes that it left, and the item's bytes. */
  readonly onWritten: (attributes: Readonly<Record<string, unknown>>, bytes: number) => void;
}

/** Write units of an item of so many bytes. */
export const unitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / UNIT_BYTES));

export function createMeteredTable(options: MeteredTableOptions): MeteredTable {
  const { scheduler, random, table } = options;
  const buckets = new Map<string, Bucket>();
  const figures = { throttled: 0, units: 0 };

  const write = (command: UpdateCommand): unknown => {
    const { pk, sk } = command.input.Key as { readonly pk: string; readonly sk: string };
    const bucket = buckets.get(pk) ?? new Bucket(scheduler.nowMs);
    buckets.set(pk, bucket);
    const before = table.bytes(pk, sk);
    if (!bucket.holds(unitsOf(before), scheduler.nowMs)) {
      figures.throttled += 1;
      throw throttled();
    }
    let after = before;
    try {
      const output = table.apply(command);
      after = table.bytes(pk, sk);
      options.onWritten(output.Attributes ?? {}, after);
      return output;
    } finally {
      // The larger of both sizes; a condition that fails costs the item that stands there.
      const cost = unitsOf(Math.max(before, after));
      bucket.take(cost);
      figures.units += cost;
    }
  };
  const answer = (command: TableCommand): unknown => {
    if (command instanceof UpdateCommand) return write(command);
    return command instanceof GetCommand ? table.apply(command) : {};
  };
  const send = (command: TableCommand): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const latencyMs = MEDIAN_MS * Math.exp(SIGMA * standardNormal(random));
      scheduler.after(latencyMs / 2, () => {
        let settle: () => void;
        try {
          const output = answer(command);
          settle = () => resolve(output);
        } catch (error) {
          settle = () => reject(error);
        }
        scheduler.after(latencyMs / 2, settle);
      });
    });
  return {
    client: { send } as unknown as DynamoDBDocumentClient,
    throttled: () => figures.throttled,
    units: () => figures.units,
  };
}

/** A second's units, refilled as time goes on; what is not used is not kept for longer. */
class Bucket {
  #units = UNITS_PER_SECOND;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  holds(units: number, nowMs: number): boolean {
    const refilled = this.#units + ((nowMs - this.#atMs) * UNITS_PER_SECOND) / 1000;
    this.#units = Math.min(UNITS_PER_SECOND, refilled);
    this.#atMs = nowMs;
    return this.#units >= units;
  }

  take(units: number): void {
    this.#units -= units;
  }
}

/** By Box and Muller. */
const standardNormal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

const throttled = (): DynamoDBServiceException =>
  new DynamoDBServiceException({
    name: 'ProvisionedThroughputExceededException',
    message: 'The level of configured provisioned throughput for the table was exceeded.',
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  });
