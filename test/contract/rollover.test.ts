/**
 * The rollover on a real DynamoDB protocol: each of its writes, two runs at once, and runs that die.
 */
import { NumberValue, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nanoUsd } from '../../lambda/domain/money.ts';
import type { OpenCounter, TellingMark } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import { makeFaulty } from '../helpers/faulty-client.ts';
import { type LedgerTable, startDynaliteLedger } from '../helpers/ledger-table.ts';
import {
  createDyingClient,
  createRolloverBench,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  type RolloverBench,
  TWELVE,
} from './rollover-bench.ts';

let table: LedgerTable;
let bench: RolloverBench;
beforeEach(async () => {
  table = await startDynaliteLedger();
  bench = createRolloverBench(table);
});
afterEach(() => table.close());

const ENDS = { windowEndsAtMs: Date.UTC(2026, 2, 2, 13), closedAtMs: Date.UTC(2026, 2, 2, 14) };
const CLOSED = `hardcap.window.closed COUNTER#team ${TWELVE.sk} closed:`;
const alertOf = (percent: number) =>
  `hardcap.cap.threshold COUNTER#team ${TWELVE.sk} alert:${percent}`;

/** The open counter; fails the test where there is none. */
async function opened(): Promise<OpenCounter> {
  const open = await bench.open();
  return open ?? expect.fail('no counter is open');
}

/** One request of $1, settled at 0.4. */
async function settledOnce(): Promise<void> {
  await bench.ledger.settle(await bench.hold('1'), usd('0.4'));
}

describe('the journal', () => {
  it('tells of an expired charge once, with what the ledger knows of it', async () => {
    const { reservationId: id } = await bench.hold('2');
    bench.clock.advance(10 * MINUTE_MS);

    await bench.run();
    await bench.run();
    await bench.maintenance.journalExpired(TWELVE, id, usd('2'));

    const entries = await bench.itemsOf('JOURNAL#');
    expect(entries).toHaveLength(1);
    expect(JSON.parse(JSON.stringify(entries[0]))).toMatchObject({
      pk: 'JOURNAL#2026-03-02#-',
      sk: expect.stringMatching(/^2026-03-02T12:10:00.000Z#/),
      outcome: 'expired',
      reservationId: id,
      counter: `${TWELVE.pk} ${TWELVE.sk}`,
      reservedUsd: { value: '2' },
    });
  });

  it('tells of a charge that a refused reserve expired', async () => {
    await bench.hold('9');
    bench.clock.advance(10 * MINUTE_MS);
    const refused = await bench.ledger.reserve({
      counter: TWELVE,
      reservationId: bench.newId(),
      amountNanoUsd: usd('5'),
      limitNanoUsd: usd('10'),
      shownLimitNanoUsd: usd('10'),
    });
    expect(refused.kind).toBe('refused');

    expect(await bench.run()).toMatchObject({ expired: 0, journalled: 1 });
    expect(await bench.run()).toMatchObject({ journalled: 0 });
    expect(await bench.itemsOf('JOURNAL#')).toHaveLength(1);
  });

  it('is told nothing of a charge that was settled late by then', async () => {
    const hold = await bench.hold('2');
    await bench.maintenance.expire(TWELVE, hold.reservationId, usd('2'));
    await bench.ledger.settle(hold, usd('1'));

    await bench.maintenance.journalExpired(TWELVE, hold.reservationId, usd('2'));

    const [counter] = await bench.itemsOf('COUNTER#');
    expect(counter).not.toHaveProperty(`j:${hold.reservationId}`);
    expect(await bench.itemsOf('JOURNAL#')).toEqual([]);
  });

  it('charges nothing more for what it told as expired once that was settled late', async () => {
    const hold = await bench.hold('2');
    bench.clock.advance(10 * MINUTE_MS);
    await bench.run();
    await bench.ledger.release(hold);

    expect(await bench.run()).toMatchObject({ corrected: 1 });
    expect(await bench.run()).toMatchObject({ corrected: 0 });

    const entries = await bench.itemsOf('JOURNAL#');
    expect(JSON.parse(JSON.stringify(entries))).toMatchObject([
      { outcome: 'settled-late', reservedUsd: { value: '2' }, costUsd: { value: '0' } },
    ]);
    const [counter] = await bench.itemsOf('COUNTER#');
    expect(counter).not.toHaveProperty(`j:${hold.reservationId}`);
  });

  it('is corrected though the run that tells it is slower than the late settle', async () => {
    const hold = await bench.hold('2');
    await bench.maintenance.expire(TWELVE, hold.reservationId, usd('2'));
    // Between noting that it will tell the journal and telling it: a settle, and a whole run.
    const slow = bench.table.connect();
    slow.middlewareStack.add(
      (next) => async (args) => {
        if (JSON.stringify(args.input).includes('JOURNAL#')) {
          await bench.ledger.settle(hold, usd('1'));
          await bench.run();
        }
        return next(args);
      },
      { step: 'initialize' },
    );

    await bench.maintenanceOn(slow).journalExpired(TWELVE, hold.reservationId, usd('2'));
    await bench.run();

    const entries = await bench.itemsOf('JOURNAL#');
    expect(JSON.parse(JSON.stringify(entries))).toMatchObject([
      { outcome: 'settled-late', costUsd: { value: '0' } },
    ]);
    expect(await opened()).toMatchObject({ settledLate: [], unjournalled: [] });
  });

  it('has its correction to wait for before a tombstone goes', async () => {
    const hold = await bench.hold('2');
    bench.clock.advance(10 * MINUTE_MS);
    await bench.run();
    await bench.ledger.settle(hold, usd('1'));

    await bench.maintenance.removeTombstone(TWELVE, hold.reservationId);

    expect(await opened()).toMatchObject({ settledLate: [hold.reservationId] });
  });
});

describe('a mark', () => {
  const markBy = (by: string, state: TellingMark['state'] = 'telling'): TellingMark => ({
    state,
    atMs: bench.clock.nowMs(),
    by,
  });

  it('is set by one of two runs that saw the same', async () => {
    await settledOnce();
    const claims = ['a', 'b'].map((by) =>
      bench.maintenance.mark(TWELVE, 'alert:50', undefined, markBy(by)),
    );

    expect((await Promise.all(claims)).sort()).toEqual([false, true]);
  });

  it('is read as it was set, and replaced only where it still stands', async () => {
    await settledOnce();
    const { mark } = bench.maintenance;
    expect(await mark(TWELVE, 'alert:50', undefined, markBy('a'))).toBe(true);
    expect((await opened()).marks).toEqual(new Map([['alert:50', markBy('a')]]));

    expect(await mark(TWELVE, 'alert:50', markBy('b'), markBy('c', 'told'))).toBe(false);
    expect(await mark(TWELVE, 'alert:50', markBy('a'), markBy('a', 'told'))).toBe(true);
  });

  it("whose answer was lost is known as this run's own", async () => {
    await settledOnce();
    makeFaulty(bench.client).nextWrites('answer-lost');

    expect(await bench.maintenance.mark(TWELVE, 'alert:50', undefined, markBy('a'))).toBe(true);
  });

  it('makes no counter where there is none', async () => {
    expect(await bench.maintenance.mark(TWELVE, 'alert:50', undefined, markBy('a'))).toBe(false);
    expect(await bench.items()).toEqual([]);
  });
});

describe('a summary', () => {
  it('tells what the counter knows, and stays when an older reading comes late', async () => {
    const hold = await bench.hold('2');
    await settledOnce();
    await bench.maintenance.expire(TWELVE, hold.reservationId, usd('2'));
    const older = await opened();
    await bench.ledger.settle(hold, usd('3'));
    const newer = await opened();
    const share = { settledNanoUsd: usd('2'), requests: 3 };
    const shares = { named: new Map([['a.b', share]]), others: share };
    const at = {
      endsAtMs: ENDS.windowEndsAtMs,
      atMs: ENDS.closedAtMs,
      journal: {
        refusals: 7,
        expiredNanoUsd: usd('0.3'),
        byModel: shares,
        byKey: { named: shares.named },
        attributedNanoUsd: usd('4'),
        isWhole: true,
      },
      unattributedNanoUsd: usd('0.1'),
    };

    await bench.maintenance.summarise(newer, at);
    await bench.maintenance.summarise(older, at);

    const [summary] = await bench.itemsOf('SUMMARY#');
    const asText = Object.fromEntries(
      Object.entries(summary ?? {})
        .filter(([, value]) => value instanceof NumberValue || typeof value === 'string')
        .map(([name, value]) => [name, String(value)]),
    );
    const written = { settledUsd: { value: '2' }, requests: { value: '3' } };
    const none = { settledUsd: { value: '0' }, requests: { value: '0' } };
    expect(JSON.parse(JSON.stringify(summary))).toMatchObject({
      byModel: { 'a.b': written },
      otherModels: written,
      byKey: { 'a.b': written },
      otherKeys: none,
    });
    expect(asText).toEqual({
      pk: 'SUMMARY#team',
      sk: TWELVE.sk,
      settledUsd: '3.4',
      limitUsd: '10',
      peakReservedUsd: '0',
      refusals: '7',
      expiredUsd: '0.3',
      unattributedUsd: '0.1',
      journal: 'whole',
      requests: '2',
      expired: '0',
      overruns: '1',
      revision: '3',
      windowEndsAt: '2026-03-02T13:00:00.000Z',
      summarisedAt: '2026-03-02T14:00:00.000Z',
      v: '1',
    });
  });
});

describe('a counter is closed', () => {
  it('as it was read, and is then no longer listed', async () => {
    await settledOnce();

    expect(await bench.maintenance.close(await opened(), ENDS)).toBe(true);
    expect(await bench.open()).toBeUndefined();
    expect(await bench.itemsOf('COUNTER#')).toHaveLength(1);
  });

  it.each([
    ['a reservation is in flight', () => bench.hold('1')],
    [
      'a request came and cost nothing',
      async () => bench.ledger.settle(await bench.hold('1'), nanoUsd(0n)),
    ],
    [
      'a reserve was fenced',
      async () => {
        const hold = await bench.hold('1', { pk: 'COUNTER#other', sk: 'lifetime' });
        await bench.ledger.release({ ...hold, counter: TWELVE, ambiguous: true });
      },
    ],
  ])('not where %s since', async (_title, happen: () => Promise<unknown>) => {
    await settledOnce();
    const read = await opened();
    await happen();

    expect(await bench.maintenance.close(read, ENDS)).toBe(false);
    const [counter] = (await bench.itemsOf('COUNTER#team')) ?? [];
    expect(counter?.openKey).toBe('open');
  });

  it('and opened again by a late reserve, which counts on top of what was spent', async () => {
    await settledOnce();
    await bench.maintenance.close(await opened(), ENDS);

    const hold = await bench.hold('9.6');
    const more = bench.hold('0.000000001');
    await expect(more).rejects.toThrow('not reserved: refused');

    expect((await opened()).state).toEqual({
      settledNanoUsd: usd('0.4'),
      committedNanoUsd: usd('10'),
      inFlight: 1,
    });
    await bench.ledger.settle(hold, usd('1'));
    expect((await opened()).state.settledNanoUsd).toBe(usd('1.4'));
  });

  it('and opened again by a fence, so that its tombstone is swept up', async () => {
    await settledOnce();
    await bench.maintenance.close(await opened(), ENDS);
    const hold = await bench.hold('1', { pk: 'COUNTER#other', sk: TWELVE.sk });
    await bench.ledger.release({ ...hold, counter: TWELVE, ambiguous: true });
    await bench.ledger.release(hold);

    bench.afterWindow(DAY_MS);
    await bench.run();
    await bench.run();

    const [counter] = await bench.itemsOf('COUNTER#team');
    expect(Object.keys(counter ?? {}).filter((name) => name.startsWith('r:'))).toEqual([]);
    expect(counter?.openKey).toBeUndefined();
  });
});

describe('a late settle', () => {
  it('of a window that was summarised corrects the summary before the counter is closed', async () => {
    const hold = await bench.hold('2');
    bench.afterWindow(10 * MINUTE_MS);
    await bench.run();
    await bench.run();
    expect(String((await bench.itemsOf('SUMMARY#'))[0]?.settledUsd)).toBe('2');

    await bench.ledger.settle(hold, usd('0.5'));
    await bench.run();

    expect(String((await bench.itemsOf('SUMMARY#'))[0]?.settledUsd)).toBe('0.5');
    expect(bench.told).toEqual([
      `${CLOSED}1`,
      `hardcap.window.corrected COUNTER#team ${TWELVE.sk} closed:2`,
    ]);
    bench.clock.advance(DAY_MS);
    await bench.run();
    await bench.run();
    expect(await bench.open()).toBeUndefined();
    expect(bench.told).toHaveLength(2);
  });
});

describe('a closed counter', () => {
  const prunable = async () => {
    await settledOnce();
    bench.afterWindow(10 * MINUTE_MS);
    await bench.run();
    bench.clock.advance(401 * DAY_MS);
  };

  it('is deleted past its retention with its entry; its summary stays', async () => {
    await prunable();

    expect(await bench.run()).toMatchObject({ countersPruned: 1 });
    expect((await bench.items()).map(({ pk }) => pk)).toEqual(['SUMMARY#team']);
  });

  it('that was opened again is kept, and closed again', async () => {
    await prunable();
    const hold = await bench.hold('1');

    expect(await bench.run()).toMatchObject({ countersPruned: 0, failed: 0 });
    await bench.ledger.settle(hold, usd('1'));
    await bench.run();
    expect(await bench.run()).toMatchObject({ countersPruned: 0 });
    expect(await bench.itemsOf('COUNTER#')).toHaveLength(1);
  });

  it('is never found by an entry that names no counter', async () => {
    await prunable();
    const entry = {
      pk: 'CLOSED',
      sk: '2020-01-01T00:00:00.000Z#x',
      counterPk: 'SUMMARY#team',
      counterSk: TWELVE.sk,
      windowEndsAt: '2020-01-01T00:00:00.000Z',
      closedAt: '2020-01-01T00:00:00.000Z',
    };
    await bench.client.send(new PutCommand({ TableName: table.tableName, Item: entry }));

    expect(await bench.run()).toMatchObject({ countersPruned: 1, broken: 1 });
    expect(await bench.itemsOf('SUMMARY#')).toHaveLength(1);
  });
});

/** The end of the story of a crashed request of $6 and a settled one: three days and a year. */
const STEPS_MS = [HOUR_MS + 10 * MINUTE_MS, MINUTE_MS, DAY_MS, MINUTE_MS, 401 * DAY_MS];
const ALL_TOLD = [alertOf(50), alertOf(80), `${CLOSED}2`];

async function begin(): Promise<void> {
  await bench.hold('8');
  await settledOnce();
}

/** What is left, without the times at which it was written. */
const remains = async () =>
  (await bench.items()).map(({ summarisedAt: _at, ...item }) => JSON.stringify(item)).sort();

describe('two runs at once', () => {
  it('do what one would have done, and tell everything once', async () => {
    await begin();

    for (const stepMs of STEPS_MS) {
      bench.clock.advance(stepMs);
      const reports = await Promise.all([bench.run(), bench.run(table.connect())]);
      for (const report of reports) expect(report).toMatchObject({ broken: 0, failed: 0 });
      await bench.run();
    }

    expect([...bench.told].sort()).toEqual([...ALL_TOLD].sort());
    expect((await bench.items()).map(({ pk }) => pk).sort()).toEqual([
      'JOURNAL#2026-03-02#-',
      'SUMMARY#team',
    ]);
  });
});

describe('a run that is killed', () => {
  /** The whole story, with one process dying after that many writes; gives how many there were. */
  async function story(writesToLive: number): Promise<number> {
    bench = createRolloverBench(table);
    await begin();
    const mortal = createDyingClient(table, writesToLive);
    for (const stepMs of STEPS_MS) {
      bench.clock.advance(stepMs);
      for (let runs = 0; runs < 2 && !mortal.isDead(); runs += 1) await bench.run(mortal.client);
      if (!mortal.isDead()) continue;
      // Long enough for what the dead one had claimed to be taken up by another.
      bench.clock.advance(6 * MINUTE_MS);
      await bench.run();
      await bench.run();
    }
    return mortal.writes();
  }

  it('between any two of its writes leaves nothing undone, and nothing done twice', async () => {
    const writes = await story(Number.POSITIVE_INFINITY);
    const expected = await remains();
    expect(bench.told).toEqual(ALL_TOLD);
    expect(writes).toBeGreaterThan(10);

    for (let life = 1; life < writes; life += 1) {
      await table.close();
      table = await startDynaliteLedger();
      await story(life);
      expect(await remains(), `killed after ${life} writes`).toEqual(expected);
      const told = [...new Set(bench.told)].sort();
      expect(told, `killed after ${life} writes`).toEqual([...ALL_TOLD].sort());
      expect(bench.told.length).toBeLessThanOrEqual(ALL_TOLD.length + 1);
    }
  });
});
