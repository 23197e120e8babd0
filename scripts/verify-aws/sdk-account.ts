/**
 * The account by the AWS SDK, with credentials from the environment or a profile.
 *
 * Invariant: nothing is changed. The one write that is sent carries a condition that cannot hold.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { HttpRequest } from '@smithy/protocol-http';
import { TABLE } from '../../lambda/contract.ts';
import type { AwsAccount, PriceReading } from './aws-account.ts';
import type { Sign } from './caller.ts';
import { createBedrockSide } from './sdk-bedrock.ts';
import { createFunctionSide } from './sdk-function.ts';

/** Where, and by which profile's credentials. */
export interface Place {
  readonly region: string;
  readonly profile?: string;
  /** Of every service, for a stand-in of AWS. */
  readonly endpoint?: string;
}

export interface AccountPlace extends Place {
  readonly stack: string;
}

/** The account; undefined where there are no credentials for any. */
export async function findAccount(place: AccountPlace): Promise<AwsAccount | undefined> {
  const { stack: _, ...config } = place;
  const client = new CloudFormationClient(config);
  try {
    await client.config.credentials();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
  return createSdkAccount(place);
}

/** Finds the stack's parts when they are first asked for. */
export function createSdkAccount({ stack, ...place }: AccountPlace): AwsAccount {
  const parts = onlyOnce(() => partsOf(place, stack));
  return {
    ...createFunctionSide(place, async () => (await parts()).functionName),
    ...createBedrockSide(place),
    refusedWriteBringsItem: async () => refusedWriteBringsItem(place, (await parts()).ledgerTable),
    readPrices: () => readPrices({ ...place, stack }),
  };
}

function onlyOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function partsOf(place: Place, StackName: string) {
  const client = new CloudFormationClient(place);
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
  const output = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'LedgerTableName');
  const { StackResources = [] } = await client.send(
    new DescribeStackResourcesCommand({ StackName }),
  );
  const gateway = StackResources.find(
    ({ ResourceType, LogicalResourceId = '' }) =>
      ResourceType === 'AWS::Lambda::Function' && LogicalResourceId.includes('Gateway'),
  );
  if (output?.OutputValue === undefined || gateway?.PhysicalResourceId === undefined) {
    throw new Error(`the stack "${StackName}" is not a hardcap stack; name it with --stack`);
  }
  return { ledgerTable: output.OutputValue, functionName: gateway.PhysicalResourceId };
}

async function refusedWriteBringsItem(
  place: Place,
  TableName: string,
): Promise<boolean | undefined> {
  const client = new DynamoDBClient(place);
  const { Items = [] } = await client.send(new ScanCommand({ TableName, Limit: 1 }));
  const { [TABLE.partitionKey]: pk, [TABLE.sortKey]: sk } = Items[0] ?? {};
  if (pk === undefined || sk === undefined) return undefined;
  try {
    await client.send(
      new UpdateItemCommand({
        TableName,
        Key: { [TABLE.partitionKey]: pk, [TABLE.sortKey]: sk },
        UpdateExpression: 'SET probe = :probe',
        ExpressionAttributeValues: { ':probe': { S: '' } },
        // The item was just read, so this cannot hold.
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
    return 'Item' in error && error.Item !== undefined;
  }
  throw new Error('a write whose condition cannot hold was accepted; remove `probe` of that item');
}

const CLI = join(import.meta.dirname, '../../bin/hardcap.ts');
const PRICES_TIMEOUT_MS = 300_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** As `hardcap prices refresh --dry-run` reads them; its exit code tells of what was found. */
async function readPrices({ region, profile, stack }: AccountPlace): Promise<PriceReading> {
  const args = ['prices', 'refresh', '--dry-run', '--json', '--stack', stack, '--region', region];
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...args, ...(profile === undefined ? [] : ['--profile', profile])],
      { timeout: PRICES_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES },
      (_error, out, err) => resolve({ stdout: out, stderr: err }),
    );
  });
  if (stdout.trim() === '') throw new Error(stderr.trim() || 'prices refresh printed nothing');
  const { partsRead, partsFailed, taken, proposed, unmapped } = JSON.parse(stdout);
  const countOf = (value: unknown): number => (Array.isArray(value) ? value.length : Number(value));
  return {
    partsRead: countOf(partsRead),
    partsFailed: countOf(partsFailed),
    taken: countOf(taken),
    proposed: countOf(proposed),
    unmapped: unmapped.map(({ name, why }: { name: string; why: string }) => `${name}: ${why}`),
  };
}

/** Signs as AWS asks it of a Function URL whose AuthType is AWS_IAM. */
export function signerFor(place: Place): Sign {
  const client = new LambdaClient(place);
  return async ({ method, path, headers, body }) => {
    const signer = await client.config.signer({
      name: 'sigv4',
      signingName: 'lambda',
      signingRegion: place.region,
      properties: {},
    });
    const hostname = headers.host ?? '';
    const request = new HttpRequest({ method, protocol: 'https:', hostname, path, headers, body });
    return (await signer.sign(request)).headers;
  };
}
