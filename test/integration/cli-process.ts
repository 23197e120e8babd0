/**
 * The command line as a process of its own, on tables of a DynamoDB inside the test.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { createDynamoSettings } from '../../lambda/adapters/settings/dynamo-settings.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import type { Ledger } from '../../lambda/ports/ledger.ts';
import { startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { ensureTables } from '../../local/tables.ts';
import { usd } from '../helpers/builders.ts';
import { PROGRAM_ENVIRONMENT } from '../helpers/program-environment.ts';

const CLI = path.resolve('bin/hardcap.ts');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line with exactly these arguments in `cwd`, and waits for its end. */
async function runIn(
  cwd: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Finished> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: {
      ...PROGRAM_ENVIRONMENT,
      USER: 'tester',
      NO_COLOR: '1',
      // The release gets old; no test but those of its age is about that.
      HARDCAP_CATALOGUE_MAX_AGE_DAYS: '3650',
      ...env,
    },
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

/** Reads lines of JSON until there are `count`, and ends the process by its id. */
async function linesOf(cwd: string, args: readonly string[], count: number): Promise<unknown[]> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: PROGRAM_ENVIRONMENT });
  const lines: unknown[] = [];
  const closed = new Promise((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line));
    if (lines.length === count) break;
  }
  child.kill();
  await closed;
  return lines;
}

function reserveOn(ledger: Ledger, pk: string, amount: string, kind: 'daily' | 'lifetime') {
  const rule = { kind, timeZone: 'UTC', weekStart: 'monday' } as const;
  return ledger.reserve({
    counter: { pk, sk: windowAt(rule, Date.now()).id },
    reservationId: `zzzzzz${systemClock.randomCharacters(10)}`,
    amountNanoUsd: usd(amount),
    shownLimitNanoUsd: usd('1'),
  });
}

/** A DynamoDB, an empty directory, and the command line on tables that `renew` makes anew. */
export async function startCommandLine() {
  const dynamodb = await startEmbeddedDynamodb();
  const workDir = await mkdtemp(path.join(tmpdir(), 'hardcap-cli-'));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createLedgerClient({ endpoint: dynamodb.url, region: 'us-east-1', credentials });
  let tableCount = 0;
  let tables = { settingsTable: '', ledgerTable: '' };
  const tableOptions = () => [
    ...['--endpoint', dynamodb.url],
    ...['--settings-table', tables.settingsTable],
    ...['--ledger-table', tables.ledgerTable],
  ];
  const ledger = () =>
    createDynamoLedger({
      dynamo: documentCalls(client),
      tableName: tables.ledgerTable,
      clock: systemClock,
      maxInFlight: 10,
      journalDays: 1,
    });
  const run = (...args: string[]) => runIn(workDir, [...args, ...tableOptions()], {});

  return {
    dynamodbUrl: dynamodb.url,
    workDir,
    tables: () => tables,
    tableOptions,
    /** New, empty tables for the next test. */
    renew: async () => {
      tableCount += 1;
      tables = { settingsTable: `settings-${tableCount}`, ledgerTable: `ledger-${tableCount}` };
      await ensureTables(client, tables);
    },
    /** Runs it without saying which tables. */
    runBare: (args: readonly string[], env: NodeJS.ProcessEnv = {}) => runIn(workDir, args, env),
    /** Runs it on this test's tables. */
    run,
    /** Runs what does not end by itself, for its first `count` lines of JSON. */
    runLines: (count: number, ...args: string[]) =>
      linesOf(workDir, [...args, ...tableOptions()], count),
    /** Runs it and reads what it printed as JSON; fails where it failed. */
    runJson: async (...args: string[]) => {
      const { code, stdout, stderr } = await run(...args, '--json');
      if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    /** What the gateway would read. */
    readSettings: (keyId: string) =>
      createDynamoSettings({
        dynamo: documentCalls(client),
        tableName: tables.settingsTable,
        clock: systemClock,
      }).read(keyId, 0),
    /** Reserves on a counter of the running UTC window. */
    reserve: (pk: string, amount: string, kind: 'daily' | 'lifetime' = 'daily') =>
      reserveOn(ledger(), pk, amount, kind),
    /** Reserves there and settles all of it. */
    settle: async (pk: string, amount: string) => {
      const outcome = await reserveOn(ledger(), pk, amount, 'daily');
      if (outcome.kind !== 'reserved') throw new Error(outcome.kind);
      await ledger().settle(outcome.hold, usd(amount));
    },
    /** Every item of the settings table. */
    readItems: async () =>
      (await client.send(new ScanCommand({ TableName: tables.settingsTable }))).Items ?? [],
    putItem: (item: Record<string, unknown>) =>
      client.send(new PutCommand({ TableName: tables.settingsTable, Item: item })),
    /** Behind the command line's back. */
    removeKey: (id: string) =>
      client.send(
        new DeleteCommand({ TableName: tables.settingsTable, Key: { pk: 'KEY', sk: id } }),
      ),
    removeTable: (TableName: string) => client.send(new DeleteTableCommand({ TableName })),
    close: async () => {
      client.destroy();
      await dynamodb.close();
      await rm(workDir, { recursive: true, force: true });
    },
  };
}

export type CommandLine = Awaited<ReturnType<typeof startCommandLine>>;

/** The most characters of a line. */
export const widestLine = (text: string): number =>
  Math.max(...text.split('\n').map((line) => [...line].length));
