/**
 * Whether the two tables in AWS can be read, asked once before anything is served.
 *
 * Not here: making tables (tables.ts); in AWS they are the stack's.
 */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ENV, TABLE } from '../lambda/contract.ts';
import type { TableNames } from './tables.ts';

const TIMEOUT_MS = 5_000;
const ATTEMPTS = 2;

/** Reads one item of each table. @throws Error that says what to mend */
export async function assertTablesAnswer(region: string, names: TableNames): Promise<void> {
  const client = new DynamoDBClient({
    region,
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
  try {
    await assertAnswers(client, region, {
      name: names.settingsTable,
      variable: ENV.settingsTable,
      output: 'SettingsTableName',
    });
    await assertAnswers(client, region, {
      name: names.ledgerTable,
      variable: ENV.ledgerTable,
      output: 'LedgerTableName',
    });
  } finally {
    client.destroy();
  }
}

/** A table, the variable that names it, and the stack's output that tells its name. */
interface NamedTable {
  readonly name: string;
  readonly variable: string;
  readonly output: string;
}

async function assertAnswers(
  client: DynamoDBClient,
  region: string,
  table: NamedTable,
): Promise<void> {
  const Key = { [TABLE.partitionKey]: { S: '-' }, [TABLE.sortKey]: { S: '-' } };
  try {
    await client.send(new GetItemCommand({ TableName: table.name, Key, ConsistentRead: true }));
  } catch (error) {
    throw new Error(`--ledger aws: ${problemOf(error, region, table)}`, { cause: error });
  }
}

function problemOf(error: unknown, region: string, { name, variable, output }: NamedTable): string {
  const { name: kind, message } = error instanceof Error ? error : { name: '', message: '' };
  switch (kind) {
    case 'ResourceNotFoundException':
      return (
        `there is no table "${name}" in ${region}: set ${variable} to the stack's output ` +
        `${output}, and AWS_REGION to the stack's region`
      );
    case 'ValidationException':
      return `the table "${name}" is none of hardcap's (${message}): correct ${variable}`;
    case 'AccessDeniedException':
      return (
        `the AWS credentials may not read the table "${name}" in ${region}: use some that may ` +
        `(AWS_PROFILE). ${message}`
      );
    case 'CredentialsProviderError':
    case 'TokenProviderError':
    case 'ExpiredTokenException':
    case 'InvalidSignatureException':
    case 'UnrecognizedClientException':
      return `no valid AWS credentials (${message}): sign in (aws sso login), or set AWS_PROFILE`;
    default:
      return (
        `no answer for the table "${name}" from DynamoDB in ${region} ` +
        `(${message || String(error)}): check AWS_REGION and the network`
      );
  }
}
