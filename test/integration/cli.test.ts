/**
 * The command line from end to end: the real process against a real DynamoDB protocol.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { createLedgerClient } from '../../lambda/adapters/ledger/dynamo-client.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { createDynamoSettings } from '../../lambda/adapters/settings/dynamo-settings.ts';
import { hashKey, keyIdOf } from '../../lambda/domain/caller-key.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import { type EmbeddedDynamodb, startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { ensureTables } from '../../local/tables.ts';
import { usd } from '../helpers/builders.ts';

const CLI = path.resolve('bin/hardcap.ts');
const MAX_COLUMNS = 80;

let dynamodb: EmbeddedDynamodb;
let client: ReturnType<typeof createLedgerClient>;
let workDir: string;
let tableCount = 0;
let tables: { readonly settingsTable: string; readonly ledgerTable: string };

beforeAll(async () => {
  dynamodb = await startEmbeddedDynamodb();
  workDir = await mkdtemp(path.join(tmpdir(), 'hardcap-cli-'));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = createLedgerClient({ endpoint: dynamodb.url, region: 'us-east-1', credentials });
});

beforeEach(async () => {
  tableCount += 1;
  tables = { settingsTable: `settings-${tableCount}`, ledgerTable: `ledger-${tableCount}` };
  await ensureTables(client, tables);
});

afterAll(async () => {
  client.destroy();
  await dynamodb.close();
  await rm(workDir, { recursive: true, force: true });
});

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line with exactly these arguments, in an empty directory. */
async function runBare(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: workDir,
    env: { PATH: process.env.PATH, USER: 'tester', NO_COLOR: '1', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

const tableOptions = () => [
  '--endpoint',
  dynamodb.url,
  '--settings-table',
  tables.settingsTable,
  '--ledger-table',
  tables.ledgerTable,
];

/** Runs it on this test's tables. */
const run = (...args: string[]): Promise<Finished> => runBare([...args, ...tableOptions()]);

/** Runs it and reads what it printed as JSON; fails where it failed. */
async function runJson(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, '--json');
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** What the gateway would read. */
const readSettings = (keyId: string) =>
  createDynamoSettings({ client, tableName: tables.settingsTable, clock: systemClock }).read(
    keyId,
    0,
  );

const reserve = (pk: string, amount: string, windowKind: 'daily' | 'lifetime' = 'daily') =>
  createDynamoLedger({
    client,
    tableName: tables.ledgerTable,
    clock: systemClock,
    maxInFlight: 10,
    journalDays: 1,
  }).reserve({
    counter: {
      pk,
      sk: windowAt({ kind: windowKind, timeZone: 'UTC', weekStart: 'monday' }, Date.now()).id,
    },
    reservationId: `zzzzzz${systemClock.randomCharacters(10)}`,
    amountNanoUsd: usd(amount),
    shownLimitNanoUsd: usd('1'),
  });

const widest = (text: string): number =>
  Math.max(...text.split('\n').map((line) => [...line].length));

describe('hardcap key', () => {
  test('makes a key that the gateway knows, and its daily cap', async () => {
    const made = await runJson('key', 'create', 'alice', '--team', 'red', '--daily', '5');

    expect(keyIdOf(made.key)).toBe('alice');
    const view = await readSettings('alice');
    expect(view.key).toMatchObject({
      keyId: 'alice',
      secretSha256: hashKey(made.key),
      enabled: true,
      team: 'red',
    });
    expect(view.caps).toMatchObject([
      { capId: 'key-alice-daily', limitNanoUsd: usd('5'), selectors: { keys: ['alice'] } },
    ]);
  });

  test('shows the secret once, and keeps only its hash', async () => {
    const { stdout } = await run('key', 'create', 'alice');
    const key = /hc_alice_\S+/.exec(stdout)?.[0] ?? '';

    expect(keyIdOf(key)).toBe('alice');
    const { stdout: listed } = await run('key', 'list', '--json');
    expect(listed).not.toContain(key.slice(-52));
  });

  test('never writes over a key', async () => {
    const first = await runJson('key', 'create', 'alice');
    const second = await run('key', 'create', 'alice', '--daily', '9');

    expect(second.code).toBe(1);
    expect(second.stderr).toContain('there is a key "alice" already');
    const view = await readSettings('alice');
    expect(view.key).toMatchObject({ secretSha256: hashKey(first.key) });
    expect(view.caps).toEqual([]);
  });

  test('makes no key where its daily cap is there already', async () => {
    await run('cap', 'set', 'key-alice-daily', '--limit', '2', '--window', 'daily');
    const { code, stderr } = await run('key', 'create', 'alice', '--daily', '9');

    expect(code).toBe(1);
    expect(stderr).toContain('hardcap cap set key-alice-daily --limit 9');
    const view = await readSettings('alice');
    expect(view.key).toBeUndefined();
    expect(view.caps).toMatchObject([{ limitNanoUsd: usd('2') }]);
  });

  test('disables a key and enables it again', async () => {
    await run('key', 'create', 'alice', '--note', 'mine');

    expect((await run('key', 'disable', 'alice')).code).toBe(0);
    expect((await readSettings('alice')).key).toMatchObject({ enabled: false });
    expect((await runJson('key', 'list'))[0]).toMatchObject({
      id: 'alice',
      state: 'disabled',
      note: 'mine',
    });

    expect((await run('key', 'enable', 'alice')).code).toBe(0);
    expect((await readSettings('alice')).key).toMatchObject({ enabled: true });
  });

  test('names the near id where there is no such key, and makes none', async () => {
    await run('key', 'create', 'alice');
    const { code, stderr } = await run('key', 'disable', 'alcie');

    expect(code).toBe(1);
    expect(stderr).toContain('there is no key "alcie". Did you mean "alice"?');
    expect(await runJson('key', 'list')).toHaveLength(1);
  });

  test.each([
    ['an id in capitals', ['Alice'], 'a-z'],
    ['a limit that is no number', ['alice', '--daily', 'much'], '12.50'],
    ['a date without offset', ['alice', '--expires', '2026-12-31'], 'offset'],
    ['no id', [], 'missing required argument'],
  ])('exits with 2 and makes nothing for %s', async (_name, args, message) => {
    const { code, stderr } = await run('key', 'create', ...args);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(await runJson('key', 'list')).toEqual([]);
  });
});

describe('hardcap cap', () => {
  test('makes a cap as the gateway reads it', async () => {
    const args = ['--limit', '0.5', '--window', 'weekly', '--time-zone', 'Europe/Paris'];
    const selectors = ['--week-start', 'sunday', '--models', '*haiku*,amazon.*', '--keys', 'a*'];
    await runJson('cap', 'set', 'team', ...args, ...selectors, '--split-by', 'key');

    const { caps } = await readSettings('alice');

    expect(caps).toMatchObject([
      {
        capId: 'team',
        limitNanoUsd: usd('0.5'),
        window: { kind: 'weekly', timeZone: 'Europe/Paris', weekStart: 'sunday' },
        selectors: { models: ['*haiku*', 'amazon.*'], keys: ['a*'] },
        splitBy: 'key',
        action: 'block',
        enabled: true,
      },
    ]);
  });

  test('changes what is named and keeps the rest', async () => {
    await run('cap', 'set', 'team', '--limit', '5', '--window', 'daily', '--keys', 'alice');
    const { code, stderr } = await run('cap', 'set', 'team', '--limit', '7', '--disabled');

    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect((await readSettings('alice')).caps).toMatchObject([
      { limitNanoUsd: usd('7'), enabled: false, selectors: { keys: ['alice'] } },
    ]);
  });

  test('clears what is named', async () => {
    await run('cap', 'set', 'team', '--limit', '5', '--window', 'daily', '--keys', 'alice');
    await run('cap', 'set', 'team', '--clear', 'keys');

    expect((await readSettings('alice')).caps).toMatchObject([{ selectors: {} }]);
  });

  test.each([
    ['window', ['--window', 'monthly']],
    ['time zone', ['--time-zone', 'Asia/Tokyo']],
    ['split', ['--split-by', 'key']],
  ])('warns that the cap starts at zero when its %s changes', async (_name, args) => {
    await run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
    const { code, stderr } = await run('cap', 'set', 'team', ...args);

    expect(code).toBe(0);
    expect(stderr).toContain('It starts at zero');
  });

  test('writes nothing that the gateway could not read', async () => {
    await run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
    const zone = await run('cap', 'set', 'team', '--time-zone', 'Mars/Base');
    const raise = await run('cap', 'set', 'team', '--raise-to', '9');
    const id = await run('cap', 'set', 'te am', '--limit', '5', '--window', 'daily');

    expect([zone.code, raise.code, id.code]).toEqual([2, 2, 2]);
    expect(zone.stderr).toContain('timeZone must be a time zone by its IANA name');
    expect(raise.stderr).toContain('raisedUntil');
    const view = await readSettings('alice');
    expect(view.malformedCaps).toEqual([]);
    expect(view.caps).toMatchObject([{ capId: 'team', window: { timeZone: 'UTC' } }]);
  });

  test('takes a mistyped id for a mistake, not for a new cap', async () => {
    await run('cap', 'set', 'team-red', '--limit', '5', '--window', 'daily');
    const { code, stderr } = await run('cap', 'set', 'team-rde', '--limit', '7');

    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean "team-red"?');
    expect((await readSettings('alice')).caps).toHaveLength(1);
  });

  test('keeps who changed what', async () => {
    await run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
    await run('cap', 'set', 'team', '--limit', '7');

    const { Items = [] } = await scan();

    expect(Items[0]?.history).toMatchObject([
      { by: 'tester', change: { limitUsd: '5.00', window: 'daily' } },
      { by: 'tester', change: { limitUsd: '7.00' } },
    ]);
  });

  test('removes a cap, and says so where there is none', async () => {
    await run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');

    expect((await run('cap', 'remove', 'taem')).stderr).toContain('Did you mean "team"?');
    expect((await run('cap', 'remove', 'team')).code).toBe(0);
    expect((await run('cap', 'remove', 'team')).code).toBe(1);
    expect((await readSettings('alice')).caps).toEqual([]);
  });

  test('lists caps within 80 columns, malformed ones too', async () => {
    const id = `long-${'x'.repeat(50)}`;
    await run('cap', 'set', id, '--limit', '5', '--window', 'daily', '--keys', 'alice,bob,carol');
    await run('cap', 'set', 'team', '--limit', '0', '--window', 'lifetime', '--action', 'warn');
    await putItem({ pk: 'CAP', sk: 'broken', v: 1, limitUsd: 'lots', window: 'daily' });

    const { stdout } = await run('cap', 'list');

    expect(widest(stdout)).toBeLessThanOrEqual(MAX_COLUMNS);
    expect(stdout).toContain('malformed');
    expect(stdout).toContain('lifetime');
    const listed = await runJson('cap', 'list');
    expect(listed).toContainEqual(expect.objectContaining({ id: 'team', limitUsd: '0.00' }));
    expect(listed).toContainEqual({
      id: 'broken',
      malformed: { field: 'limitUsd', problem: expect.stringContaining('12.50') },
    });
  });
});

describe('hardcap status', () => {
  test('shows what is settled, reserved and left, exactly', async () => {
    await run('cap', 'set', 'team', '--limit', '1', '--window', 'daily');
    await reserve('COUNTER#team', '0.25');
    await reserve('COUNTER#team', '0.000000001');

    const { counters } = await runJson('status');

    expect(counters).toMatchObject([
      {
        cap: 'team',
        limitUsd: '1.00',
        settledUsd: '0.00',
        reservedUsd: '0.250000001',
        remainingUsd: '0.749999999',
        inFlight: 2,
        usedPercent: 25,
      },
    ]);
  });

  test('shows each value of a split cap, and only of the running window', async () => {
    await run('cap', 'set', 'team', '--limit', '1', '--window', 'daily', '--split-by', 'team');
    await run('cap', 'set', 'team2', '--limit', '1', '--window', 'lifetime', '--split-by', 'key');
    await reserve('COUNTER#team#red', '0.25');
    await reserve('COUNTER#team#b%23c', '0.5');
    await reserve('COUNTER#team#old', '0.5', 'lifetime');

    const { counters, unused } = await runJson('status');

    expect(
      counters.map((counter: Record<string, unknown>) => [
        counter.splitValue,
        counter.remainingUsd,
      ]),
    ).toEqual([
      ['b#c', '0.50'],
      ['red', '0.75'],
    ]);
    expect(unused).toEqual(['team2']);
  });

  test('draws a table within 80 columns, rounding against the spender', async () => {
    await run(
      'cap',
      'set',
      `long-${'x'.repeat(50)}`,
      '--limit',
      '1000000000',
      '--window',
      'weekly',
    );
    await run('cap', 'set', 'team', '--limit', '1', '--window', 'daily');
    await reserve('COUNTER#team', '0.250000001');

    const { code, stdout } = await run('status');

    expect(code).toBe(0);
    expect(widest(stdout)).toBeLessThanOrEqual(MAX_COLUMNS);
    expect(stdout).toMatch(/team +1\.00 +0\.00 +0\.2501 +0\.7499/);
    expect(stdout).toContain('1 in flight');
    expect(stdout).toContain('resets in');
    expect(stdout).toMatch(/long-x+ +1000000000 +0\.00 +0\.00 +1000000000 /);
  });

  test('tells of a malformed cap on stderr', async () => {
    await putItem({ pk: 'CAP', sk: 'broken', v: 1, limitUsd: '5', window: 'yearly' });
    const { stderr } = await run('status');

    expect(stderr).toContain('the cap "broken" cannot be read');
    expect(stderr).toContain('window must be one of');
  });

  test('colours only where it is wanted', async () => {
    await run('cap', 'set', 'team', '--limit', '1', '--window', 'daily');
    const plain = await runBare(['status', ...tableOptions()]);
    const coloured = await runBare(['status', ...tableOptions()], {
      NO_COLOR: undefined,
      FORCE_COLOR: '1',
    });

    expect(plain.stdout).not.toContain('\u001b[');
    expect(coloured.stdout).toContain('\u001b[');
  });
});

describe('where it works', () => {
  const local = async (dir: string, rest: Readonly<Record<string, unknown>> = {}) => {
    const state = { endpoint: dynamodb.url, ...tables, url: 'http://127.0.0.1:1', ...rest };
    await writeFile(path.join(dir, 'local.json'), JSON.stringify(state));
    return ['--data-dir', dir];
  };
  const NO_AWS = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    // Nothing answers there, so that no test can reach AWS.
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  };

  test('works on the local gateway that runs', async () => {
    const dir = await mkdtemp(path.join(workDir, 'data-'));
    const where = await local(dir, { pid: process.pid });

    const { code } = await runBare([
      ...['cap', 'set', 'team', '--limit', '5', '--window', 'daily'],
      ...where,
    ]);

    expect(code).toBe(0);
    expect((await readSettings('alice')).caps).toHaveLength(1);
  });

  test('passes over a local gateway that has ended, and says so', async () => {
    const dir = await mkdtemp(path.join(workDir, 'data-'));
    const where = await local(dir, { pid: 2 ** 22 + 1 });

    const { code, stderr } = await runBare(['cap', 'list', ...where], NO_AWS);

    expect(code).toBe(1);
    expect(stderr).toContain('is not running, so the stack "Hardcap" is used');
  });

  test('names the file where it is not what a gateway writes', async () => {
    const dir = await mkdtemp(path.join(workDir, 'data-'));
    const where = await local(dir, { pid: 'none' });

    const { code, stderr } = await runBare(['cap', 'list', ...where]);

    expect(code).toBe(1);
    expect(stderr).toContain('local.json is not what a local gateway writes');
  });

  test('exits with 2 where tables are named by halves', async () => {
    const { code, stderr } = await runBare(['cap', 'list', '--settings-table', 'settings']);

    expect(code).toBe(2);
    expect(stderr).toContain('--ledger-table');
  });

  test.each([
    ['the stack Hardcap where no local gateway runs', [], 'Hardcap'],
    ['the stack that is named', ['--stack', 'Other'], 'Other'],
  ])('works on %s', async (_name, args, stack) => {
    const { settingsTable, ledgerTable } = tables;
    const cloudFormation = await startCloudFormation({
      SettingsTableName: settingsTable,
      LedgerTableName: ledgerTable,
    });
    await run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');

    const { code, stdout } = await runBare(['cap', 'list', ...args], {
      ...NO_AWS,
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    });
    await cloudFormation.close();

    expect(code).toBe(0);
    expect(stdout).toContain('team');
    expect(cloudFormation.asked).toEqual([stack]);
  });

  test('says that a stack without tables is not a hardcap stack', async () => {
    const cloudFormation = await startCloudFormation({ BucketName: 'b' });
    const { code, stderr } = await runBare(['status', '--stack', 'Site'], {
      ...NO_AWS,
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    });
    await cloudFormation.close();

    expect(code).toBe(1);
    expect(stderr).toContain('"Site" has no outputs SettingsTableName and LedgerTableName');
  });

  test('says what to do where nothing answers', async () => {
    const args = [
      '--endpoint',
      'http://127.0.0.1:9',
      '--settings-table',
      's',
      '--ledger-table',
      'l',
    ];
    const { code, stderr } = await runBare(['cap', 'list', ...args]);

    expect(code).toBe(1);
    expect(stderr).toContain('nothing answers there; start the local gateway');
  });

  test('exits with 2 for a command that it does not know', async () => {
    const { code, stderr } = await runBare(['caps']);

    expect(code).toBe(2);
    expect(stderr).toContain("unknown command 'caps'");
  });
});

const scan = () => client.send(new ScanCommand({ TableName: tables.settingsTable }));

const putItem = (item: Record<string, unknown>) =>
  client.send(new PutCommand({ TableName: tables.settingsTable, Item: item }));

/** A CloudFormation that knows one stack under any name, and keeps the names it was asked for. */
async function startCloudFormation(outputs: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const members = Object.entries(outputs)
    .map(
      ([key, value]) =>
        `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    )
    .join('');
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      asked.push(new URLSearchParams(body).get('StackName') ?? '');
      response.end(
        '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName>' +
          `<Outputs>${members}</Outputs></member></Stacks></DescribeStacksResult>` +
          '</DescribeStacksResponse>',
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
