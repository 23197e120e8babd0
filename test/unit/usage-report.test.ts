/**
 * Usage reports: which entries belong to a period and a group, and what an expired charge adds.
 */
import { expect, test } from 'vitest';
import { type UsageQuestion, usageReport } from '../../lambda/application/usage-report.ts';
import { type UsageRow, UsageSums } from '../../lambda/application/usage-sums.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import type { Journal, JournalRecord } from '../../lambda/ports/journal.ts';
import { usd } from '../helpers/builders.ts';

const at = (text: string): number => Date.parse(text);
const DAILY = 'daily:2026-11-02T00+00:00@UTC';

const record = (rest: Partial<JournalRecord>): JournalRecord => ({
  kind: 'charge',
  outcome: 'settled',
  atMs: at('2026-11-02T12:00:00Z'),
  keyId: 'alice',
  modelId: 'm',
  requestTags: {},
  costNanoUsd: usd('1'),
  counters: [`COUNTER#all/${DAILY}`],
  unsettled: [],
  usage: { inputTokens: 10 },
  count: 1,
  ...rest,
});

const expiredRecord = (rest: Partial<JournalRecord>): JournalRecord => {
  const { keyId: _none, ...shared } = record({ kind: 'expired', outcome: 'expired', usage: {} });
  return { ...shared, modelId: '', reservationId: 'r1', ...rest };
};

/** A page an entry, of the stretch that was asked for alone. */
const journalOf = (records: readonly JournalRecord[]): Journal => ({
  page: async ({ keyId, fromMs, toMs }, next) => {
    const all = records.filter(
      (one) => one.keyId === keyId && one.atMs >= fromMs && one.atMs < toMs,
    );
    const index = Number(next ?? '0');
    return {
      records: all.slice(index, index + 1),
      unreadable: 0,
      next: index + 1 < all.length ? String(index + 1) : undefined,
    };
  },
});

const report = (records: readonly JournalRecord[], rest: Partial<UsageQuestion> = {}) =>
  usageReport(journalOf(records), {
    fromMs: at('2026-11-02T00:00:00Z'),
    toMs: at('2026-11-03T00:00:00Z'),
    keyIds: ['alice', 'bob'],
    withExpired: true,
    groupBy: ({ keyId = '' }) => keyId,
    ...rest,
  });

const costs = (rows: readonly UsageRow[]) =>
  rows.map(({ name, costNanoUsd }) => [name, formatUsd(costNanoUsd)]);

test('a request belongs to the period that it began in', async () => {
  const { rows, total, entries } = await report([
    record({ atMs: at('2026-11-01T23:59:59.999Z'), costNanoUsd: usd('8') }),
    record({ atMs: at('2026-11-02T00:00:00Z') }),
    record({ atMs: at('2026-11-02T23:59:59.999Z'), keyId: 'bob', costNanoUsd: usd('2') }),
    record({ atMs: at('2026-11-03T00:00:00Z'), costNanoUsd: usd('8') }),
  ]);

  expect(costs(rows)).toEqual([
    ['bob', '2.00'],
    ['alice', '1.00'],
  ]);
  expect(total).toMatchObject({ requests: 2, costNanoUsd: usd('3') });
  expect(entries).toBe(3);
});

test('by cap, a charge belongs to the window that it was counted in', async () => {
  const { rows, total } = await report(
    [
      // Began before midnight, reserved after it.
      record({ atMs: at('2026-11-01T23:59:59Z') }),
      // Began before the next midnight, reserved after that one.
      record({
        atMs: at('2026-11-02T23:59:59Z'),
        counters: ['COUNTER#all/daily:2026-11-03T00+00:00@UTC', 'COUNTER#ever/lifetime'],
      }),
    ],
    { groupBy: 'cap' },
  );

  expect(costs(rows)).toEqual([
    ['all', '1.00'],
    ['ever', '1.00'],
  ]);
  expect(total.requests).toBe(1);
});

test('by cap, each of its caps counts a request, at what it was charged there', async () => {
  const split = `COUNTER#split#a/daily:2026-11-02T00+00:00@x/${DAILY}`;
  const { rows, total } = await report(
    [
      record({
        counters: [`COUNTER#all/${DAILY}`, split, `COUNTER#left/${DAILY}`],
        charged: { [split]: usd('0.25') },
        unsettled: [`COUNTER#left/${DAILY}`],
      }),
      record({ kind: 'refusal', outcome: 'refused', costNanoUsd: usd('0'), count: 7 }),
    ],
    { groupBy: 'cap' },
  );

  expect(costs(rows)).toEqual([
    ['all', '1.00'],
    ['split', '0.25'],
    ['left', '0.00'],
  ]);
  expect(rows[0]).toMatchObject({ requests: 1, refusals: 7 });
  expect(total).toMatchObject({ requests: 1, refusals: 7, costNanoUsd: usd('1') });
});

test('an expired reservation is charged once however many counters it stood on', async () => {
  const { rows, notAttributed, total } = await report([
    expiredRecord({ costNanoUsd: usd('2') }),
    expiredRecord({ costNanoUsd: usd('3'), counters: [`COUNTER#b/${DAILY}`] }),
    expiredRecord({ reservationId: 'r2' }),
    expiredRecord({ reservationId: 'r3', outcome: 'settled-late', costNanoUsd: usd('0') }),
  ]);

  expect(rows).toEqual([]);
  expect(notAttributed).toMatchObject({ requests: 2, costNanoUsd: usd('4') });
  expect(total).toMatchObject({ requests: 2, costNanoUsd: usd('4') });
});

test('an expired reservation is its request’s where that tells of it', async () => {
  const unsettled = [`COUNTER#all/${DAILY}`];
  const failed = { outcome: 'settle-failed', unsettled, reservationId: 'r1' };
  const { rows, notAttributed, total } = await report([
    record({ ...failed, atMs: at('2026-11-02T23:55:00Z') }),
    expiredRecord({ atMs: at('2026-11-03T00:10:00Z'), costNanoUsd: usd('3') }),
    // Of the day before, and so no part of this one.
    record({ ...failed, atMs: at('2026-11-01T23:55:00Z'), reservationId: 'r0' }),
    expiredRecord({ atMs: at('2026-11-02T00:10:00Z'), reservationId: 'r0' }),
  ]);

  expect(costs(rows)).toEqual([['alice', '3.00']]);
  expect(rows[0]).toMatchObject({ requests: 1, expiredNanoUsd: usd('2') });
  expect(notAttributed.requests).toBe(0);
  expect(total.costNanoUsd).toBe(usd('3'));
});

test('a window that runs still is whole in a period that goes on', async () => {
  const early = record({ atMs: at('2026-11-01T23:59:59Z') });
  const toMs = at('2026-11-02T10:00:00Z');

  const open = await report([early], { toMs, isOpen: true, groupBy: 'cap' });
  const ended = await report([early], { toMs, groupBy: 'cap' });

  expect(costs(open.rows)).toEqual([['all', '1.00']]);
  expect(ended.rows).toEqual([]);
});

test('divides time by the hour, and sums what is too much to keep as one', () => {
  const sums = new UsageSums(3_600_000, 2);
  for (const [name, hour] of [
    ['a', 9],
    ['b', 10],
    ['c', 10],
    ['d', 10],
  ] as const) {
    sums.add(name, record({ atMs: at('2026-11-02T00:30:00Z') + hour * 3_600_000 }), usd('1'));
  }

  expect(
    sums
      .rows()
      .map(({ name, bucketMs = 0, requests }) => [
        name,
        new Date(bucketMs).getUTCHours(),
        requests,
      ]),
  ).toEqual([
    ['a', 9, 1],
    ['b', 10, 1],
    [undefined, 10, 2],
  ]);
});
