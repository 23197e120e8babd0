/**
 * `npm start`: the gateway on this machine, told by options or by environment.
 *
 * Only the lines for people go to stdout; logs go to stderr, one JSON line each.
 */
import { Console } from 'node:console';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, Option } from 'commander';
import { createLedgerClient } from '../lambda/adapters/ledger/dynamo-client.ts';
import type { LocalGateway } from '../local/local-gateway.ts';
import { applySeed, DEMO_CAP_ID, DEMO_LIMIT_USD, makeDemoKey } from '../local/seed.ts';

interface StartOptions {
  readonly port: number;
  readonly upstream: string;
  readonly ledger: string;
  readonly dataDir?: string;
  readonly seed?: string;
  readonly functionTimeoutMs?: number;
  readonly rolloverIntervalMs?: number;
}

/** Where a running gateway tells the CLI about itself. */
const STATE_DIR = '.hardcap';
const STATE_FILE = 'local.json';
const DEMO_KEY_FILE = 'demo-key';
const SECRET_FILE_MODE = 0o600;
const DEFAULT_PORT = 8787;

const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0) return value;
  throw new Error(`"${text}" is not a whole number`);
};

const command = new Command('hardcap-local')
  .description('Runs the hardcap gateway on this machine.')
  .addOption(
    new Option('--port <number>', 'port on 127.0.0.1; 0 chooses a free one')
      .env('HARDCAP_PORT')
      .argParser(wholeNumber)
      .default(DEFAULT_PORT),
  )
  .addOption(
    new Option('--upstream <simulated|aws|url>', 'what is called as Bedrock')
      .env('HARDCAP_UPSTREAM')
      .default('simulated'),
  )
  .addOption(
    new Option('--ledger <embedded|aws|url>', 'the DynamoDB that holds both tables')
      .env('HARDCAP_LEDGER')
      .default('embedded'),
  )
  .addOption(
    new Option('--data-dir <dir>', 'keeps the embedded DynamoDB there; without it, in memory').env(
      'HARDCAP_DATA_DIR',
    ),
  )
  .addOption(
    new Option('--seed <file.json>', 'keys, caps and prices to write over what is there').env(
      'HARDCAP_SEED',
    ),
  )
  .addOption(
    new Option('--function-timeout-ms <number>', "the function's time-out")
      .env('HARDCAP_FUNCTION_TIMEOUT_MS')
      .argParser(wholeNumber),
  )
  .addOption(
    new Option('--rollover-interval-ms <number>', 'how often stale reservations are expired')
      .env('HARDCAP_ROLLOVER_INTERVAL_MS')
      .argParser(wholeNumber),
  );

async function main(): Promise<void> {
  const options = command.parse().opts<StartOptions>();
  logToStderr();
  const { startLocalGateway } = await import('../local/local-gateway.ts');
  const { dataDir, seed, ...rest } = options;
  const gateway = await startLocalGateway({
    ...rest,
    env: process.env,
    ...(dataDir === undefined ? {} : { ledgerDir: path.join(dataDir, 'dynamodb') }),
  });
  const stateDir = dataDir ?? STATE_DIR;
  let demoKey: string | undefined;
  try {
    demoKey = await settle(gateway, stateDir, dataDir !== undefined, seed);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  closeOnSignal(gateway, stateDir);
  process.stdout.write(greeting(gateway, demoKey, seed));
}

/** The functions' own logger writes to the console; here its lines must not mix with ours. */
function logToStderr(): void {
  process.env.POWERTOOLS_DEV = 'true';
  process.env.POWERTOOLS_METRICS_DISABLED = 'true';
  globalThis.console = new Console(process.stderr, process.stderr);
}

/** Writes settings and the file by which the CLI finds this gateway; gives the demo key. */
async function settle(
  gateway: LocalGateway,
  stateDir: string,
  isKept: boolean,
  seed: string | undefined,
): Promise<string | undefined> {
  const { dynamoEndpoint, settingsTable, ledgerTable, region, url } = gateway;
  if (dynamoEndpoint === undefined) return undefined;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = createLedgerClient({ region, endpoint: dynamoEndpoint, credentials });
  await mkdir(stateDir, { recursive: true });
  const state = { endpoint: dynamoEndpoint, settingsTable, ledgerTable, url, pid: process.pid };
  await writeFile(path.join(stateDir, STATE_FILE), `${JSON.stringify(state)}\n`);
  try {
    if (seed !== undefined) {
      await applySeed({ client, settingsTable }, seed);
      return undefined;
    }
    const keyFile = path.join(stateDir, DEMO_KEY_FILE);
    const demoKey = await makeDemoKey({ client, settingsTable });
    if (demoKey === undefined) return isKept ? await keptKey(keyFile) : undefined;
    if (isKept) await writeFile(keyFile, demoKey, { mode: SECRET_FILE_MODE });
    return demoKey;
  } finally {
    client.destroy();
  }
}

async function keptKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return undefined;
  }
}

function closeOnSignal(gateway: LocalGateway, stateDir: string): void {
  let isClosing = false;
  const close = (signal: NodeJS.Signals) => {
    if (isClosing) process.exit(1);
    isClosing = true;
    process.stderr.write(`${signal}: finishing what is in flight; again to leave at once\n`);
    gateway
      .close()
      .then(() => rm(path.join(stateDir, STATE_FILE), { force: true }))
      .then(
        () => process.exit(0),
        (error) => {
          process.stderr.write(`${String(error)}\n`);
          process.exit(1);
        },
      );
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
}

const DEMO_MODEL = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';

function greeting(gateway: LocalGateway, demoKey: string | undefined, seed?: string): string {
  const listening = `hardcap listening on ${gateway.url}\n`;
  if (demoKey === undefined) {
    const why =
      seed === undefined ? 'there is a demo key already' : `settings are those of ${seed}`;
    return `${listening}\n${why}; make another: npm run hardcap -- key create <id> --daily 5\n`;
  }
  return `${listening}
demo key  ${demoKey}
its cap   ${DEMO_CAP_ID}: $${DEMO_LIMIT_USD} a day

For any AWS SDK, in its environment:
  export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${gateway.url}
  export AWS_BEARER_TOKEN_BEDROCK=${demoKey}
  export AWS_REGION=${gateway.region} AWS_DEFAULT_REGION=${gateway.region}

Or by hand:
  curl -s ${gateway.url}/model/${DEMO_MODEL}/converse \\
    -H 'Authorization: Bearer ${demoKey}' -H 'Content-Type: application/json' \\
    -d '{"messages":[{"role":"user","content":[{"text":"Hello"}]}],"inferenceConfig":{"maxTokens":200}}'

See what is spent:  npm run hardcap -- status
`;
}

main().catch((error: unknown) => {
  process.stderr.write(`hardcap: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
