/**
 * `npm start -- --ledger aws`: on the tables of a deployed stack, which an embedded DynamoDB plays.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { type EmbeddedDynamodb, startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { ensureTables } from '../../local/tables.ts';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';

const TABLES = { settingsTable: 'stack-settings', ledgerTable: 'stack-ledger' };
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

let aws: EmbeddedDynamodb;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let programs: RunningProgram[] = [];

beforeAll(async () => {
  aws = await startEmbeddedDynamodb();
  const client = new DynamoDBClient({
    endpoint: aws.url,
    region: 'eu-west-1',
    credentials: CREDENTIALS,
  });
  await ensureTables(client, TABLES);
  client.destroy();
});
afterAll(() => aws.close());
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.end('SIGKILL')));
  programs = [];
  await folder.remove();
});

const environment = () => ({
  AWS_ENDPOINT_URL_DYNAMODB: aws.url,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_REGION: 'eu-west-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  HOME: folder.path,
  HARDCAP_SETTINGS_TABLE: TABLES.settingsTable,
  HARDCAP_LEDGER_TABLE: TABLES.ledgerTable,
});

async function start(env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const all = ['--port', '0', '--ledger', 'aws', ...args];
  const program = await startProgram('bin/local.ts', all, { cwd: folder.path, env });
  programs.push(program);
  return program;
}

async function complaint(env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const ended: unknown = await start(env, args).catch((error: unknown) => error);
  if (!(ended instanceof Error)) throw new Error('it started');
  expect(ended.message).not.toMatch(/\n\s+at /);
  return ended.message;
}

describe('npm start -- --ledger aws', () => {
  it('names the two tables, writes no setting, and knows of no demo key', async () => {
    const program = await start(environment());
    await expect.poll(() => program.output()).toContain('See what is spent');

    const client = createLedgerClient({
      endpoint: aws.url,
      region: 'eu-west-1',
      credentials: CREDENTIALS,
    });
    const { Items } = await client.send(new ScanCommand({ TableName: TABLES.settingsTable }));
    client.destroy();

    expect(program.output()).toContain('settings  table stack-settings in eu-west-1');
    expect(program.output()).toContain('ledger    table stack-ledger');
    expect(program.output()).toMatch(
      /status --region eu-west-1 --settings-table stack-settings --ledger-table stack-ledger$/m,
    );
    expect(program.output()).not.toMatch(/demo/);
    expect(Items).toEqual([]);
  });

  it('neither writes nor removes the file of a local gateway', async () => {
    const local = await startProgram('bin/local.ts', ['--port', '0'], { cwd: folder.path });
    programs.push(local);
    await expect.poll(() => local.output()).toContain('See what is spent');
    const data = path.join(folder.path, 'data');

    const program = await start(environment());
    const other = await start(environment(), ['--data-dir', data]);

    expect(await program.end()).toBe(0);
    expect(await other.end()).toBe(0);
    expect(await readdir(path.join(folder.path, '.hardcap'))).toContain('local.json');
    await expect(readdir(data)).rejects.toThrow('ENOENT');
  });

  it('refuses a seed, which it would write over the settings of the stack', async () => {
    const seed = path.join(folder.path, 'seed.json');
    await writeFile(seed, '{}');

    expect(await complaint(environment(), ['--seed', seed])).toMatch(
      /--seed does not go with --ledger aws: .*key create/,
    );
  });
});

describe('tables that do not answer', () => {
  it('name the variable and the output that a missing table is known by', async () => {
    const { HARDCAP_LEDGER_TABLE: _, ...env } = environment();

    expect(await complaint(env)).toMatch(
      /no table "hardcap-ledger" in eu-west-1: set HARDCAP_LEDGER_TABLE .* LedgerTableName/,
    );
  });

  it('ask for credentials where there are none', async () => {
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = environment();

    expect(await complaint(env)).toMatch(/no valid AWS credentials .*aws sso login/);
  });

  it.each([
    ['UnrecognizedClientException', /no valid AWS credentials \(told so\)/],
    ['AccessDeniedException', /may not read the table "stack-settings" in eu-west-1.* told so/],
    ['ValidationException', /"stack-settings" is none of hardcap's \(told so\)/],
  ])('say what to mend at %s', async (type, message) => {
    const answer = JSON.stringify({
      __type: `com.amazon.coral.service#${type}`,
      message: 'told so',
    });
    const server = createServer((_, response) => {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const env = { ...environment(), AWS_ENDPOINT_URL_DYNAMODB: endpoint };

      expect(await complaint(env)).toMatch(message);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('say that nobody answers in that region', async () => {
    const env = { ...environment(), AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:1' };

    expect(await complaint(env)).toMatch(
      /no answer for the table "stack-settings" from DynamoDB in eu-west-1 \(.+\): check/,
    );
  });
});
