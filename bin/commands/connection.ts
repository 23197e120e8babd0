/**
 * Which tables a command works on: the local gateway's, a deployed stack's, or tables by name.
 *
 * Invariant: what was named wins; else a running local gateway; else the stack `Hardcap`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { CliFailure, explain, wrongUse } from './failure.ts';

export interface ConnectionOptions {
  /** Where the local gateway keeps its files. */
  readonly dataDir: string;
  readonly stack?: string;
  readonly settingsTable?: string;
  readonly ledgerTable?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
}

export interface Connection {
  readonly client: DynamoDBDocumentClient;
  readonly settingsTable: string;
  readonly ledgerTable: string;
  /** For people: `the local gateway at http://127.0.0.1:8787`. */
  readonly name: string;
  /** Where requests are sent to; undefined for tables by name, which tell of no gateway. */
  readonly gatewayUrl?: string;
  /** Of the deployed stack that was connected to; undefined elsewhere. */
  readonly stackName?: string;
  /** Every output of the deployed stack, by its key; empty elsewhere. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Region and profile of the AWS account, for what is asked beside the tables. */
  readonly aws: AwsConfig;
  /** Whether the tables are in a store of this machine, and no account stands behind them. */
  readonly isLocal: boolean;
}

/** What every client of the AWS SDK is made with. */
export interface AwsConfig {
  readonly maxAttempts: number;
  readonly region?: string;
  readonly profile?: string;
}

const NO_OUTPUTS: ReadonlyMap<string, string> = new Map();
const DEFAULT_STACK = 'Hardcap';
const LOCAL_FILE = 'local.json';
const LOCAL_REGION = 'us-east-1';
const MAX_ATTEMPTS = 3;

/** What a running local gateway leaves in its data directory. */
const LOCAL_GATEWAY = z.object({
  endpoint: z.url(),
  settingsTable: z.string(),
  ledgerTable: z.string(),
  url: z.url(),
  pid: z.int(),
});
type LocalGateway = z.output<typeof LOCAL_GATEWAY>;

/**
 * Finds the tables and builds a client for them.
 *
 * @throws CliFailure
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { settingsTable, ledgerTable, endpoint, stack } = options;
  if (settingsTable !== undefined && ledgerTable !== undefined) {
    const name = `the tables ${settingsTable} and ${ledgerTable}`;
    return {
      ...clientOf(options, endpoint),
      settingsTable,
      ledgerTable,
      name,
      outputs: NO_OUTPUTS,
    };
  }
  if (settingsTable !== undefined || ledgerTable !== undefined || endpoint !== undefined) {
    throw wrongUse(
      '--settings-table and --ledger-table go together, and --endpoint goes with both of them',
    );
  }
  if (stack !== undefined) return connectStack(options, stack);
  return connectLocal(options) ?? connectDefaultStack(options);
}

/** The tables of the local gateway that runs now; undefined where none does. @throws CliFailure */
export function connectLocal(options: ConnectionOptions): Connection | undefined {
  const local = runningGateway(options.dataDir);
  if (local === undefined) return undefined;
  return {
    ...clientOf(options, local.endpoint),
    settingsTable: local.settingsTable,
    ledgerTable: local.ledgerTable,
    name: `the local gateway at ${local.url}`,
    gatewayUrl: local.url,
    outputs: NO_OUTPUTS,
  };
}

/** A gateway that has ended is no reason to write to a deployed stack instead. */
function runningGateway(dataDir: string): LocalGateway | undefined {
  const file = path.join(dataDir, LOCAL_FILE);
  const gateway = readGateway(file);
  if (gateway === undefined || isRunning(gateway.pid)) return gateway;
  throw new CliFailure(
    `the local gateway of ${file} (process ${gateway.pid}) is not running: start it again with ` +
      `npm start, or name the deployed stack (--stack ${DEFAULT_STACK})`,
  );
}

function readGateway(file: string): LocalGateway | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliFailure(`${file} cannot be read: ${String(error)}`, { cause: error });
  }
  try {
    return LOCAL_GATEWAY.parse(JSON.parse(text));
  } catch (error) {
    throw new CliFailure(
      `${file} is not what a local gateway writes; delete it, and start the gateway again`,
      { cause: error },
    );
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Who meant a gateway of this machine must learn why AWS was asked at all. */
async function connectDefaultStack(options: ConnectionOptions): Promise<Connection> {
  try {
    return await connectStack(options, DEFAULT_STACK);
  } catch (error) {
    throw new CliFailure(
      `no local gateway runs in ${path.resolve(options.dataDir)}; so AWS was asked for the stack ` +
        `"${DEFAULT_STACK}", without success: ${explain(error)}. Start a local gateway with npm ` +
        'start, or give --data-dir of one that runs; for a deployed hardcap give its --stack, and ' +
        'AWS credentials and region (--profile, --region)',
      { cause: error },
    );
  }
}

async function connectStack(options: ConnectionOptions, stack: string): Promise<Connection> {
  const cloudFormation = new CloudFormationClient(awsConfig(options));
  const outputs = await stackOutputs(cloudFormation, stack);
  const settingsTable = outputs.get('SettingsTableName');
  const ledgerTable = outputs.get('LedgerTableName');
  if (settingsTable === undefined || ledgerTable === undefined) {
    throw new CliFailure(
      `the stack "${stack}" has no outputs SettingsTableName and LedgerTableName, so it is not ` +
        'a hardcap stack; name the right one with --stack',
    );
  }
  const gatewayUrl = outputs.get('GatewayUrl');
  return {
    ...clientOf(options, undefined),
    settingsTable,
    ledgerTable,
    name: `the stack ${stack}`,
    stackName: stack,
    ...(gatewayUrl === undefined ? {} : { gatewayUrl }),
    outputs,
  };
}

async function stackOutputs(
  client: CloudFormationClient,
  stack: string,
): Promise<Map<string, string>> {
  try {
    const answer = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = answer.Stacks?.[0]?.Outputs ?? [];
    return new Map(
      outputs.flatMap(({ OutputKey: key, OutputValue: value }) =>
        key === undefined || value === undefined ? [] : [[key, value] as const],
      ),
    );
  } catch (error) {
    if (!(error instanceof Error) || !/does not exist/.test(error.message)) throw error;
    throw new CliFailure(
      `there is no stack "${stack}" in this account and region; name it with --stack, and its ` +
        'region with --region',
      { cause: error },
    );
  }
}

const awsConfig = ({ region, profile }: ConnectionOptions): AwsConfig => ({
  maxAttempts: MAX_ATTEMPTS,
  ...(region === undefined ? {} : { region }),
  ...(profile === undefined ? {} : { profile }),
});

const isLoopback = (endpoint: string): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname);

/** A store on this machine asks for no credentials, and must never be shown real ones. */
export const loopbackConfig = (endpoint: string | undefined, region: string | undefined) =>
  endpoint !== undefined && isLoopback(endpoint)
    ? {
        region: region ?? LOCAL_REGION,
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      }
    : {};

const clientOf = (options: ConnectionOptions, endpoint: string | undefined) => ({
  client: createClient(options, endpoint),
  aws: awsConfig(options),
  isLocal: endpoint !== undefined && isLoopback(endpoint),
});

function createClient(
  options: ConnectionOptions,
  endpoint: string | undefined,
): DynamoDBDocumentClient {
  if (endpoint !== undefined && !URL.canParse(endpoint)) {
    throw wrongUse(`--endpoint is not a URL: ${endpoint}`);
  }
  const client = new DynamoDBClient({
    ...awsConfig(options),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...loopbackConfig(endpoint, options.region),
  });
  return DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
    unmarshallOptions: { wrapNumbers: true },
  });
}
