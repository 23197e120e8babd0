/**
 * A gateway as local mode runs it, in the test's own process, with a simulated Bedrock beside it.
 */
import { randomBytes } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DeleteCommand, PutCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { EMBEDDED_LEDGER_TIMEOUTS } from '../../lambda/adapters/dynamodb/connections.ts';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import {
  type CounterItem,
  reservationsOf,
  stateOf,
} from '../../lambda/adapters/ledger/counter-item.ts';
import { settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { formatKey, hashKey } from '../../lambda/domain/caller-key.ts';
import { formatUsd, sumUsd } from '../../lambda/domain/money.ts';
import { type LocalGateway, startLocalGateway } from '../../local/local-gateway.ts';
import { type SimulatedBedrock, startSimulatedBedrock } from '../../local/simulated-bedrock.ts';

export const HAIKU = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
export const NOVA = 'us.amazon.nova-micro-v1:0';

type Attributes = Readonly<Record<string, unknown>>;

export interface RunningGateway {
  readonly url: string;
  readonly bedrock: SimulatedBedrock;
  readonly dynamo: DynamoDBDocumentClient;
  readonly gateway: LocalGateway;
  /** Makes a key and gives it whole. */
  key(id: string, attributes?: Attributes): Promise<string>;
  cap(id: string, attributes?: Attributes): Promise<void>;
  put(
    partition: 'CAP' | 'KEY' | 'PRICE' | 'ALIAS',
    id: string,
    attributes: Attributes,
  ): Promise<void>;
  removeCap(id: string): Promise<void>;
  /** The only counter of a cap; fails where there are several. */
  counter(capId: string): Promise<CounterBooks>;
  counterItems(capId: string): Promise<CounterItem[]>;
  journal(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Decimal dollars, so that a failing test shows money as people read it. */
export interface CounterBooks {
  readonly committedUsd: string;
  readonly settledUsd: string;
  readonly reservations: number;
}

export interface RunningGatewayOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly upstream?: string;
  /** @default embedded */
  readonly ledger?: string;
  readonly functionTimeoutMs?: number;
  readonly rolloverIntervalMs?: number;
  readonly ssmDir?: string;
}

const SECRET_BYTES = 32;
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** A whole key of this id. */
export const newKey = (id: string): string =>
  formatKey(id, randomBytes(SECRET_BYTES).toString('base64url'));

/** Starts a gateway whose settings are empty, and which reads them anew for every request. */
export async function startRunningGateway(
  options: RunningGatewayOptions = {},
): Promise<RunningGateway> {
  const bedrock = await startSimulatedBedrock({ port: 0 });
  const gateway = await startLocalGateway({
    port: 0,
    upstream: options.upstream ?? bedrock.url,
    ledger: options.ledger ?? 'embedded',
    env: { HARDCAP_SETTINGS_MAX_AGE_MS: '0', AWS_REGION: 'us-east-1', ...options.env },
    ...(options.functionTimeoutMs === undefined
      ? {}
      : { functionTimeoutMs: options.functionTimeoutMs }),
    ...(options.rolloverIntervalMs === undefined
      ? {}
      : { rolloverIntervalMs: options.rolloverIntervalMs }),
    ...(options.ssmDir === undefined ? {} : { ssmDir: options.ssmDir }),
  });
  const endpoint = gateway.dynamoEndpoint ?? '';
  const config = { region: 'us-east-1', endpoint, credentials: CREDENTIALS };
  const dynamo = createLedgerClient(config, EMBEDDED_LEDGER_TIMEOUTS);
  const put = async (
    partition: 'CAP' | 'KEY' | 'PRICE' | 'ALIAS',
    id: string,
    attributes: Attributes,
  ) => {
    const Item = settingItem(partition, id, attributes);
    await dynamo.send(new PutCommand({ TableName: gateway.settingsTable, Item }));
  };
  const counterItems = (capId: string) => readCounters(dynamo, gateway.ledgerTable, capId);
  return {
    url: gateway.url,
    bedrock,
    dynamo,
    gateway,
    put,
    counterItems,
    async key(id, attributes = {}) {
      const key = newKey(id);
      await put('KEY', id, { secretSha256: hashKey(key), ...attributes });
      return key;
    },
    cap: (id, attributes = {}) => put('CAP', id, { limitUsd: 10, window: 'daily', ...attributes }),
    async removeCap(id) {
      const Key = { pk: 'CAP', sk: id };
      await dynamo.send(new DeleteCommand({ TableName: gateway.settingsTable, Key }));
    },
    async counter(capId) {
      const items = await counterItems(capId);
      const [item] = items;
      if (item === undefined || items.length > 1) {
        throw new Error(`cap ${capId} has ${items.length} counters`);
      }
      return booksOf(item);
    },
    async journal() {
      const scan = await dynamo.send(new ScanCommand({ TableName: gateway.ledgerTable }));
      return (scan.Items ?? []).filter(({ pk }) => String(pk).startsWith('JOURNAL#'));
    },
    async close() {
      dynamo.destroy();
      await gateway.close();
      await bedrock.close();
    },
  };
}

async function readCounters(
  dynamo: DynamoDBDocumentClient,
  tableName: string,
  capId: string,
): Promise<CounterItem[]> {
  const page = await dynamo.send(
    new QueryCommand({
      TableName: tableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `COUNTER#${capId}` },
      ConsistentRead: true,
    }),
  );
  return page.Items ?? [];
}

/** @throws Error where the books do not add up */
export function booksOf(item: CounterItem): CounterBooks {
  const { committedNanoUsd, settledNanoUsd } = stateOf(item);
  const reservations = reservationsOf(item).filter(({ amountNanoUsd }) => amountNanoUsd > 0n);
  const reserved = sumUsd(reservations.map(({ amountNanoUsd }) => amountNanoUsd));
  if (committedNanoUsd !== settledNanoUsd + reserved) {
    throw new Error(`committed ${committedNanoUsd} is not ${settledNanoUsd} + ${reserved}`);
  }
  return {
    committedUsd: formatUsd(committedNanoUsd),
    settledUsd: formatUsd(settledNanoUsd),
    reservations: reservations.length,
  };
}

/** One Converse request by plain HTTP. */
export function converse(
  url: string,
  key: string,
  text: string,
  options: {
    readonly modelId?: string;
    readonly maxTokens?: number;
    readonly operation?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Attributes;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Response> {
  const { modelId = HAIKU, maxTokens = 100, operation = 'converse', signal } = options;
  return fetch(`${url}/model/${encodeURIComponent(modelId)}/${operation}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...options.headers,
    },
    body: JSON.stringify({
      messages: [{ role: 'user', content: [{ text }] }],
      inferenceConfig: { maxTokens },
      ...options.body,
    }),
    ...(signal === undefined ? {} : { signal }),
  });
}
