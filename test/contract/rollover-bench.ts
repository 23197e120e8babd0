/**
 * A ledger table with one counter of an hour that is over, and runs of the rollover on it.
 */
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { createDynamoMaintenance } from '../../lambda/adapters/ledger/dynamo-maintenance.ts';
import { createDynamoToldMarks } from '../../lambda/adapters/ledger/dynamo-told-marks.ts';
import { createDynamoMalformedList } from '../../lambda/adapters/settings/dynamo-malformed-list.ts';
import { JournalSums } from '../../lambda/application/journal-sums.ts';
import { runRollover } from '../../lambda/application/rollover.ts';
import { DEFAULTS } from '../../lambda/contract.ts';
import type { CounterHold, CounterKey } from '../../lambda/domain/reservation.ts';
import { reservationId } from '../../lambda/domain/reservation.ts';
import type { OpenCounter } from '../../lambda/ports/ledger.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';
import { createFakeTelemetry } from '../helpers/fake-ports.ts';
import type { LedgerTable } from '../helpers/ledger-table.ts';
import { createVirtualClock, NOON_MS } from '../helpers/virtual-clock.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** The window that the clock stands in at first; it ends an hour later. */
export const TWELVE: CounterKey = { pk: 'COUNTER#team', sk: 'hourly:2026-03-02T12+00:00@UTC' };

type Item = Readonly<Record<string, unknown>>;

export function createRolloverBench(table: LedgerTable) {
  const clock = createVirtualClock();
  const client = table.connect();
  const place = (on: DynamoDBDocumentClient) => ({
    dynamo: documentCalls(on),
    tableName: table.tableName,
    clock,
  });
  const ledger = createDynamoLedger({ ...place(client), maxInFlight: 10, journalDays: 90 });
  const maintenance = createDynamoMaintenance(place(client));
  const told: string[] = [];
  const bus = { fault: async (): Promise<void> => undefined };
  const keys = ['red', 'blue'];
  const caps = [cap({ capId: 'team', window: windowRule('hourly'), alertPercents: [50, 80] })];
  const newId = () => reservationId(clock.nowMs() + 10 * MINUTE_MS, clock.randomCharacters(10));

  const items = async (): Promise<Item[]> =>
    (await client.send(new ScanCommand({ TableName: table.tableName, ConsistentRead: true })))
      .Items ?? [];

  return {
    clock,
    client,
    ledger,
    maintenance,
    newId,
    maintenanceOn: (on: DynamoDBDocumentClient) => createDynamoMaintenance(place(on)),
    /** Ids of the events that were emitted, with their names. */
    told,
    /** What an event meets before it is taken; may wait, or reject. */
    bus,
    table,
    /** Reserves dollars on the counter, under its cap of $10. */
    hold: async (amount: string, counter = TWELVE): Promise<CounterHold> => {
      const outcome = await ledger.reserve({
        counter,
        reservationId: newId(),
        amountNanoUsd: usd(amount),
        limitNanoUsd: usd('10'),
        shownLimitNanoUsd: usd('10'),
      });
      if (outcome.kind !== 'reserved') expect.fail(`not reserved: ${outcome.kind}`);
      return outcome.hold;
    },
    /** The counter as a run sees it; undefined where it is not open. */
    open: async (): Promise<OpenCounter | undefined> => {
      for await (const open of maintenance.openCounters()) return open;
      return undefined;
    },
    /** One run; `on` is the client of a run that meets faults. */
    run: (on = client) => {
      const ports = {
        maintenance: createDynamoMaintenance(place(on)),
        caps: { readAll: async () => caps },
        keys: { readIds: async () => ({ keyIds: keys, isWhole: true }) },
        journal: new JournalSums(),
        // The settings of these tests are in the same table.
        malformed: {
          list: createDynamoMalformedList({
            dynamo: documentCalls(client),
            tableName: table.tableName,
            timeoutMs: 10_000,
          }),
          marks: createDynamoToldMarks(place(on)),
        },
        events: {
          emit: async (name: string, { eventId }: { readonly eventId: string }) => {
            await bus.fault();
            told.push(`${name} ${eventId}`);
          },
        },
        clock,
        telemetry: createFakeTelemetry(),
      };
      return runRollover(ports, clock.nowMs() + HOUR_MS, DEFAULTS.counterDays);
    },
    items,
    /** The items whose partition key begins so. */
    itemsOf: async (prefix: string) =>
      (await items()).filter(({ pk }) => String(pk).startsWith(prefix)),
    /** Moves the clock to this long after the end of the window. */
    afterWindow: (durationMs: number) =>
      clock.advance(NOON_MS + HOUR_MS + durationMs - clock.nowMs()),
  };
}

export type RolloverBench = ReturnType<typeof createRolloverBench>;

/** A client whose process dies once so many writes have taken effect: nothing after them does. */
export function createDyingClient(table: LedgerTable, writesToLive: number) {
  const client = table.connect();
  let writes = 0;
  const isDead = () => writes >= writesToLive;
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (isDead()) return Promise.reject(Object.assign(new Error(), { name: 'Killed' }));
      if (['UpdateItemCommand', 'DeleteItemCommand'].includes(context.commandName ?? '')) {
        writes += 1;
      }
      return next(args);
    },
    { step: 'initialize', name: 'death', priority: 'low' },
  );
  return { client, isDead, writes: () => writes };
}
