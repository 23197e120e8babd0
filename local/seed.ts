/**
 * Settings for a local gateway: those of a seed file, or a demo key and its cap, made once.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, NumberValue, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import {
  isMalformed,
  PARTITION,
  parseCap,
  parseKey,
  parsePrice,
  type SettingPartition,
  settingItem,
} from '../lambda/adapters/settings/setting-items.ts';
import { formatKey, hashKey, keyIdOf } from '../lambda/domain/caller-key.ts';

const ENTRY = z.looseObject({ id: z.string() });
const SEED = z.strictObject({
  keys: z.optional(z.array(z.looseObject({ id: z.string(), secret: z.optional(z.string()) }))),
  caps: z.optional(z.array(ENTRY)),
  prices: z.optional(z.array(ENTRY)),
});

export interface SeedTarget {
  readonly client: DynamoDBDocumentClient;
  readonly settingsTable: string;
}

type Item = Record<string, unknown>;

/**
 * Writes a seed file's settings over what is there.
 *
 * @throws Error that names the file, the entry and the attribute at fault; nothing is written then
 */
export async function applySeed(target: SeedTarget, file: string): Promise<void> {
  const seed = SEED.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!seed.success) throw new Error(`${file}: ${z.prettifyError(seed.error)}`);
  const { keys = [], caps = [], prices = [] } = seed.data;
  const items = [
    ...keys.map((entry) => checked(file, PARTITION.key, entry.id, keyAttributes(file, entry))),
    ...caps.map(({ id, ...attributes }) => checked(file, PARTITION.cap, id, attributes)),
    ...prices.map(({ id, ...attributes }) => checked(file, PARTITION.price, id, attributes)),
  ];
  for (const item of items) await put(target, item);
}

/** A seed's `secret` is the whole key; the table holds only its hash. */
function keyAttributes(file: string, entry: { readonly id: string; secret?: string | undefined }) {
  const { id, secret, ...attributes }: Item & { id: string } = entry;
  if (secret === undefined) return attributes;
  if (typeof secret !== 'string' || keyIdOf(secret) !== id) {
    throw new Error(`${file}: the secret of key "${id}" is no whole key of it (hc_${id}_..._...)`);
  }
  return { ...attributes, secretSha256: hashKey(secret) };
}

const PARSER = {
  [PARTITION.key]: parseKey,
  [PARTITION.cap]: parseCap,
  [PARTITION.price]: parsePrice,
} as const;

function checked(file: string, partition: SettingPartition, id: string, attributes: Item): Item {
  const item = settingItem(partition, id, attributes);
  const parsed = PARSER[partition](item);
  if (!isMalformed(parsed)) return item;
  throw new Error(`${file}: ${partition} "${id}": ${parsed.field} ${parsed.problem}`);
}

const put = ({ client, settingsTable }: SeedTarget, item: Item) =>
  client.send(new PutCommand({ TableName: settingsTable, Item: item }));

export const DEMO_KEY_ID = 'demo';
export const DEMO_CAP_ID = 'demo-daily';
export const DEMO_LIMIT_USD = '1.00';

const SECRET_BYTES = 32;

/** A new demo key and its cap; undefined where there is a demo key, whose secret nobody holds. */
export async function makeDemoKey(target: SeedTarget): Promise<string | undefined> {
  const key = formatKey(DEMO_KEY_ID, randomBytes(SECRET_BYTES).toString('base64url'));
  const made = await putIfAbsent(
    target,
    settingItem(PARTITION.key, DEMO_KEY_ID, { secretSha256: hashKey(key) }),
  );
  await putIfAbsent(
    target,
    settingItem(PARTITION.cap, DEMO_CAP_ID, {
      limitUsd: NumberValue.from(DEMO_LIMIT_USD),
      window: 'daily',
      keys: [DEMO_KEY_ID],
    }),
  );
  return made ? key : undefined;
}

async function putIfAbsent({ client, settingsTable }: SeedTarget, item: Item): Promise<boolean> {
  try {
    await client.send(
      new PutCommand({
        TableName: settingsTable,
        Item: item,
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
