/**
 * Requests and answers of a family by hand, without the catalogue: verdicts, bounds and meters.
 */
import { expect } from 'vitest';
import type { FamilyName } from '../../lambda/domain/catalogue/catalogue-row.ts';
import type { Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { type Prepared, prepareRequest } from '../../lambda/domain/estimate.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import { type JsonObject, parseBody } from '../../lambda/domain/request-body.ts';
import { createUsageMeter, type Usage, usageFromAnswer } from '../../lambda/domain/usage.ts';
import { price } from './builders.ts';

export const WINDOW_TOKENS = 200_000;
export const MODEL_MAX_TOKENS = 8_000;

/** A model of this family with round bounds, $1 input and $5 output. */
export const modelOf = (family: FamilyName): Model => ({
  modelId: 'us.vendor.model-v1:0',
  baseModelId: 'vendor.model-v1:0',
  profileId: 'us.vendor.model-v1:0',
  vendor: 'vendor',
  family,
  price: price(),
  contextWindowTokens: WINDOW_TOKENS,
  maxOutputTokens: MODEL_MAX_TOKENS,
});

interface Asked {
  readonly operation?: Operation;
  readonly allow?: readonly string[];
  readonly defaultMaxTokens?: number;
  readonly mostOutputTokens?: number;
}

export const CONVERSE = { operation: 'converse' } as const;

/** The body as JSON text, so that numbers such as 1e999 can be written. */
export function prepared(
  family: FamilyName,
  body: JsonObject | string,
  asked: Asked = {},
): Prepared & { readonly sent: JsonObject } {
  const { operation = 'invoke', allow, ...limits } = asked;
  const result = prepareRequest({
    operation,
    model: modelOf(family),
    body: typeof body === 'string' ? parseBody(Buffer.from(body)) : body,
    headers: {},
    allowFields: new Set(allow),
    ...limits,
  });
  return { ...result, sent: parseBody(result.body) };
}

/** "ok", or the code and field of the refusal. */
export function verdict(family: FamilyName, body: JsonObject | string, asked: Asked = {}): string {
  try {
    prepared(family, body, asked);
    return 'ok';
  } catch (error) {
    if (error instanceof HardcapError) return `${error.code} ${error.details.field}`;
    throw error;
  }
}

/** The values of threat 9 that are no limit, as JSON text. */
export const NO_LIMITS = ['-1', '0', '1.5', '"10"', '1e999', '9007199254740993', 'true', '[1]'];

/** A place for a number in a body: the text around it. */
export type Place = (value: string) => string;

/**
 * Threat 9's table for one field that limits the output, by its place in a body: what is no limit
 * is refused, a limit is the bound, and more than the model writes is bounded by the window.
 */
export function expectLimitTable(
  family: FamilyName,
  field: string,
  place: Place,
  asked: Asked = {},
): void {
  for (const value of NO_LIMITS) {
    expect(verdict(family, place(value), asked), value).toBe(`invalid_request ${field}`);
  }
  expect(prepared(family, place('7'), asked).outputTokens).toBe(7);
  expect(prepared(family, place('1e1'), asked).outputTokens).toBe(10);
  expect(prepared(family, place('1000000000'), asked).outputTokens).toBe(WINDOW_TOKENS);
  expect(prepared(family, place('null'), asked).outputTokens).toBe(MODEL_MAX_TOKENS);
}

/** The same for a field that multiplies the answers, up to `most`; the body's limit is 10. */
export function expectChoicesTable(
  family: FamilyName,
  field: string,
  most: number,
  place: Place,
  asked: Asked = {},
): void {
  for (const value of [...NO_LIMITS, '1000000000', String(most + 1)]) {
    expect(verdict(family, place(value), asked), value).toBe(`invalid_request ${field}`);
  }
  expect(prepared(family, place('3'), asked).outputTokens).toBe(30);
  expect(prepared(family, place(String(most)), asked).outputTokens).toBe(10 * most);
  expect(prepared(family, place('null'), asked).outputTokens).toBe(10);
}

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** Input, output, cache read and cache write; or the reason why nothing is metered. */
export type Counted = readonly [number, number, number, number] | string;

const counted = (usage: Usage): Counted =>
  usage.kind === 'unknown'
    ? usage.why
    : [
        usage.usage.inputTokens,
        usage.usage.outputTokens,
        usage.usage.cacheReadTokens,
        usage.usage.cacheWrite5mTokens,
      ];

/** What a whole answer is metered as. */
export const usageOfAnswer = (
  family: FamilyName,
  answer: unknown,
  headers: Readonly<Record<string, string>> = {},
  operation: Operation = 'invoke',
): Counted =>
  counted(
    usageFromAnswer({
      operation,
      model: modelOf(family),
      headers,
      body: bytes(answer),
      oneHourCacheWrites: false,
    }),
  );

/** Bedrock's own count headers. */
export const countHeaders = (input: number, output: number, cacheRead?: number) => ({
  'x-amzn-bedrock-input-token-count': String(input),
  'x-amzn-bedrock-output-token-count': String(output),
  ...(cacheRead !== undefined && {
    'x-amzn-bedrock-cache-read-input-token-count': String(cacheRead),
  }),
});

/** Bedrock's own metrics, as the last chunk carries them. */
export const metrics = (input: number, output: number, cacheRead?: number) => ({
  'amazon-bedrock-invocationMetrics': {
    inputTokenCount: input,
    outputTokenCount: output,
    ...(cacheRead !== undefined && { cacheReadInputTokenCount: cacheRead }),
  },
});

/** What a stream of these chunks is metered as. */
export function usageOfChunks(family: FamilyName, chunks: readonly unknown[]): Counted {
  const meter = createUsageMeter({
    operation: 'invoke-with-response-stream',
    model: modelOf(family),
    oneHourCacheWrites: false,
  });
  for (const chunk of chunks) {
    const encoded = Buffer.from(bytes(chunk)).toString('base64');
    meter.event('event', 'chunk', bytes({ bytes: encoded, p: 'abc' }));
  }
  return counted(meter.usage());
}

export const NO_USAGE = 'the answer carries no usage';
export const ENDED_EARLY = 'the stream ended before its usage';
