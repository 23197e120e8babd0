/**
 * Settings for a local gateway: those of a seed file, or a demo key and its cap, made once.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  PutCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { parsePrice } from '../lambda/adapters/settings/price-item.ts';
import {
  isMalformed,
  PARTITION,
  parseAlias,
  parseCap,
  parseKey,
  type SettingPartition,
  settingItem,
} from '../lambda/adapters/settings/setting-items.ts';
import { formatKey, hashKey, keyIdOf } from '../lambda/domain/caller-key.ts';

const ENTRY = z.looseObject({ id: z.string('must be text') }, 'must be an object with an id');
const LIST = 'must be a list';
const MEMBERS = {
  keys: z.optional(z.array(ENTRY, LIST)),
  caps: z.optional(z.array(ENTRY, LIST)),
  prices: z.optional(z.array(ENTRY, LIST)),
  aliases: z.optional(z.array(ENTRY, LIST)),
};
const KNOWN_MEMBERS = Object.keys(MEMBERS).join(', ');
const SEED = z.strictObject(MEMBERS, `must be an object of ${KNOWN_MEMBERS}`);

export interface SeedTarget {
  readonly client: DynamoDBDocumentClient;
  readonly settingsTable: string;
}

type Item = Readonly<Record<string, unknown>>;

/**
 * The settings items of a seed file. Nothing is written yet.
 *
 * @throws Error that names the file, and the member or the entry and attribute at fault
 */
export async function readSeed(file: string): Promise<readonly Item[]> {
  const seed = SEED.safeParse(parseJson(file, await readText(file)));
  if (!seed.success) throw new Error(`${file}: ${shapeFault(seed.error)}`);
  const { keys = [], caps = [], prices = [], aliases = [] } = seed.data;
  const items = [
    ...keys.map((entry) => checked(file, PARTITION.key, entry.id, keyAttributes(file, entry))),
    ...caps.map(({ id, ...attributes }) => checked(file, PARTITION.cap, id, attributes)),
    ...prices.map(({ id, ...attributes }) => checked(file, PARTITION.price, id, attributes)),
    ...aliases.map(({ id, ...attributes }) => checked(file, PARTITION.alias, id, attributes)),
  ];
  const seen = new Set<string>();
  for (const { pk, sk } of items) {
    const name = `${pk} "${sk}"`;
    if (seen.has(name)) throw new Error(`${file}: ${name} is there twice; leave one out`);
    seen.add(name);
  }
  return items;
}

/** Writes a seed's items over what is there. */
export async function writeSeed(target: SeedTarget, items: readonly Item[]): Promise<void> {
  const { client, settingsTable } = target;
  for (const Item of items) {
    await client.send(new PutCommand({ TableName: settingsTable, Item }));
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = isMissing ? `there is no file ${path.resolve(file)}` : String(error);
    throw new Error(`the seed ${file} cannot be read: ${why}`, { cause: error });
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} is not JSON: ${why}`, { cause: error });
  }
}

/** `caps[0].id must be text`, for the first fault. */
function shapeFault({ issues: [issue] }: z.core.$ZodError): string {
  if (issue === undefined) return 'cannot be read';
  if (issue.code === 'unrecognized_keys') {
    return `"${issue.keys[0]}" is not one of ${KNOWN_MEMBERS}`;
  }
  const [first, ...rest] = issue.path;
  if (first === undefined) return issue.message;
  const within = rest.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return `${String(first)}${within.join('')} ${issue.message}`;
}

/** A seed's `secret` is the whole key; the table holds only its hash. */
function keyAttributes(file: string, entry: Item & { readonly id: string }): Item {
  const { id, secret, ...attributes } = entry;
  if (secret === undefined && attributes.secretSha256 !== undefined) return attributes;
  if (typeof secret === 'string' && keyIdOf(secret) === id) {
    return { ...attributes, secretSha256: hashKey(secret) };
  }
  const problem = secret === undefined ? 'is missing' : 'is not such a key';
  throw new Error(
    `${file}: ${PARTITION.key} "${id}": secret ${problem}; it is the whole key, ` +
      `hc_${id}_<43 characters>_<checksum>`,
  );
}

const PARSER = {
  [PARTITION.key]: parseKey,
  [PARTITION.cap]: parseCap,
  [PARTITION.price]: parsePrice,
  [PARTITION.alias]: parseAlias,
} as const;

function checked(file: string, partition: SettingPartition, id: string, attributes: Item): Item {
  const item = settingItem(partition, id, attributes);
  const parsed = PARSER[partition](item);
  if (!isMalformed(parsed)) return item;
  // The sort key is what a seed calls the id.
  const field = parsed.field === 'sk' ? 'id' : parsed.field;
  throw new Error(`${file}: ${partition} "${id}": ${field} ${parsed.problem}`);
}

export const DEMO_KEY_ID = 'demo';
export const DEMO_CAP_ID = 'demo-daily';
export const DEMO_LIMIT_USD = '1.00';

const SECRET_BYTES = 32;

/** The demo key, and whether this call made it and its cap. */
export interface DemoKey {
  readonly key: string;
  readonly isNew: boolean;
}

/**
 * Makes a demo key and its cap, once. Where there is one, it is `kept` if that is its secret, and
 * else undefined: nobody can show it again.
 */
export async function demoKey(
  target: SeedTarget,
  kept: string | undefined,
): Promise<DemoKey | undefined> {
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
  if (made) return { key, isNew: true };
  const isItsSecret = kept !== undefined && hashKey(kept) === (await demoKeyHash(target));
  return isItsSecret ? { key: kept, isNew: false } : undefined;
}

async function demoKeyHash({ client, settingsTable }: SeedTarget): Promise<unknown> {
  const Key = { pk: PARTITION.key, sk: DEMO_KEY_ID };
  const { Item } = await client.send(
    new GetCommand({ TableName: settingsTable, Key, ConsistentRead: true }),
  );
  return Item?.secretSha256;
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
