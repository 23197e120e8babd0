/**
 * The two tables, made where they are missing, in any DynamoDB.
 *
 * Deployed tables are the stack's; these are for local mode. Several processes may do it at once.
 */
import {
  type AttributeDefinition,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { TABLE } from '../lambda/contract.ts';

export interface TableNames {
  readonly settingsTable: string;
  readonly ledgerTable: string;
}

const ACTIVE_WITHIN_SECONDS = 60;
const FIRST_LOOK_SECONDS = 0.1;
const SLOWEST_LOOK_SECONDS = 2;

/**
 * Creates each table that is missing and resolves when both are active.
 *
 * @throws Error naming the table where one of that name has other keys or lacks the index.
 */
export async function ensureTables(client: DynamoDBClient, names: TableNames): Promise<void> {
  await Promise.all([
    ensureTable(client, settingsDefinition(names.settingsTable)),
    ensureTable(client, ledgerDefinition(names.ledgerTable)).then(async (isNew) => {
      if (isNew) await expireJournal(client, names.ledgerTable);
    }),
  ]);
}

/** Whether this call made the table, and no other process. */
async function ensureTable(
  client: DynamoDBClient,
  definition: CreateTableCommandInput,
): Promise<boolean> {
  const { TableName } = definition;
  const isNew = !(await exists(client, TableName)) && (await create(client, definition));
  await waitUntilTableExists(
    {
      client,
      maxWaitTime: ACTIVE_WITHIN_SECONDS,
      minDelay: FIRST_LOOK_SECONDS,
      maxDelay: SLOWEST_LOOK_SECONDS,
    },
    { TableName },
  );
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assertSameForm(definition, Table);
  return isNew;
}

/** Journal entries carry their end; a store that knows no time to live keeps them. */
async function expireJournal(client: DynamoDBClient, TableName: string): Promise<void> {
  try {
    const TimeToLiveSpecification = { AttributeName: TABLE.ttl, Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'UnknownOperationException') throw error;
  }
}

async function exists(client: DynamoDBClient, TableName: string | undefined): Promise<boolean> {
  try {
    await client.send(new DescribeTableCommand({ TableName }));
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}

async function create(
  client: DynamoDBClient,
  definition: CreateTableCommandInput,
): Promise<boolean> {
  try {
    await client.send(new CreateTableCommand(definition));
    return true;
  } catch (error) {
    // Another process was faster; its table is the same.
    if (error instanceof ResourceInUseException) return false;
    throw error;
  }
}

function assertSameForm(
  wanted: CreateTableCommandInput,
  found: TableDescription | undefined,
): void {
  const keysOf = (table: CreateTableCommandInput | TableDescription | undefined): string =>
    (table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName).join(', ');
  if (keysOf(found) !== keysOf(wanted)) {
    throw new Error(
      `table ${wanted.TableName} has the keys (${keysOf(found)}), not (${keysOf(wanted)}): ` +
        'name another table',
    );
  }
  for (const { IndexName } of wanted.GlobalSecondaryIndexes ?? []) {
    if (found?.GlobalSecondaryIndexes?.some((index) => index.IndexName === IndexName)) continue;
    throw new Error(`table ${wanted.TableName} has no index "${IndexName}": name another table`);
  }
}

const text = (AttributeName: string): AttributeDefinition => ({
  AttributeName,
  AttributeType: 'S',
});

const settingsDefinition = (TableName: string): CreateTableCommandInput => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [text(TABLE.partitionKey), text(TABLE.sortKey)],
  KeySchema: [
    { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
    { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
  ],
});

function ledgerDefinition(TableName: string): CreateTableCommandInput {
  const settings = settingsDefinition(TableName);
  return {
    ...settings,
    AttributeDefinitions: [...(settings.AttributeDefinitions ?? []), text(TABLE.openKey)],
    GlobalSecondaryIndexes: [
      {
        IndexName: TABLE.openIndex,
        KeySchema: [{ AttributeName: TABLE.openKey, KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  };
}
