/**
 * DynamoDB's answers as they come over the wire: JSON 1.0, attribute values still in wire form.
 *
 * Invariant: a success that is no JSON is an error without a status. Whoever wrote must then take it
 *            that the write may have taken effect.
 */
import type { WireResponse } from './connections.ts';

/** What of a successful answer is read; every operation has some of them. */
export interface WireAnswer {
  readonly Item?: WireItem;
  readonly Attributes?: WireItem;
  readonly Items?: readonly WireItem[];
  readonly LastEvaluatedKey?: WireItem;
  readonly Responses?: Readonly<Record<string, readonly WireItem[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly WireItem[] }>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the codec checks each value's type by its own name.
export type WireItem = Record<string, any>;

const OK = 200;
const BINARY = /"BS?":/;

/**
 * The answer's members where it is a success.
 *
 * @throws Error named by DynamoDB's word (`ConditionalCheckFailedException`), with
 * `$metadata.httpStatusCode` and, where the answer has it, `Item`; without a status where the answer
 * cannot be read
 */
export function readAnswer({ status, text }: WireResponse): WireAnswer {
  if (status === OK) return parse(text);
  throw failureOf(status, text);
}

/** Bytes are base64 on the wire; hardcap writes none, but people may. */
const parse = (text: string): WireAnswer =>
  BINARY.test(text) ? JSON.parse(text, withBytes) : JSON.parse(text);

function withBytes(name: string, value: unknown): unknown {
  if (name === 'B' && typeof value === 'string') return bytesOf(value);
  if (name === 'BS' && Array.isArray(value)) return value.map(bytesOf);
  return value;
}

const bytesOf = (base64: unknown): Uint8Array =>
  new Uint8Array(Buffer.from(String(base64), 'base64'));

interface WireFailure {
  readonly __type?: unknown;
  readonly message?: unknown;
  readonly Message?: unknown;
  readonly Item?: WireItem;
}

function failureOf(status: number, text: string): Error {
  const { __type, message, Message, Item } = membersOf(text);
  const failure = new Error(String(message ?? Message ?? `DynamoDB answered ${status}`));
  // com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException
  failure.name = typeof __type === 'string' ? (__type.split('#').at(-1) ?? __type) : 'UnknownError';
  return Object.assign(failure, {
    $metadata: { httpStatusCode: status },
    ...(Item === undefined ? {} : { Item }),
  });
}

/** Something between may answer in its own words: its status stands. */
function membersOf(text: string): WireFailure {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
