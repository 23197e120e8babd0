/**
 * The bundles that would be deployed, run on this machine: the gateway's behind the imitated
 * Function URL, the rollover's once, both on an embedded DynamoDB and a simulated Bedrock.
 *
 * Owns: the life of the processes; all of them end with `close`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { ENV } from '../../lambda/contract.ts';
import { startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { demoKey } from '../../local/seed.ts';
import { startSimulatedBedrock } from '../../local/simulated-bedrock.ts';
import { ensureTables } from '../../local/tables.ts';
import type { Bundle } from './synthesized-bundles.ts';

const REGION = 'us-east-1';
const TABLES = { settingsTable: 'rehearsal-settings', ledgerTable: 'rehearsal-ledger' };
const CREDENTIALS = { accessKeyId: 'rehearsal', secretAccessKey: 'rehearsal' };

export interface Stage {
  /** A key with a cap of one dollar a day. */
  readonly key: string;
  /** Starts the gateway's bundle and gives its address. */
  serve(bundle: Bundle): Promise<string>;
  /** Runs the rollover's bundle once, and gives its report. */
  run(bundle: Bundle): Promise<Readonly<Record<string, unknown>>>;
  /** What a bundle writes to stderr when it is started without its tables' names. */
  failure(bundle: Bundle): Promise<string>;
  close(): Promise<void>;
}

/** Starts what the bundles talk to. */
export async function openStage(): Promise<Stage> {
  const dynamodb = await startEmbeddedDynamodb();
  const bedrock = await startSimulatedBedrock({ port: 0 });
  const key = await seed(dynamodb.url);
  const children: ChildProcess[] = [];
  const start = (script: string, bundle: Bundle, env: Readonly<Record<string, string>>) => {
    const child = spawn(
      process.execPath,
      ['--import', join(import.meta.dirname, 'bedrock-here.ts'), scriptPath(script), bundle.file],
      {
        env: { PATH: process.env.PATH ?? '', REHEARSAL_BEDROCK_PORT: String(bedrock.port), ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    children.push(child);
    return child;
  };
  const startWhole = (script: string, bundle: Bundle) =>
    start(script, bundle, { ...bundle.variables, ...surroundings(dynamodb.url) });
  return {
    key,
    async serve(bundle) {
      const child = startWhole('serve-bundle.ts', bundle);
      const errors = text(child.stderr);
      const lines = createInterface({ input: child.stdout });
      const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [])]);
      // Powertools' metrics go to stdout too: nobody reads them, and they must not fill the pipe.
      child.stdout.resume();
      if (typeof line === 'string') return line;
      throw new Error(`the gateway's bundle did not start: ${await errors}`);
    },
    async run(bundle) {
      const child = startWhole('run-bundle.ts', bundle);
      const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      const report = /^report (.*)$/m.exec(output)?.[1];
      if (report === undefined) throw new Error(`the rollover's bundle failed: ${errors}`);
      return JSON.parse(report);
    },
    failure(bundle) {
      return text(start('run-bundle.ts', bundle, { AWS_REGION: REGION }).stderr);
    },
    async close() {
      for (const child of children) await ended(child);
      await bedrock.close();
      await dynamodb.close();
    },
  };
}

const scriptPath = (script: string): string => join(import.meta.dirname, script);

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
}

/** Makes the tables, and the demo key with its cap. */
async function seed(endpoint: string): Promise<string> {
  const client = createLedgerClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  try {
    await ensureTables(client, TABLES);
    const { settingsTable } = TABLES;
    const demo = await demoKey({ client, settingsTable }, undefined);
    if (demo === undefined) throw new Error('new tables have a demo key already');
    return demo.key;
  } finally {
    client.destroy();
  }
}

/** What Lambda adds to a function's environment, and where its tables are. */
const surroundings = (dynamodbUrl: string): Record<string, string> => ({
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
  [ENV.settingsTable]: TABLES.settingsTable,
  [ENV.ledgerTable]: TABLES.ledgerTable,
  // A price list is no part of this machine.
  [ENV.priceRefresh]: 'off',
});
