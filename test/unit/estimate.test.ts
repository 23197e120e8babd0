/**
 * The bound of a request in input tokens and money, and the setting that lets members pass.
 */
import { describe, expect, it } from 'vitest';
import { ENV } from '../../lambda/contract.ts';
import type { Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { prepareRequest, type RequestToPrepare } from '../../lambda/domain/estimate.ts';
import {
  ALLOW_FIELDS_SETTING,
  OVERHEAD_TOKENS,
} from '../../lambda/domain/families/request-reading.ts';
import { type JsonObject, serializeBody } from '../../lambda/domain/request-body.ts';

/** Of Claude's images, at most. */
const IMAGE_TOKENS = 4_800;

const claude: Model = {
  modelId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
  baseModelId: 'anthropic.claude-haiku-4-5-20251001-v1:0',
  profileId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
  vendor: 'anthropic',
  family: 'anthropic',
  price: {
    modelId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    version: 'test',
    tokens: {
      inputNanoUsdPerMillion: 1_000_000_000n,
      outputNanoUsdPerMillion: 5_000_000_000n,
      cacheReadNanoUsdPerMillion: 100_000_000n,
      cacheWrite5mNanoUsdPerMillion: 1_250_000_000n,
      cacheWrite1hNanoUsdPerMillion: 2_000_000_000n,
    },
  },
  contextWindowTokens: 200_000,
  maxOutputTokens: 64_000,
};

const nova: Model = {
  ...claude,
  modelId: 'us.amazon.nova-2-lite-v1:0',
  baseModelId: 'amazon.nova-2-lite-v1:0',
  profileId: 'us.amazon.nova-2-lite-v1:0',
  vendor: 'amazon',
  family: 'nova',
  maxOutputTokens: 10_000,
};

const hello: JsonObject = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hello' }],
};

const prepare = (request: Partial<RequestToPrepare> = {}) =>
  prepareRequest({
    operation: 'invoke',
    model: claude,
    body: hello,
    headers: {},
    allowFields: new Set(),
    ...request,
  });

function refusalOf(request: Partial<RequestToPrepare>): { code: string; field?: string } {
  try {
    prepare(request);
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
    const { field } = error.details;
    return { code: error.code, ...(field === undefined ? {} : { field }) };
  }
  return { code: 'none' };
}

describe('the input bound', () => {
  it('is the bytes that go out and the overheads', () => {
    const prepared = prepare();

    expect(prepared.inputTokens).toBe(
      prepared.body.byteLength + OVERHEAD_TOKENS.request + OVERHEAD_TOKENS.message,
    );
  });

  it('counts the bytes of text, not its characters', () => {
    const ascii = prepare({ body: { ...hello, system: 'eeee' } }).inputTokens;
    const accents = prepare({ body: { ...hello, system: 'éééé' } }).inputTokens;

    expect(accents - ascii).toBe(4);
  });

  it('counts text by its normal form where that is longer', () => {
    const plain = prepare({ body: { ...hello, system: '' } }).inputTokens;
    const ligature = prepare({ body: { ...hello, system: '\uFDFA' } }).inputTokens;

    expect(ligature - plain).toBe(33);
  });

  it('counts an image by its own bound and not by its bytes', () => {
    const image = (characters: number): JsonObject => ({
      ...hello,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'image',
              source: { type: 'base64', media_type: 'image/png', data: 'A'.repeat(characters) },
            },
          ],
        },
      ],
    });

    const small = prepare({ body: image(0) }).inputTokens;
    expect(prepare({ body: image(90_000) }).inputTokens).toBe(small);
    expect(small).toBeGreaterThan(IMAGE_TOKENS);
  });

  it('finds images inside tool results, of either shape', () => {
    const source: JsonObject = { type: 'base64', data: 'AAAA' };
    const native: JsonObject = {
      ...hello,
      messages: [
        {
          role: 'user',
          content: [{ type: 'tool_result', content: [{ type: 'image', source }] }],
        },
      ],
    };
    const converse: JsonObject = {
      messages: [
        {
          role: 'user',
          content: [{ toolResult: { content: [{ image: { source: { bytes: 'AAAA' } } }] } }],
        },
      ],
    };

    expect(prepare({ body: native }).inputTokens).toBeGreaterThan(IMAGE_TOKENS);
    expect(
      prepare({ operation: 'converse', body: converse, defaultMaxTokens: 1 }).inputTokens,
    ).toBeGreaterThan(IMAGE_TOKENS);
  });

  it('takes no bytes off for image data that is not ASCII, as that is no base64', () => {
    const content = [{ image: { source: { bytes: '\uFDFA' } } }];
    const body: JsonObject = { messages: [{ role: 'user', content }] };
    const plain = [{ image: { source: { bytes: '' } } }];

    const strange = prepare({ operation: 'converse', body }).inputTokens;
    const empty = prepare({
      operation: 'converse',
      body: { messages: [{ role: 'user', content: plain }] },
    }).inputTokens;

    expect(strange - empty).toBe(33);
  });

  it.each([
    ['document', { type: 'document', source: { type: 'base64', data: 'JVBE' } }],
    [
      'text document with citations',
      {
        type: 'document',
        source: { type: 'text', data: 'hi' },
        citations: { enabled: true },
      },
    ],
    ['tool reference', { type: 'tool_reference', tool_name: 'Read' }],
  ])('is the whole context window for a native %s', (_name, block) => {
    const body: JsonObject = { ...hello, messages: [{ role: 'user', content: [block] }] };

    expect(prepare({ body }).inputTokens).toBe(200_000);
  });

  it('is the bytes of a document of text alone', () => {
    const inputOf = (text: string): number[] => [
      prepare({
        body: {
          ...hello,
          messages: [
            {
              role: 'user',
              content: [{ type: 'document', source: { type: 'text', data: text } }],
            },
          ],
        },
      }).inputTokens,
      prepare({
        operation: 'converse',
        body: { messages: [{ role: 'user', content: [{ document: { source: { text } } }] }] },
      }).inputTokens,
    ];
    const [native = 0, converse = 0] = inputOf('');

    expect(inputOf('x'.repeat(1_000))).toEqual([native + 1_000, converse + 1_000]);
  });

  it.each([
    ['citations', { source: { text: 'hi' }, citations: { enabled: true } }],
    ['a page beside its text', { source: { text: 'hi', bytes: 'JVBE' } }],
  ])('is the whole context window for a Converse document of text with %s', (_name, document) => {
    const body: JsonObject = { messages: [{ role: 'user', content: [{ document }] }] };

    expect(prepare({ operation: 'converse', body }).inputTokens).toBe(200_000);
  });

  it.each(['document', 'video'])('is the whole context window for a Converse %s', (kind) => {
    const content = [{ [kind]: { format: 'x', source: { bytes: 'AAAA' } } }];
    const body: JsonObject = { messages: [{ role: 'user', content }] };

    expect(prepare({ operation: 'converse', model: nova, body }).inputTokens).toBe(200_000);
  });

  it('is never more than the context window', () => {
    const body: JsonObject = { ...hello, system: 'x'.repeat(300_000) };

    expect(prepare({ body }).inputTokens).toBe(200_000);
  });

  it('counts tool preambles once and each tool', () => {
    const tool = (name: string): JsonObject => ({ name, input_schema: { type: 'object' } });
    const bytesOfTool = serializeBody(tool('a')).byteLength + 1;
    const of = (...tools: JsonObject[]) => prepare({ body: { ...hello, tools } }).inputTokens;

    expect(of(tool('a'), tool('b')) - of(tool('a'))).toBe(bytesOfTool + OVERHEAD_TOKENS.tool);
    expect(of(tool('a')) - of()).toBeGreaterThan(OVERHEAD_TOKENS.toolPreamble);
  });
});

describe('the bound of the cost', () => {
  it('prices input at the five-minute write rate, as caching may be implicit', () => {
    const { inputTokens, boundNanoUsd } = prepare();

    expect(boundNanoUsd).toBe(BigInt(inputTokens) * 1_250n + 100n * 5_000n + 3n);
  });

  it.each([
    ['native', 'invoke', { ...hello, cache_control: { type: 'ephemeral', ttl: '1h' } }],
    [
      'Converse',
      'converse',
      {
        messages: [{ role: 'user', content: [{ cachePoint: { type: 'default', ttl: '1h' } }] }],
        inferenceConfig: { maxTokens: 100 },
      },
    ],
  ] as const)(
    'prices input at the one-hour write rate where a %s request asks for it',
    (_name, operation, body) => {
      const prepared = prepare({ operation, body: structuredClone(body) as JsonObject });

      expect(prepared.oneHourCacheWrites).toBe(true);
      expect(prepared.boundNanoUsd).toBe(BigInt(prepared.inputTokens) * 2_000n + 500_000n + 3n);
    },
  );

  it('takes five minutes, and text that only looks like a lifetime, for no hour', () => {
    const body: JsonObject = {
      ...hello,
      system: [
        { type: 'text', text: '"ttl":"1h"', cache_control: { type: 'ephemeral', ttl: '5m' } },
      ],
    };

    expect(prepare({ body }).oneHourCacheWrites).toBe(false);
  });

  it('takes a lifetime that it does not know for the dearest', () => {
    const body: JsonObject = { ...hello, cache_control: { ttl: '24h' } };

    expect(prepare({ body }).oneHourCacheWrites).toBe(true);
  });

  it('takes the dearer tier once the input may pass the long-context threshold', () => {
    const longContext = (input: bigint, output: bigint) => ({
      thresholdTokens: 50_000,
      tokens: { inputNanoUsdPerMillion: input, outputNanoUsdPerMillion: output },
    });
    const body: JsonObject = { ...hello, system: 'x'.repeat(60_000) };
    const boundOf = (input: bigint, output: bigint) => {
      const price = { ...claude.price, longContext: longContext(input, output) };
      return prepare({ body, model: { ...claude, price } });
    };

    const dearer = boundOf(4_000_000_000n, 9_000_000_000n);
    expect(dearer.boundNanoUsd).toBe(BigInt(dearer.inputTokens) * 4_000n + 900_000n + 3n);
    const cheaper = boundOf(1n, 1n);
    expect(cheaper.boundNanoUsd).toBe(BigInt(cheaper.inputTokens) * 1_250n + 500_000n + 3n);
  });

  it('is one nano-dollar for a free model', () => {
    const model: Model = { ...claude, price: { ...claude.price, free: true } };

    expect(prepare({ model }).boundNanoUsd).toBe(1n);
  });

  it('is made in about a millisecond for 100 KB', () => {
    const text = 'The quick brown fox jumps over the lazy dog. '.repeat(22);
    const messages = Array.from({ length: 100 }, () => ({
      role: 'user',
      content: [{ type: 'text', text }],
    }));
    const body: JsonObject = { ...hello, messages };
    for (let run = 0; run < 50; run += 1) prepare({ body });
    const durations = Array.from({ length: 50 }, () => {
      const startedMs = performance.now();
      prepare({ body });
      return performance.now() - startedMs;
    });

    // The least of many runs tells the work apart from a busy machine; the rest is for a slow one.
    expect(Math.min(...durations)).toBeLessThan(5);
  });
});

describe('the setting that lets members pass', () => {
  it('goes by the name that the function reads', () => {
    expect(ALLOW_FIELDS_SETTING).toBe(ENV.allowFields);
  });

  it.each(['inferenceConfig.novel', 'novel'])('takes "%s" for the member', (name) => {
    const body: JsonObject = { messages: [], inferenceConfig: { novel: 1, maxTokens: 1 } };
    const request = { operation: 'converse', body } as const;

    expect(refusalOf(request)).toEqual({ code: 'unpriced_field', field: 'inferenceConfig.novel' });
    expect(refusalOf({ ...request, allowFields: new Set([name]) }).code).toBe('none');
  });

  it('does not let a member pass by a dot in its name', () => {
    const body: JsonObject = { ...hello, 'evil.novel': 1 };

    expect(refusalOf({ body, allowFields: new Set(['novel']) }).code).toBe('unpriced_field');
  });

  it('reserves the whole window for a block or tool of unknown type that it lets pass', () => {
    const messages = [{ role: 'user', content: [{ type: 'hologram' }] }];
    const allowFields = new Set(['hologram']);

    expect(prepare({ body: { ...hello, messages }, allowFields }).inputTokens).toBe(200_000);
  });

  it('says in a refusal what to do', () => {
    expect(() => prepare({ body: { ...hello, novel: 1 } })).toThrow(
      'unpriced_field: "novel": hardcap does not know what it costs; leave it out, or, where its ' +
        'cost is no matter, add "novel" to HARDCAP_ALLOW_FIELDS',
    );
  });
});
