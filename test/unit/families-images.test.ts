/**
 * Image models and rerankers: billed by the image or the search unit, settled at what was asked for.
 */
import { describe, expect, it } from 'vitest';
import { mostSearchUnits } from '../../lambda/domain/families/rerank.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';
import { createUsageMeter } from '../../lambda/domain/usage.ts';
import {
  answered,
  ended,
  modelOf,
  NO_TOKENS,
  prepare,
  verdict,
} from '../helpers/asked-requests.ts';
import { price, usd } from '../helpers/builders.ts';

const perImage = price({ tokens: NO_TOKENS, units: { 'made-image': usd('0.08') } });
const canvas = modelOf('titan-image', { price: perImage });
const stability = modelOf('stability', { price: perImage });
const reranker = modelOf('rerank', {
  price: price({ tokens: NO_TOKENS, units: { 'search-unit': usd('0.002') } }),
});

const drawing = (config: JsonObject): JsonObject => ({
  taskType: 'TEXT_IMAGE',
  textToImageParams: { text: 'a cat' },
  imageGenerationConfig: { width: 1024, height: 1024, quality: 'premium', seed: 1, ...config },
});

describe('Titan Image and Nova Canvas', () => {
  it('threat 18: bound as many images as are asked for, 1 where no number is', () => {
    expect(prepare(canvas, drawing({ numberOfImages: 5 })).units).toEqual({ 'made-image': 5 });
    expect(prepare(canvas, drawing({})).units).toEqual({ 'made-image': 1 });
    expect(prepare(canvas, { taskType: 'BACKGROUND_REMOVAL' }).units).toEqual({ 'made-image': 1 });
  });

  it('send no output limit, and reserve nothing for tokens', () => {
    const prepared = prepare(canvas, drawing({ numberOfImages: 2 }));

    expect(JSON.parse(Buffer.from(prepared.body).toString())).toEqual(
      drawing({ numberOfImages: 2 }),
    );
    expect(prepared.boundNanoUsd).toBe(usd('0.16') + 3n);
    expect(prepared.outputTokens).toBe(0);
  });

  it('settle at the images that were asked for, even where fewer came back', () => {
    const prepared = prepare(canvas, drawing({ numberOfImages: 3 }));
    const blocked = answered(canvas, { images: ['AAAA'], error: 'some were blocked' });

    const ending = ended(canvas, prepared, blocked);

    expect(ending.outcome).toBe('settled');
    expect(ending.costNanoUsd).toBe(usd('0.24'));
    expect(ending.usage).toMatchObject({ inputTokens: 0, outputTokens: 0 });
  });

  it('are charged in full where an operator prices their tokens, and none are counted', () => {
    const both = modelOf('titan-image', { price: { ...perImage, tokens: price().tokens } });

    expect(answered(both, { images: [] }).kind).toBe('unknown');
  });

  it('are charged in full where they are streamed', () => {
    const meter = createUsageMeter({
      operation: 'invoke-with-response-stream',
      model: canvas,
      oneHourCacheWrites: false,
    });
    meter.event('event', 'chunk', Buffer.from('{"bytes":"e30="}'));

    expect(meter.usage().kind).toBe('unknown');
  });

  it.each([
    [drawing({ numberOfImages: 0 }), 'invalid_request imageGenerationConfig.numberOfImages'],
    [drawing({ numberOfImages: 1.5 }), 'invalid_request imageGenerationConfig.numberOfImages'],
    [drawing({ numberOfImages: '2' }), 'invalid_request imageGenerationConfig.numberOfImages'],
    [drawing({ n: 2 }), 'unpriced_field imageGenerationConfig.n'],
    [{ taskType: 'TEXT_VIDEO' }, 'unpriced_field taskType'],
    [{ ...drawing({}), numberOfImages: 2 }, 'unpriced_field numberOfImages'],
  ] as [JsonObject, string][])('threat 9, 10: refuse %j', (body, expected) => {
    expect(verdict(canvas, body)).toBe(expected);
  });
});

describe('Stability', () => {
  it('threat 18: bounds one image a request, and as many as samples says', () => {
    expect(prepare(stability, { prompt: 'a cat' }).units).toEqual({ 'made-image': 1 });
    expect(prepare(stability, { text_prompts: [], samples: 4 }).units).toEqual({
      'made-image': 4,
    });
  });

  it.each([
    [{ prompt: 'a cat', n: 2 }, 'unpriced_field n'],
    [{ prompt: 'a cat', num_images: 2 }, 'unpriced_field num_images'],
    [{ prompt: 'a cat', samples: -1 }, 'invalid_request samples'],
    [{ prompt: 'a cat', steps: 51 }, 'unpriced_field steps'],
  ] as [JsonObject, string][])('threat 18: refuses %j', (body, expected) => {
    expect(verdict(stability, body)).toBe(expected);
  });

  it('refuses a guardrail, whose images have no price', () => {
    const headers = { 'x-amzn-bedrock-guardrailidentifier': 'g' };

    expect(verdict(stability, { prompt: 'a cat' }, { headers })).toBe(
      'unpriced_field x-amzn-bedrock-guardrailidentifier',
    );
  });
});

describe('a rerank', () => {
  const documents = (count: number, bytes: number) =>
    Array.from({ length: count }, () => 'd'.repeat(bytes));

  it.each([
    ['no document', 'q', 0, 0, 1],
    ['100 short documents', 'q', 100, 200, 1],
    ['101 short documents', 'q', 101, 200, 2],
    ['a document to the brim of its chunk', 'q', 100, 495, 1],
    ['a document one byte beyond', 'q', 100, 496, 2],
    ['a query that fills half of the chunk', 'q'.repeat(9_999), 100, 246, 1],
    ['the same, one byte beyond', 'q'.repeat(9_999), 100, 247, 2],
    ['1,000 long documents', 'q', 1_000, 4_950, 100],
  ])('T45 with %s is bounded by its chunks', (_name, query, count, bytes, units) => {
    expect(mostSearchUnits(query, documents(count, bytes))).toBe(units);
  });

  it('threat 16: counts bytes, and the normal form where it is longer', () => {
    expect(mostSearchUnits('q', Array(100).fill('é'.repeat(250)))).toBe(2);
    expect(mostSearchUnits('q', Array(100).fill('\uFDFA'.repeat(30)))).toBe(2);
  });

  it('never counts less for a longer query or document', () => {
    for (let length = 1; length < 1_500; length += 37) {
      const before = mostSearchUnits('q'.repeat(length), documents(150, length));
      expect(
        mostSearchUnits('q'.repeat(length + 37), documents(150, length + 37)),
      ).toBeGreaterThanOrEqual(before);
    }
  });

  it('settles at the units that were asked for', () => {
    const body = { query: 'q', documents: documents(150, 100), api_version: 2, top_n: 3 };
    const prepared = prepare(reranker, body);

    const ending = ended(reranker, prepared, answered(reranker, { results: [] }));

    expect(ending.costNanoUsd).toBe(usd('0.004'));
  });

  it.each([
    [{ query: 'q', documents: [{ text: 'x' }, 'y'] }, 'ok'],
    [{ query: 'q', documents: [{ title: 'x' }] }, 'unpriced_field documents'],
    [{ query: 'q', documents: [{ text: 'x', title: 'y' }] }, 'unpriced_field documents'],
    [{ query: ['q', 'r'], documents: [] }, 'invalid_request query'],
    [{ queries: [], documents: [] }, 'unpriced_field queries'],
    [{ query: 'q', documents: { a: 1 } }, 'invalid_request documents'],
  ] as [JsonObject, string][])('answers to %j', (body, expected) => {
    expect(verdict(reranker, body)).toBe(expected);
  });
});
