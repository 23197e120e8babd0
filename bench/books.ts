/**
 * The books of the targets: tables, a key and caps that cover every request.
 */
import { randomBytes } from 'node:crypto';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { EMBEDDED_LEDGER_TIMEOUTS } from '../lambda/adapters/dynamodb/connections.ts';
import { createLedgerClient } from '../lambda/adapters/dynamodb/document-client.ts';
import { PARTITION, settingItem } from '../lambda/adapters/settings/setting-items.ts';
import { formatKey, hashKey } from '../lambda/domain/caller-key.ts';
import { ensureTables } from '../local/tables.ts';
import { FLOOR_TABLE, ledgerTableOf, settingsTableOf } from './table-names.ts';

const KEY_ID = 'bench';
const SECRET_BYTES = 32;
const LIMIT_USD = '1000000';
/** The caps of a target are numbered from 0. */
export const capIdOf = (index: number): string => `cap-${index}`;

/** The caller's key; every target is sent it, and hardcap's tables know it. */
export const BENCH_KEY = formatKey(KEY_ID, randomBytes(SECRET_BYTES).toString('base64url'));

export function connectTo(endpoint: string): DynamoDBDocumentClient {
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const config = { endpoint, region: 'us-east-1', credentials };
  return createLedgerClient(config, EMBEDDED_LEDGER_TIMEOUTS);
}

/** The table that the floor writes to. */
export const makeFloorTable = (client: DynamoDBDocumentClient): Promise<void> =>
  ensureTables(client, { settingsTable: FLOOR_TABLE, ledgerTable: `${FLOOR_TABLE}-unused` });

/** Tables for a gateway whose every request so many shared caps cover. */
export async function makeTables(
  client: DynamoDBDocumentClient,
  target: string,
  capCount: number,
): Promise<void> {
  const settingsTable = settingsTableOf(target);
  await ensureTables(client, { settingsTable, ledgerTable: ledgerTableOf(target) });
  const caps = Array.from({ length: capCount }, (_, at) =>
    settingItem(PARTITION.cap, capIdOf(at), { limitUsd: LIMIT_USD, window: 'lifetime' }),
  );
  const key = settingItem(PARTITION.key, KEY_ID, { secretSha256: hashKey(BENCH_KEY) });
  for (const Item of [key, ...caps]) {
    await client.send(new PutCommand({ TableName: settingsTable, Item }));
  }
}
