/**
 * `hardcap usage` on what a real gateway wrote: its sums are those of the counters.
 */
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { formatUsd, sumUsd } from '../../lambda/domain/money.ts';
import { usd } from '../helpers/builders.ts';
import {
  converse,
  NOVA,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

let gateway: RunningGateway;
let cli: CommandLine;

const tables = () => [
  ...['--endpoint', gateway.gateway.dynamoEndpoint ?? ''],
  ...['--settings-table', gateway.gateway.settingsTable],
  ...['--ledger-table', gateway.gateway.ledgerTable],
];

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await cli.runBare([...args, ...tables(), '--json']);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
};

const names = ({ rows }: { rows: readonly { name: string }[] }) => rows.map(({ name }) => name);

beforeAll(async () => {
  [gateway, cli] = await Promise.all([startRunningGateway(), startCommandLine()]);
  await gateway.cap('all', { window: 'lifetime' });
  await gateway.cap('each', { window: 'monthly', splitBy: 'key' });
  await gateway.cap('nova', { limitUsd: '0.0001', keys: ['bob'], models: ['amazon.*'] });
  const alice = await gateway.key('alice', { team: 'red', tags: { stage: 'prod' } });
  const bob = await gateway.key('bob');
  const tagged = { headers: { 'x-hardcap-tag': 'stage==cmd' } };
  for (let index = 0; index < 3; index += 1) await converse(gateway.url, alice, `one ${index}`);
  await converse(gateway.url, bob, 'two', tagged);
  await converse(gateway.url, bob, 'three', { modelId: NOVA, maxTokens: 5_000 });
  await converse(gateway.url, bob, 'four', { modelId: NOVA, maxTokens: 10 });
  await vi.waitFor(async () => expect(await gateway.journal()).toHaveLength(6));
  await putExpired('COUNTER#all', 'lifetime');
  await putExpired('COUNTER#each#bob', 'none');
});

afterAll(async () => {
  await gateway.close();
  await cli.close();
});

/** As the rollover tells of a reservation that nobody settled. */
async function putExpired(pk: string, sk: string) {
  const at = new Date().toISOString();
  const Item = {
    pk: `JOURNAL#${at.slice(0, 10)}#-`,
    sk: `${at}#zzzzzzaaaaaaaaaa#${pk}`,
    at,
    outcome: 'expired',
    reservationId: 'zzzzzzaaaaaaaaaa',
    counter: `${pk} ${sk}`,
    costUsd: 0.5,
  };
  await gateway.dynamo.send(new PutCommand({ TableName: gateway.gateway.ledgerTable, Item }));
}

test('sums to what the counters say, to the nano-dollar', async () => {
  const [{ counters }, byCap, byKey] = await Promise.all([
    json('status'),
    json('usage', '--by', 'cap', '--since', '1d'),
    json('usage', '--since', '1d'),
  ]);
  const settled = (cap: string, value?: string) =>
    counters.find(
      (counter: { cap: string; splitValue?: string }) =>
        counter.cap === cap && counter.splitValue === value,
    ).settledUsd;
  const row = (name: string, { rows } = byCap) =>
    rows.find((one: { name: string }) => one.name === name);

  // The journal has half a dollar more that expired, by the entry made above.
  const withExpired = (text: string) => formatUsd(sumUsd([usd(text), usd('0.5')]));
  expect(row('all').costUsd).toBe(withExpired(settled('all')));
  expect(row('all')).toMatchObject({ requests: 5, expiredUsd: '0.50' });
  expect(row('nova')).toMatchObject({ costUsd: settled('nova'), requests: 1, refusals: 1 });
  expect(row('alice', byKey).costUsd).toBe(settled('each', 'alice'));
  expect(row('bob', byKey).costUsd).toBe(settled('each', 'bob'));
  expect(byKey.total.costUsd).toBe(withExpired(settled('all')));
  expect(byCap.total).toEqual(byKey.total);
});

test('groups by key, vendor, team and tag, the dearest first, and says what it cannot', async () => {
  const [byKey, byVendor, byTeam, byTag] = await Promise.all([
    json('usage', '--since', '1d'),
    json('usage', '--by', 'vendor', '--since', '1d'),
    json('usage', '--by', 'team', '--keys', 'alice', '--since', '1d'),
    json('usage', '--by', 'tag:stage', '--bucket', 'hour', '--since', '1d'),
  ]);

  expect(names(byKey)).toEqual(['alice', 'bob']);
  expect(byKey.rows[1]).toMatchObject({ requests: 2, refusals: 1 });
  expect(byKey.rows[0].inputTokens).toBeGreaterThan(0);
  expect(byKey.notAttributed).toMatchObject({ requests: 1, costUsd: '0.50' });
  expect(byKey.total.requests).toBe(6);
  expect(names(byVendor)).toEqual(['anthropic', 'amazon']);
  expect(names(byTeam)).toEqual(['red']);
  expect(byTeam.notAttributed.requests).toBe(0);
  expect(names(byTag).toSorted()).toEqual(['-', '=cmd', 'prod']);
  expect(byTag.rows[0].at).toMatch(/T\d\d:00:00\.000Z$/);
});

test('prints CSV that no spreadsheet takes for a formula, and a table of 80 columns', async () => {
  const csv = await cli.runBare([
    ...['usage', '--by', 'tag:stage', '--since', '1d', '--csv'],
    ...tables(),
  ]);
  const text = await cli.runBare(['usage', '--by', 'cap', '--since', '1d', ...tables()]);

  expect(csv.stdout).toMatch(/^tag:stage,costUsd,.*\r\n/);
  expect(csv.stdout).toContain("\r\n'=cmd,0.");
  expect(csv.stdout).toContain('(not attributed),0.50,0.50,1,');
  expect(csv.stdout.endsWith('\r\n')).toBe(true);
  expect(widestLine(text.stdout)).toBeLessThanOrEqual(80);
  expect(text.stdout).toMatch(/usage by cap, .* to .* UTC, of/);
  expect(text.stdout).toMatch(/\nTOTAL +0\.50\d* +6 +1 /);
  expect(text.stdout).toContain('A request is counted under each of its caps');
});

test('exits with 2 where the period is empty or the group is none', async () => {
  const empty = await cli.runBare(['usage', '--since', '1h', '--until', '2h', ...tables()]);
  const long = await cli.runBare(['usage', '--since', '5000d', ...tables()]);
  const group = await cli.runBare(['usage', '--by', 'colour', ...tables()]);

  expect(empty).toMatchObject({ code: 2, stdout: '' });
  expect(empty.stderr).toContain('is empty: --since must be before --until');
  expect(long).toMatchObject({ code: 2, stdout: '' });
  expect(group).toMatchObject({ code: 2, stdout: '' });
});
