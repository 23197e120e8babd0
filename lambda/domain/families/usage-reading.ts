/**
 * Token counts as answers give them: strictly read, merged to the dearer, made a usage.
 *
 * Invariant: a count that is missing, malformed or not understood is unknown, never zero.
 */
import type { TokenUsage } from '../price.ts';
import { isJsonObject, type JsonObject, type JsonValue, numberOf } from '../request-body.ts';

/** No model reads or writes this many tokens in one request: such a count is broken. */
export const MAX_COUNT = 1_000_000_000;

/** A usage that cannot be trusted; the message says why. */
export class UnreadableUsage extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'UnreadableUsage';
  }
}

/** What one piece of an answer says. `cacheWrite` is all writes; the two others are its parts. */
export interface Counts {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite5m?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
}

/** @throws UnreadableUsage unless the count is whole, not negative and not absurd */
export function checkedCount(count: number | undefined, name: string): number {
  if (count === undefined || !Number.isSafeInteger(count) || count < 0 || count > MAX_COUNT) {
    throw new UnreadableUsage(`the count "${name}" is not a whole number of tokens`);
  }
  return count;
}

/**
 * The largest count among a member and its aliases; undefined where all are absent or null.
 *
 * @throws UnreadableUsage
 */
export function countOf(object: JsonObject, ...names: readonly string[]): number | undefined {
  let largest: number | undefined;
  for (const name of names) {
    const value = object[name];
    if (value === undefined || value === null) continue;
    largest = Math.max(largest ?? 0, checkedCount(numberOf(value), name));
  }
  return largest;
}

const larger = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);

/** Each count at the larger of two readings of the same answer. */
export const dearerCounts = (a: Counts, b: Counts): Counts => ({
  input: larger(a.input, b.input),
  output: larger(a.output, b.output),
  cacheRead: larger(a.cacheRead, b.cacheRead),
  cacheWrite: larger(a.cacheWrite, b.cacheWrite),
  cacheWrite5m: larger(a.cacheWrite5m, b.cacheWrite5m),
  cacheWrite1h: larger(a.cacheWrite1h, b.cacheWrite1h),
});

/**
 * Each count at the larger of the vendor's reading and Bedrock's own. Where Bedrock's input is
 * exactly the vendor's input and cached tokens together, it says the same in one number.
 */
export function dearerWithBedrock(own: Counts, bedrock: Counts): Counts {
  const cached = (own.cacheRead ?? 0) + (own.cacheWrite ?? 0);
  const isSum = own.input !== undefined && bedrock.input === own.input + cached;
  return dearerCounts(own, isSum ? { ...bedrock, input: own.input } : bedrock);
}

/**
 * The usage that counts amount to. Cache writes of no stated lifetime are one-hour writes where
 * the request asked for any.
 *
 * @throws UnreadableUsage where input or output tokens are missing
 */
export function usageOf(counts: Counts, oneHourCacheWrites: boolean): TokenUsage {
  if (counts.input === undefined) throw new UnreadableUsage('the count of input tokens is missing');
  if (counts.output === undefined) {
    throw new UnreadableUsage('the count of output tokens is missing');
  }
  const write5m = counts.cacheWrite5m ?? 0;
  const write1h = counts.cacheWrite1h ?? 0;
  const rest = Math.max(0, (counts.cacheWrite ?? 0) - write5m - write1h);
  return {
    inputTokens: counts.input,
    outputTokens: counts.output,
    cacheReadTokens: counts.cacheRead ?? 0,
    cacheWrite5mTokens: oneHourCacheWrites ? write5m : write5m + rest,
    cacheWrite1hTokens: oneHourCacheWrites ? write1h + rest : write1h,
  };
}

/**
 * Refuses members outside `known` that count something: they may be billed by their own price.
 *
 * @throws UnreadableUsage naming the member
 */
export function refuseUnknownCounts(usage: JsonObject, known: ReadonlySet<string>): void {
  for (const name in usage) {
    if (!known.has(name) && countsSomething(usage[name])) {
      throw new UnreadableUsage(`the usage holds "${name.slice(0, 60)}", which has no price here`);
    }
  }
}

/** Whether a number other than zero stands anywhere in the value. */
function countsSomething(value: JsonValue | undefined): boolean {
  const number = numberOf(value);
  if (number !== undefined) return number !== 0;
  if (Array.isArray(value)) return value.some(countsSomething);
  return isJsonObject(value) && Object.values(value).some(countsSomething);
}

/** A JSON object out of bytes or text; undefined for anything else. Never throws. */
export function parseObject(source: Uint8Array | string): JsonObject | undefined {
  try {
    const text = typeof source === 'string' ? source : Buffer.from(source).toString('utf8');
    const value: JsonValue = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An object member, or undefined where it is anything else. */
export function memberObject(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return isJsonObject(value) ? value : undefined;
}

/** Bedrock's own count in the last chunk of a stream; the same names for every vendor. */
const INVOCATION_METRICS = 'amazon-bedrock-invocationMetrics';

/**
 * The counts of a chunk's invocation metrics; undefined where it carries none.
 *
 * @throws UnreadableUsage
 */
export function countsOfInvocationMetrics(chunk: JsonObject): Counts | undefined {
  const metrics = memberObject(chunk, INVOCATION_METRICS);
  if (metrics === undefined) return undefined;
  return {
    input: countOf(metrics, 'inputTokenCount'),
    output: countOf(metrics, 'outputTokenCount'),
    cacheRead: countOf(metrics, 'cacheReadInputTokenCount'),
    cacheWrite: countOf(metrics, 'cacheWriteInputTokenCount'),
  };
}

/** Only a chunk that holds one of these can carry usage or its end; the others stay undecoded. */
const USAGE_MARKERS = ['usage', 'invocationMetrics', 'message_stop'].map((marker) =>
  Buffer.from(marker),
);

/**
 * The vendor's JSON of an event, undecoded: inside a `chunk` payload, `{"bytes": "<base64>", "p":
 * "<padding>"}`, or as the `data` of a server-sent event; undefined in any other. Never throws.
 */
export function vendorJsonOf(eventType: string, payload: Uint8Array): Buffer | undefined {
  if (eventType === 'data') {
    return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  }
  const encoded = eventType === 'chunk' ? parseObject(payload)?.bytes : undefined;
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : undefined;
}

/** The vendor's JSON of an event; undefined where it cannot carry usage. Never throws. */
export function usageJsonOf(eventType: string, payload: Uint8Array): JsonObject | undefined {
  const json = vendorJsonOf(eventType, payload);
  if (json === undefined || !USAGE_MARKERS.some((marker) => json.includes(marker))) {
    return undefined;
  }
  return parseObject(json);
}

/** The same of the payload of a `chunk`. */
export const usageChunkOf = (payload: Uint8Array): JsonObject | undefined =>
  usageJsonOf('chunk', payload);
