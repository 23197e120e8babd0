/**
 * `npm start`: the gateway on this machine, told by options or by environment.
 *
 * Only the lines for people go to stdout; logs go to stderr, one JSON line each.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createLedgerClient } from '../lambda/adapters/dynamodb/document-client.ts';
import { greeting } from '../local/announcement.ts';
import type { LocalGateway } from '../local/local-gateway.ts';
import { logToStderr } from '../local/log-lines.ts';
import { makeFolder } from '../local/make-folder.ts';
import { type DemoKey, demoKey, readSeed, type SeedTarget, writeSeed } from '../local/seed.ts';
import { readStartOptions, type StartOptions } from '../local/start-options.ts';
import { publishState, withdrawState } from '../local/state-file.ts';
import { closeOnSignal } from '../local/stop-signals.ts';

/** Where a running gateway tells the CLI about itself, unless it has a data directory. */
const STATE_DIR = '.hardcap';
const DEMO_KEY_FILE = 'demo-key';
const SECRET_FILE_MODE = 0o600;

async function main(): Promise<void> {
  const options = readStartOptions(process.argv);
  const seedItems = await seedOf(options);
  logToStderr();
  const { startLocalGateway } = await import('../local/local-gateway.ts');
  const { dataDir, seed, ...rest } = options;
  const gateway = await startLocalGateway({
    ...rest,
    env: process.env,
    ...(dataDir === undefined ? {} : { ledgerDir: path.join(dataDir, 'dynamodb') }),
  });
  let demo: DemoKey | undefined;
  try {
    demo = await applySettings(gateway, seedItems, dataDir);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  const stateDir = dataDir ?? STATE_DIR;
  const isPublished = await publish(gateway, stateDir);
  closeOnSignal(async () => {
    try {
      await gateway.close();
    } finally {
      await withdrawState(stateDir, process.pid);
    }
  });
  const cliOptions = isPublished ? dataDirOption(dataDir) : tableOptions(gateway);
  process.stdout.write(greeting({ gateway, demo, seed, cliOptions }));
}

/** The seed is read before anything is started, so that its faults are told at once. */
async function seedOf({ seed, ledger }: StartOptions) {
  if (seed === undefined) return undefined;
  if (ledger === 'aws') {
    throw new Error(
      '--seed does not go with --ledger aws: it would be written over the settings of a deployed ' +
        'stack; use "npm run hardcap -- key create" and "npm run hardcap -- cap set" there',
    );
  }
  return readSeed(seed);
}

/** Writes the seed, or sees to the demo key and gives it. In AWS nothing is written. */
async function applySettings(
  { dynamoEndpoint, settingsTable, region }: LocalGateway,
  seedItems: Awaited<ReturnType<typeof seedOf>>,
  dataDir: string | undefined,
): Promise<DemoKey | undefined> {
  if (dynamoEndpoint === undefined) return undefined;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = createLedgerClient({ region, endpoint: dynamoEndpoint, credentials });
  try {
    const target = { client, settingsTable };
    if (seedItems === undefined) return await rememberedDemoKey(target, dataDir);
    await writeSeed(target, seedItems);
    return undefined;
  } finally {
    client.destroy();
  }
}

/** A data directory keeps the demo key's secret beside the tables that it is for. */
async function rememberedDemoKey(
  target: SeedTarget,
  dataDir: string | undefined,
): Promise<DemoKey | undefined> {
  if (dataDir === undefined) return demoKey(target, undefined);
  const file = path.join(dataDir, DEMO_KEY_FILE);
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  const demo = await demoKey(target, kept?.trim());
  if (demo?.isNew) {
    await makeFolder(dataDir);
    await writeFile(file, demo.key, { mode: SECRET_FILE_MODE });
  }
  return demo;
}

/** Whether the CLI will find this gateway by its file. */
async function publish(gateway: LocalGateway, stateDir: string): Promise<boolean> {
  const { dynamoEndpoint: endpoint, settingsTable, ledgerTable, url } = gateway;
  if (endpoint === undefined) return false;
  const state = { endpoint, settingsTable, ledgerTable, url, pid: process.pid };
  const problem = await publishState(stateDir, state);
  if (problem === undefined) return true;
  process.stderr.write(
    `hardcap: ${problem}; the command line does not find this gateway by itself, ` +
      'but by the options shown. To start it with a file of its own, give --data-dir\n',
  );
  return false;
}

const dataDirOption = (dataDir: string | undefined): readonly string[] =>
  dataDir === undefined ? [] : ['--data-dir', dataDir];

const tableOptions = (gateway: LocalGateway): readonly string[] => [
  ...(gateway.dynamoEndpoint === undefined
    ? ['--region', gateway.region]
    : ['--endpoint', gateway.dynamoEndpoint]),
  ...['--settings-table', gateway.settingsTable, '--ledger-table', gateway.ledgerTable],
];

main().catch((error: unknown) => {
  process.stderr.write(`hardcap: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
