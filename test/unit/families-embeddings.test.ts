/**
 * Embeddings: text is bounded by its bytes, images by the piece, and what is elsewhere is refused.
 */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lambda/domain/request-body.ts';
import {
  answered,
  ended,
  modelOf,
  NO_TOKENS,
  prepare,
  verdict,
} from '../helpers/asked-requests.ts';
import { price, usd } from '../helpers/builders.ts';

const tokens = { inputNanoUsdPerMillion: usd('1'), outputNanoUsdPerMillion: 0n };
const priced = price({ tokens, units: { 'read-image': usd('0.00006') } });
const titan = modelOf('titan-embed', { price: priced, contextWindowTokens: 128 });
const nova = modelOf('nova-embed', { price: priced });
const cohere = modelOf('cohere-embed', { price: priced, contextWindowTokens: 512 });
const marengo = modelOf('marengo', {
  price: price({
    tokens: NO_TOKENS,
    units: { 'text-request': usd('0.00007'), 'read-image': usd('0.0001') },
  }),
});
const PIXELS = 'A'.repeat(40_000);

describe('Titan embeddings', () => {
  it('T45 bound an image by its own price, and not by the bytes of its data', () => {
    const { inputTokens, units } = prepare(titan, { inputText: 'x', inputImage: PIXELS });

    expect(units).toEqual({ 'read-image': 1 });
    expect(inputTokens).toBeLessThan(200);
  });

  it('settle at the tokens that the answer counts, and the image that was asked for', () => {
    const prepared = prepare(titan, { inputText: 'x', inputImage: PIXELS });
    const usage = answered(titan, { embedding: [0.1], inputTextTokenCount: 5 });

    const ending = ended(titan, prepared, usage);

    expect(ending.outcome).toBe('settled');
    expect(ending.costNanoUsd).toBe(5_000n + 60_000n);
  });

  it('threat 19: are charged in full without a count, and take the larger of body and header', () => {
    const headers = { 'x-amzn-bedrock-input-token-count': '9' };

    expect(answered(titan, { embedding: [] }).kind).toBe('unknown');
    expect(answered(titan, { inputTextTokenCount: 5 }, { headers })).toMatchObject({
      usage: { inputTokens: 9, outputTokens: 0 },
    });
  });

  it.each([
    [{ inputText: ['a', 'b'] }, 'invalid_request inputText'],
    [{ inputText: 'a', novel: 1 }, 'unpriced_field novel'],
    [{ inputImage: 's3://bucket/key' }, 'unpriced_field inputImage'],
    [{ inputImage: { s3: 'x' } }, 'unpriced_field inputImage'],
    [{ inputText: 'a', dimensions: 512, normalize: true, embeddingTypes: ['float'] }, 'ok'],
  ] as [JsonObject, string][])('answer to %j', (body, expected) => {
    expect(verdict(titan, body)).toBe(expected);
  });

  it('T45 are refused with an image where an image has no price', () => {
    const textOnly = modelOf('titan-embed', { price: price({ tokens }) });

    expect(verdict(textOnly, { inputImage: 'AAAA' })).toBe('unpriced_field read-image');
  });

  it('have no Converse', () => {
    expect(verdict(titan, { messages: [] }, { operation: 'converse' })).toMatch('invalid_request');
  });
});

describe('Nova embeddings', () => {
  const single = (params: JsonObject): JsonObject => ({
    schemaVersion: 'nova-multimodal-embed-v1',
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: { embeddingPurpose: 'GENERIC_INDEX', ...params },
  });
  const path = 'unpriced_field singleEmbeddingParams';
  const s3 = { s3Location: { uri: 's3://b/k' } };

  it.each([
    [single({ text: { truncationMode: 'END', value: 'x' } }), 'ok'],
    [single({ image: { format: 'png', source: { bytes: 'AAAA' } } }), 'ok'],
    [single({ video: { format: 'mp4', source: { bytes: 'AAAA' } } }), `${path}.video`],
    [single({ audio: { format: 'mp3', source: { bytes: 'AAAA' } } }), `${path}.audio`],
    [single({ image: { source: s3 } }), `${path}.image.source.s3Location`],
    [single({ text: { source: s3 } }), `${path}.text.source`],
    [single({ novel: 1 }), `${path}.novel`],
    [{ ...single({}), taskType: 'SEGMENTED_EMBEDDING' }, 'unpriced_field taskType'],
    [{ ...single({}), segmentedEmbeddingParams: {} }, 'unpriced_field segmentedEmbeddingParams'],
  ] as [JsonObject, string][])('T45 answer to %j', (body, expected) => {
    expect(verdict(nova, body)).toBe(expected);
  });

  it('T45 let no setting pass what is billed by the second', () => {
    const body = single({ video: { source: { bytes: 'AAAA' } } });

    expect(verdict(nova, body, { allow: ['video'] })).toBe(`${path}.video`);
  });
});

describe('Cohere embeddings', () => {
  it('threat 16: bound many texts beyond the window of one of them', () => {
    const texts = Array.from({ length: 96 }, () => 'ab '.repeat(300));

    expect(prepare(cohere, { input_type: 'search_document', texts }).inputTokens).toBeGreaterThan(
      96 * 900,
    );
  });

  it('bound every image, wherever it stands', () => {
    const image = `data:image/png;base64,${PIXELS}`;
    const content = [
      { type: 'text', text: 'x' },
      { type: 'image_url', image_url: image },
      { type: 'image_url', image_url: { url: image } },
    ];

    const prepared = prepare(cohere, { images: [image], inputs: [{ content }] });

    expect(prepared.units).toEqual({ 'read-image': 3 });
    expect(prepared.inputTokens).toBeLessThan(1_000);
  });

  it.each([
    [{ texts: Array.from({ length: 97 }, () => 'x') }, 'invalid_request texts'],
    [{ texts: 'x' }, 'invalid_request texts'],
    [{ images: ['https://example.org/a.png'] }, 'unpriced_field images'],
    [{ images: ['file:///etc/passwd'] }, 'unpriced_field images'],
    [{ inputs: [{ content: [{ type: 'video' }] }] }, 'unpriced_field inputs.content.video'],
    [{ inputs: [{ content: [{ type: { toString: 1 } }] }] }, 'unpriced_field inputs.content.type'],
    [{ texts: ['x'], model: 'y' }, 'unpriced_field model'],
  ] as [JsonObject, string][])('refuse %j', (body, expected) => {
    expect(verdict(cohere, body)).toBe(expected);
  });

  it('settle by the header, or by the units that the answer says are billed', () => {
    const headers = { 'x-amzn-bedrock-input-token-count': '11' };

    expect(answered(cohere, { embeddings: [] }, { headers })).toMatchObject({
      usage: { inputTokens: 11, outputTokens: 0 },
    });
    expect(answered(cohere, { meta: { billed_units: { input_tokens: 12 } } })).toMatchObject({
      usage: { inputTokens: 12 },
    });
    expect(answered(cohere, { embeddings: [] }).kind).toBe('unknown');
  });
});

describe('Marengo embeddings', () => {
  const media = { mediaSource: { base64String: 'AAAA' } };

  it.each([
    [{ inputType: 'text', inputText: 'x' }, { 'text-request': 1 }],
    [{ inputType: 'text', text: { inputText: 'x' } }, { 'text-request': 1 }],
    [{ inputType: 'image', ...media }, { 'read-image': 1 }],
    [
      { inputType: 'text_image', text_image: { inputText: 'x', ...media } },
      { 'text-request': 1, 'read-image': 1 },
    ],
    [{ inputType: 'text' }, { 'text-request': 1 }],
  ] as [JsonObject, object][])('bound %j by the request', (body, units) => {
    expect(prepare(marengo, body).units).toEqual(units);
  });

  it.each([
    [{ inputType: 'video', ...media }, 'unpriced_field inputType'],
    [{ inputType: 'audio', ...media }, 'unpriced_field inputType'],
    [
      { inputType: 'image', mediaSource: { s3Location: { uri: 's3://b/k' } } },
      'unpriced_field mediaSource.s3Location',
    ],
    [{ inputType: 'text', startSec: 1 }, 'unpriced_field startSec'],
    [{ inputType: 'image', image: { novel: 1 } }, 'unpriced_field image.novel'],
  ] as [JsonObject, string][])('T45 refuse %j', (body, expected) => {
    expect(verdict(marengo, body)).toBe(expected);
  });

  it('settle at what was asked for, as their answers count nothing', () => {
    const prepared = prepare(marengo, { inputType: 'text', inputText: 'x' });

    expect(ended(marengo, prepared, answered(marengo, { data: [] })).costNanoUsd).toBe(70_000n);
  });
});
