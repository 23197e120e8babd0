/**
 * Calls of DynamoDB by the SDK's parts: its codec and its signer.
 *
 * Not by its client: what that does for each call (shapes, endpoint, retries that are not wanted)
 * costs two or three times as much as the rest of a write, and its code is most of what a new
 * instance would have to load. What is sent and answered is the same; test/contract has both.
 */
import { partition } from '@aws-sdk/core/client';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';
import { createConnections, type LedgerTimeouts } from './connections.ts';
import type { CallOptions, DynamoCalls } from './dynamo-calls.ts';
import { readAnswer, type WireAnswer, type WireItem } from './wire-answer.ts';

export interface SignedCallsOptions {
  readonly region: string;
  readonly timeouts: LedgerTimeouts;
  readonly endpoint: URL;
  readonly credentials: SignatureV4Init['credentials'];
}

export interface ClosableCalls extends DynamoCalls {
  /** Closes the connections. */
  close(): void;
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html */
const TARGET = 'DynamoDB_20120810';
const CONTENT_TYPE = 'application/x-amz-json-1.0';
const MARSHALL = { removeUndefinedValues: true } as const;
const EXACT = { wrapNumbers: true } as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** DynamoDB of a region, or what AWS SDKs are told to ask in its place. */
export const dynamodbUrl = (region: string, env: Environment): URL =>
  new URL(
    env.AWS_ENDPOINT_URL_DYNAMODB ??
      env.AWS_ENDPOINT_URL ??
      `https://dynamodb.${region}.${partition(region).dnsSuffix}`,
  );

/** Calls that are signed and sent once each, over connections of their own. */
export function createSignedCalls(options: SignedCallsOptions): ClosableCalls {
  const { region, timeouts, endpoint, credentials } = options;
  const connections = createConnections(endpoint, timeouts);
  const signer = new SignatureV4({
    service: 'dynamodb',
    region,
    credentials,
    sha256: Sha256,
  });
  const send = async (
    operation: string,
    input: object,
    { abortSignal }: CallOptions = {},
  ): Promise<WireAnswer> => {
    const body = JSON.stringify(input);
    const signed = await signer.sign(requestOf(endpoint, operation, body));
    return readAnswer(await connections.post(signed.headers, body, abortSignal));
  };
  return {
    get: async (input, options) => {
      const { Item } = await send('GetItem', wireInput(input), options);
      return Item === undefined ? {} : { Item: plain(Item) };
    },
    query: async (input, options) => {
      const { Items, LastEvaluatedKey } = await send('Query', wireInput(input), options);
      return {
        ...(Items && { Items: Items.map(plain) }),
        ...(LastEvaluatedKey && { LastEvaluatedKey: plain(LastEvaluatedKey) }),
      };
    },
    batchGet: async ({ RequestItems = {}, ...rest }) => {
      const wire = eachTable(RequestItems, (table) => ({
        ...table,
        Keys: table.Keys?.map((key) => marshall(key, MARSHALL)),
      }));
      const answer = await send('BatchGetItem', { ...rest, RequestItems: wire });
      const { Responses = {}, UnprocessedKeys = {} } = answer;
      return {
        Responses: eachTable(Responses, (items) => items.map(plain)),
        UnprocessedKeys: eachTable(UnprocessedKeys, (table) => ({
          ...table,
          Keys: table.Keys.map(plain),
        })),
      };
    },
    update: async (input) => {
      const { Attributes } = await send('UpdateItem', wireInput(input));
      return Attributes === undefined ? {} : { Attributes: plain(Attributes) };
    },
    put: (input) => send('PutItem', wireInput(input)),
    delete: (input) => send('DeleteItem', wireInput(input)),
    close: () => connections.close(),
  };
}

function requestOf(endpoint: URL, operation: string, body: string): HttpRequest {
  const { protocol, hostname, host, port, pathname } = endpoint;
  return new HttpRequest({
    method: 'POST',
    protocol,
    hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    path: pathname,
    headers: {
      host,
      'content-type': CONTENT_TYPE,
      'content-length': String(Buffer.byteLength(body)),
      'x-amz-target': `${TARGET}.${operation}`,
    },
    body,
  });
}

/** The members of an input that hold attribute values, each a map of them. */
const VALUE_MEMBERS = ['Key', 'Item', 'ExclusiveStartKey', 'ExpressionAttributeValues'] as const;

function wireInput(input: object): object {
  const wire: Record<string, unknown> = { ...input };
  for (const member of VALUE_MEMBERS) {
    if (wire[member] !== undefined) wire[member] = marshall(wire[member], MARSHALL);
  }
  return wire;
}

const plain = (item: WireItem): Record<string, unknown> => unmarshall(item, EXACT);

const eachTable = <Given, Made>(
  tables: Readonly<Record<string, Given>>,
  make: (table: Given) => Made,
): Record<string, Made> =>
  Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, make(table)]));
