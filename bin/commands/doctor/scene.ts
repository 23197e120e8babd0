/**
 * What the checks look at: the two tables, the gateway and the account, each read once.
 */
import { DescribeContinuousBackupsCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { type CapSettings, readCaps } from '../../../lambda/adapters/settings/cap-items.ts';
import { readPrices } from '../../../lambda/adapters/settings/dynamo-settings.ts';
import {
  PARTITION,
  parseAlias,
  parseKey,
  type SettingItem,
  type SettingPartition,
} from '../../../lambda/adapters/settings/setting-items.ts';
import { TABLE } from '../../../lambda/contract.ts';
import type { CallerKey } from '../../../lambda/domain/cap.ts';
import type { MalformedAlias, ModelAlias } from '../../../lambda/domain/model-alias.ts';
import type { MalformedPrice, Price } from '../../../lambda/domain/price.ts';
import type { MalformedKey } from '../../../lambda/ports/settings.ts';
import { readAge, type ShownAge } from '../catalogue-age-view.ts';
import type { Connection } from '../connection.ts';
import { listItems } from '../settings-store.ts';
import type { Account } from './account.ts';

export type WhichTable = 'settings' | 'ledger';

/** What DynamoDB says of a table, and what stands in some of its items. */
export interface TableSeen {
  readonly name: string;
  readonly status: string;
  /** Attributes of its key, in their order. */
  readonly keys: readonly string[];
  readonly indexes: readonly string[];
  readonly isProtected: boolean;
  /** Undefined where it could not be seen. */
  readonly hasBackups?: boolean;
  /** Partition keys of the first items. */
  readonly partitions: readonly string[];
}

/** All settings as the gateway reads them. */
export interface SettingsSeen {
  readonly counts: Readonly<Record<SettingPartition, number>>;
  readonly caps: CapSettings;
  readonly keys: readonly (CallerKey | MalformedKey)[];
  readonly prices: ReadonlyMap<string, Price | MalformedPrice>;
  readonly aliases: readonly (ModelAlias | MalformedAlias)[];
  readonly capItems: readonly SettingItem[];
}

export interface Scene {
  readonly nowMs: number;
  /** On this machine: nobody else's clock, no account, no protection of tables. */
  readonly isLocal: boolean;
  /** Where requests are sent to; absent for tables by name. */
  readonly gatewayUrl?: string;
  /** Absent where no account stands behind the tables. */
  readonly account?: Account;
  /** Absent for tables by name, and on this machine. */
  readonly stackName?: string;
  /** Address of the dashboard, as the stack tells it. */
  readonly dashboardUrl?: string;
  /** The region of the tables. */
  readonly region: string;
  table(which: WhichTable): Promise<TableSeen>;
  settings(): Promise<SettingsSeen>;
  age(): Promise<ShownAge>;
}

/** The scene of a connection. */
export async function createScene(
  connection: Connection,
  nowMs: number,
  account: Account | undefined,
): Promise<Scene> {
  const { isLocal, gatewayUrl, stackName, client, outputs } = connection;
  const dashboardUrl = outputs.get('DashboardUrl');
  return {
    nowMs,
    isLocal,
    region: await client.config.region(),
    ...(gatewayUrl !== undefined && { gatewayUrl }),
    ...(stackName !== undefined && { stackName }),
    ...(account !== undefined && { account }),
    ...(dashboardUrl !== undefined && { dashboardUrl }),
    table: (which) =>
      readTable(
        connection,
        which === 'settings' ? connection.settingsTable : connection.ledgerTable,
      ),
    settings: onlyOnce(() => readSettings(connection)),
    age: () => readAge(connection, nowMs),
  };
}

/** Asks at the first call, and gives every other one the same answer. */
export function onlyOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function readSettings(connection: Connection): Promise<SettingsSeen> {
  const [cap, key, price, alias] = await Promise.all(
    [PARTITION.cap, PARTITION.key, PARTITION.price, PARTITION.alias].map((partition) =>
      listItems(connection, partition),
    ),
  );
  const items = { CAP: cap ?? [], KEY: key ?? [], PRICE: price ?? [], ALIAS: alias ?? [] };
  return {
    counts: {
      CAP: items.CAP.length,
      KEY: items.KEY.length,
      PRICE: items.PRICE.length,
      ALIAS: items.ALIAS.length,
    },
    caps: readCaps(items.CAP),
    keys: items.KEY.map(parseKey),
    prices: readPrices(items.PRICE),
    aliases: items.ALIAS.map(parseAlias),
    capItems: items.CAP,
  };
}

const SAMPLE_ITEMS = 25;
const TIMEOUT_MS = 10_000;

async function readTable({ client, isLocal }: Connection, name: string): Promise<TableSeen> {
  const input = { TableName: name };
  const wait = { abortSignal: AbortSignal.timeout(TIMEOUT_MS) };
  const [{ Table }, { Items = [] }, backups] = await Promise.all([
    client.send(new DescribeTableCommand(input), wait),
    client.send(
      new ScanCommand({
        ...input,
        Limit: SAMPLE_ITEMS,
        ProjectionExpression: '#pk',
        ExpressionAttributeNames: { '#pk': TABLE.partitionKey },
      }),
      wait,
    ),
    // A store of this machine has none, and the credentials need not see them.
    isLocal
      ? undefined
      : client.send(new DescribeContinuousBackupsCommand(input), wait).catch(() => undefined),
  ]);
  const recovery = backups?.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
  return {
    name,
    status: Table?.TableStatus ?? 'unknown',
    keys: (Table?.KeySchema ?? []).map(({ AttributeName = '' }) => AttributeName),
    indexes: (Table?.GlobalSecondaryIndexes ?? []).map(({ IndexName = '' }) => IndexName),
    isProtected: Table?.DeletionProtectionEnabled === true,
    ...(recovery !== undefined && {
      hasBackups: recovery.PointInTimeRecoveryStatus === 'ENABLED',
    }),
    partitions: Items.map(({ [TABLE.partitionKey]: pk }) => String(pk)),
  };
}
