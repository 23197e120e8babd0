/**
 * The whole of hardcap on this machine: the function's own code behind an imitated Function URL.
 *
 * Owns:  what is started and in which order it ends: requests first, the ledger last.
 * Crash: with a data directory, what was reserved is found again and charged when it expires.
 */

import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { systemClock } from '../lambda/adapters/clock/system-clock.ts';
import {
  EMBEDDED_LEDGER_TIMEOUTS,
  LEDGER_TIMEOUTS,
} from '../lambda/adapters/dynamodb/connections.ts';
import { createLedgerClient } from '../lambda/adapters/dynamodb/document-client.ts';
import { createSignedCalls, dynamodbUrl } from '../lambda/adapters/dynamodb/signed-calls.ts';
import { createLogEvents } from '../lambda/adapters/events/log-events.ts';
import { createBedrockProfiles } from '../lambda/adapters/models/bedrock-profiles.ts';
import { createTelemetry } from '../lambda/adapters/telemetry/powertools-telemetry.ts';
import { createBedrockUpstream } from '../lambda/adapters/upstream/bedrock-upstream.ts';
import { DEFAULTS, ENV, METRIC_SERVICE } from '../lambda/contract.ts';
import { readEnvironment } from '../lambda/gateway/environment.ts';
import type { ProfileDirectory } from '../lambda/ports/profile-directory.ts';
import { composeRollover } from '../lambda/rollover/compose.ts';
import { readRolloverEnvironment } from '../lambda/rollover/environment.ts';
import { assertTablesAnswer } from './aws-tables.ts';
import { startEmbeddedDynamodb } from './embedded-dynamodb.ts';
import { installAwslambda } from './function-url-response.ts';
import { type StreamingHandler, startFunctionUrlServer } from './function-url-server.ts';
import { createLivePage, type LivePage } from './live-page.ts';
import { type ParameterSyncOptions, startParameterSync } from './parameter-sync.ts';
import { startSimulatedBedrock } from './simulated-bedrock.ts';
import { createSimulatedProfiles } from './simulated-profiles.ts';
import { ensureTables } from './tables.ts';

export interface LocalGatewayOptions {
  /** 0 chooses a free port. */
  readonly port: number;
  /** `simulated`, `aws`, or the URL of what speaks Bedrock's API. */
  readonly upstream: string;
  /** `embedded`, `aws`, or the URL of what speaks DynamoDB's API. */
  readonly ledger: string;
  /** Where an embedded ledger lives on; absent: in memory. */
  readonly ledgerDir?: string;
  /** The functions' settings, as in `contract.ts`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which an invocation is broken off; the function's time-out. */
  readonly functionTimeoutMs?: number;
  readonly rolloverIntervalMs?: number;
  /** A folder of files that stand for the parameters of SSM; absent: none is synced. */
  readonly ssmDir?: string;
}

export interface LocalGateway {
  readonly url: string;
  /** Of the tables; undefined where they are in AWS. */
  readonly dynamoEndpoint: string | undefined;
  readonly settingsTable: string;
  readonly ledgerTable: string;
  readonly region: string;
  /** Where the simulated Bedrock listens, if there is one. */
  readonly simulatedUrl: string | undefined;
  /** Ends what is in flight, settles it, and closes everything that was started. */
  close(): Promise<void>;
}

/** Nothing that runs here is asked for them; AWS SDKs will not send without. */
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** An embedded table does one thing after another, and may be busy with the gateway's. */
const EMBEDDED_SETTINGS_TIMEOUT_MS = 20_000;

/** Between two readings of an open page; tables in AWS are paid by what is read. */
const REFRESH_MS = 2_000;
const AWS_REFRESH_MS = 10_000;

/** Of one call, while tables are looked for and made. */
const TABLES_TIMEOUT_MS = 20_000;

/**
 * Starts everything and resolves when requests are served.
 *
 * @throws Error that names what could not be started, after closing what was
 */
export async function startLocalGateway(options: LocalGatewayOptions): Promise<LocalGateway> {
  assertKnown('--upstream', options.upstream, 'simulated');
  assertKnown('--ledger', options.ledger, 'embedded');
  assertOwnSync(options);
  const started: { close(): Promise<void> }[] = [];
  const closeAll = async () => {
    for (const part of started.reverse().splice(0)) await part.close();
  };
  try {
    const env = {
      [ENV.settingsTable]: 'hardcap-settings',
      [ENV.ledgerTable]: 'hardcap-ledger',
      ...options.env,
    };
    const environment = readEnvironment(env);
    const region = environment.regions[0] ?? DEFAULTS.regions[0] ?? '';
    const dynamo = await dynamoEndpoint(options, started);
    const clientConfig =
      dynamo === undefined
        ? { region }
        : { region, endpoint: dynamo, credentials: LOCAL_CREDENTIALS };
    if (dynamo === undefined) await assertTablesAnswer(region, environment);
    else await makeTables(options.ledger, clientConfig, environment);
    const timeouts = dynamo === undefined ? LEDGER_TIMEOUTS : EMBEDDED_LEDGER_TIMEOUTS;
    const client = createLedgerClient(clientConfig, timeouts);
    started.push({ close: async () => client.destroy() });
    const telemetry = createTelemetry(METRIC_SERVICE.gateway);
    started.push(
      startRollover(options.rolloverIntervalMs ?? DEFAULTS.rolloverIntervalMs, {
        client,
        environment: readRolloverEnvironment(env),
        ...(dynamo === undefined ? {} : { settingsTimeoutMs: EMBEDDED_SETTINGS_TIMEOUT_MS }),
      }),
    );
    await startSync(options, { client, settingsTable: environment.settingsTable }, started);
    const simulated =
      options.upstream === 'simulated' ? await startSimulatedBedrock({ port: 0 }) : undefined;
    if (simulated !== undefined) started.push(simulated);
    const upstream = createBedrockUpstream({
      clock: systemClock,
      ...upstreamEndpoint(options.upstream, simulated?.url),
    });
    started.push({ close: async () => upstream.close() });
    const profiles = profilesOf(options.upstream, started);
    const { tokenCounter } = upstream;
    const calls = createSignedCalls({
      region,
      timeouts,
      endpoint: dynamo === undefined ? dynamodbUrl(region, process.env) : new URL(dynamo),
      credentials: dynamo === undefined ? defaultProvider() : LOCAL_CREDENTIALS,
    });
    started.push({ close: async () => calls.close() });
    const parts = { environment, dynamo: calls, upstream, tokenCounter, profiles, telemetry };
    const handler = await composeHandler(parts);
    const page = createLivePage({
      client,
      ...environment,
      refreshMs: dynamo === undefined ? AWS_REFRESH_MS : REFRESH_MS,
      ...(dynamo === undefined ? {} : { settingsTimeoutMs: EMBEDDED_SETTINGS_TIMEOUT_MS }),
    });
    const server = await listen(handler, page, options);
    started.push(server);
    return {
      url: server.url,
      dynamoEndpoint: dynamo,
      settingsTable: environment.settingsTable,
      ledgerTable: environment.ledgerTable,
      region,
      simulatedUrl: simulated?.url,
      close: closeAll,
    };
  } catch (error) {
    // Why it did not start is what is told, whatever closing the rest comes to.
    await closeAll().catch(() => undefined);
    throw error;
  }
}

async function dynamoEndpoint(
  options: LocalGatewayOptions,
  started: { close(): Promise<void> }[],
): Promise<string | undefined> {
  if (options.ledger === 'aws') return undefined;
  if (options.ledger !== 'embedded') return new URL(options.ledger).href;
  const embedded = await startEmbeddedDynamodb(
    options.ledgerDir === undefined ? {} : { dataDir: options.ledgerDir },
  );
  started.push(embedded);
  return embedded.url;
}

/** @throws Error naming the ledger where it does not answer, or not as DynamoDB does */
async function makeTables(
  ledger: string,
  config: DynamoDBClientConfig,
  names: { readonly settingsTable: string; readonly ledgerTable: string },
): Promise<void> {
  const client = new DynamoDBClient({
    ...config,
    requestHandler: {
      connectionTimeout: TABLES_TIMEOUT_MS,
      requestTimeout: TABLES_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
  try {
    await ensureTables(client, names);
  } catch (error) {
    throw new Error(`--ledger ${ledger}: ${ledgerProblem(error)}`, { cause: error });
  } finally {
    client.destroy();
  }
}

function ledgerProblem(error: unknown): string {
  // Connections to several addresses fail with one error for each, and no message of its own.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return String(first);
  const isUnreachable = 'code' in first && typeof first.code === 'string';
  if (isUnreachable || first.name === 'TimeoutError') {
    return `no DynamoDB answers there (${first.message}); start it, or correct the URL`;
  }
  if (first instanceof SyntaxError) return "what answers there does not speak DynamoDB's API";
  return first.message;
}

function upstreamEndpoint(upstream: string, simulatedUrl: string | undefined) {
  if (upstream === 'aws') return { credentials: defaultProvider() };
  return { endpoint: new URL(simulatedUrl ?? upstream), credentials: LOCAL_CREDENTIALS };
}

/** Whoever answers for the models answers for the profiles that lead to them. */
function profilesOf(upstream: string, started: { close(): Promise<void> }[]): ProfileDirectory {
  if (upstream === 'simulated') return createSimulatedProfiles();
  const profiles = createBedrockProfiles({
    clock: systemClock,
    ...upstreamEndpoint(upstream, undefined),
  });
  started.push({ close: async () => profiles.close() });
  return profiles;
}

/** @throws Error with the words that the option knows */
function assertKnown(option: string, text: string, own: string): void {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (text === own || text === 'aws' || protocol === 'http:' || protocol === 'https:') return;
  throw new Error(
    `${option}: "${text}" is not ${own}, aws, or a URL such as http://127.0.0.1:8000`,
  );
}

async function listen(handler: StreamingHandler, ownPage: LivePage, options: LocalGatewayOptions) {
  const { port } = options;
  const timeoutMs = options.functionTimeoutMs ?? DEFAULTS.functionTimeoutMs;
  try {
    return await startFunctionUrlServer({ handler, ownPage, port, timeoutMs });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    const problem = code === 'EACCES' ? 'may not be opened by this user' : 'is in use';
    throw new Error(
      `port ${port} of 127.0.0.1 ${problem}: choose another with --port, or a free one with ` +
        '--port 0',
      { cause: error },
    );
  }
}

type Composed = Parameters<typeof import('../lambda/gateway/compose.ts')['composeGateway']>[0];

async function composeHandler(parts: Omit<Composed, 'clock'>): Promise<StreamingHandler> {
  // middy looks for the runtime's global while it composes.
  installAwslambda();
  const { composeGateway } = await import('../lambda/gateway/compose.ts');
  return composeGateway({ ...parts, clock: systemClock }) as StreamingHandler;
}

/** @throws Error where the tables are a deployed stack's, which has a sync of its own */
function assertOwnSync({ ssmDir, ledger }: LocalGatewayOptions): void {
  if (ssmDir === undefined || ledger !== 'aws') return;
  throw new Error(
    '--ssm-dir does not go with --ledger aws: a deployed stack syncs its caps from Parameter ' +
      'Store, and they would be removed; use aws ssm put-parameter there',
  );
}

async function startSync(
  { ssmDir: folder }: LocalGatewayOptions,
  parts: Pick<ParameterSyncOptions, 'client' | 'settingsTable'>,
  started: { close(): Promise<void> }[],
): Promise<void> {
  if (folder === undefined) return;
  const settingsTimeoutMs = EMBEDDED_SETTINGS_TIMEOUT_MS;
  started.push(await startParameterSync({ ...parts, folder, settingsTimeoutMs }));
}

/** The rollover function's work, by a timer. */
function startRollover(
  intervalMs: number,
  parts: Pick<
    Parameters<typeof composeRollover>[0],
    'client' | 'environment' | 'settingsTimeoutMs'
  >,
): { close(): Promise<void> } {
  const telemetry = createTelemetry(METRIC_SERVICE.rollover);
  const events = createLogEvents(telemetry);
  const rollover = composeRollover({ ...parts, clock: systemClock, telemetry, events });
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await systemClock.sleep(intervalMs, stopping.signal);
        await rollover(systemClock.nowMs() + DEFAULTS.rolloverIntervalMs);
      } catch (error) {
        if (!stopping.signal.aborted) telemetry.error('rollover failed', { error: String(error) });
      }
    }
  })();
  return {
    close: async () => {
      stopping.abort();
      await running;
    },
  };
}
