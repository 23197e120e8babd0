/**
 * Guardrails: bounded by text units of every policy, settled by the trace or at what is known.
 */
import { describe, expect, it } from 'vitest';
import {
  GUARDRAIL_PRICES,
  MAX_CHARACTERS_PER_TOKEN,
  mostGuardrailUnits,
} from '../../lambda/domain/guardrail.ts';
import type { JsonObject, JsonValue } from '../../lambda/domain/request-body.ts';
import type { UnitCounts } from '../../lambda/domain/unit.ts';
import { createUsageMeter, type Usage } from '../../lambda/domain/usage.ts';
import { answered, ended, modelOf, prepare, verdict } from '../helpers/asked-requests.ts';
import { price } from '../helpers/builders.ts';

const model = modelOf('anthropic', { price: price({ units: GUARDRAIL_PRICES }) });
const converse = { operation: 'converse' } as const;
const guardrailConfig = { guardrailIdentifier: 'g', guardrailVersion: '1', trace: 'enabled' };

const asked = (...content: JsonValue[]): JsonObject => ({
  messages: [{ role: 'user', content }],
  inferenceConfig: { maxTokens: 100 },
  guardrailConfig,
});
const headers = { 'x-amzn-bedrock-guardrailidentifier': 'g' };
const native: JsonObject = { max_tokens: 100, messages: [{ role: 'user', content: 'x' }] };

describe('the bound of a guardrail', () => {
  it('T27 has every policy, over input and output, at a unit for each text and each piece', () => {
    const units = mostGuardrailUnits(
      { inputBytes: 2_500, inputTexts: 4, isStreamed: false },
      1_000,
    );

    // Input 3 + 4; output 128 for the characters, 250 for blocks of four tokens, and 1.
    expect(units).toEqual({
      'guardrail-content': 386,
      'guardrail-topic': 386,
      'guardrail-sensitive-information': 386,
      'guardrail-grounding': 393,
      'guardrail-automated-reasoning': 786,
    });
  });

  it('T27 rounds each piece of a stream up, of which each token may be one', () => {
    const text = { inputBytes: 0, inputTexts: 0, isStreamed: true };

    expect(mostGuardrailUnits(text, 1_000)['guardrail-content']).toBe(128 + 1_000 + 1);
  });

  it('threat 16: is no less than any way to cut the texts, for any count of characters', () => {
    const cuts = [[1], [999, 1], [1_000, 1_001], [2_001, 1, 1], Array(50).fill(21)];
    for (const input of cuts) {
      for (const output of cuts) {
        const tokens = output.reduce((sum, n) => sum + Math.ceil(n / MAX_CHARACTERS_PER_TOKEN), 0);
        const bytes = input.reduce((sum, n) => sum + n, 0);
        const text = { inputBytes: bytes, inputTexts: input.length, isStreamed: true };
        const used = [...input, ...output].reduce((sum, n) => sum + Math.ceil(n / 1_000), 0);

        expect(mostGuardrailUnits(text, tokens)['guardrail-content']).toBeGreaterThanOrEqual(used);
      }
    }
  });

  it('is in the bound of every request that names a guardrail, wherever it names it', () => {
    const plain = { ...asked({ text: 'x' }), guardrailConfig: null };
    const withoutOne = prepare(model, plain, converse).boundNanoUsd;

    expect(prepare(model, asked({ text: 'x' }), converse).boundNanoUsd).toBeGreaterThan(withoutOne);
    for (const request of [
      prepare(model, native, { headers }),
      prepare(model, native, { headers: { 'X-Amzn-Bedrock-GuardrailVersion': '1' } }),
      prepare(model, { ...native, 'amazon-bedrock-guardrailConfig': { tagSuffix: 'xyz' } }),
    ]) {
      expect(request.units['guardrail-content']).toBeGreaterThan(0);
    }
    expect(prepare(model, native).units).toEqual({});
  });

  it('counts every text of the body, tools and system included, but no word of the protocol', () => {
    const one = prepare(model, asked({ text: 'x' }), converse).guardedText?.inputTexts;
    const two = prepare(model, asked({ text: 'x' }, { text: 'y' }), converse);
    const system = prepare(model, { ...asked({ text: 'x' }), system: [{ text: 's' }] }, converse);

    expect([one, two.guardedText?.inputTexts, system.guardedText?.inputTexts]).toEqual([1, 2, 2]);
  });

  it('is refused where the model has no price for a policy', () => {
    const unpriced = modelOf('anthropic');

    expect(verdict(unpriced, asked({ text: 'x' }), converse)).toBe(
      'unpriced_field guardrail-content',
    );
  });
});

describe('a guardrail is refused by name', () => {
  const image = { image: { format: 'png', source: { bytes: 'AAAA' } } };
  const document = { document: { format: 'pdf', source: { bytes: 'AAAA' } } };
  const source = { guardContent: { text: { text: 'x', qualifiers: ['grounding_source'] } } };
  const stream = { operation: 'converse-stream' } as const;

  it.each([
    ['beside an image', asked(image), converse, 'guardrailConfig'],
    ['beside an image that it guards', asked({ guardContent: image }), converse, 'guardrailConfig'],
    ['beside a document', asked(document), converse, 'guardrailConfig'],
    ['with a grounding source in a stream', asked(source), stream, 'guardrailConfig'],
    [
      'in asynchronous mode',
      { ...asked(), guardrailConfig: { ...guardrailConfig, streamProcessingMode: 'async' } },
      stream,
      'guardrailConfig.streamProcessingMode',
    ],
    [
      'in asynchronous mode of a native body',
      { ...native, 'amazon-bedrock-guardrailConfig': { streamProcessingMode: 'ASYNCHRONOUS' } },
      { headers },
      'amazon-bedrock-guardrailConfig.streamProcessingMode',
    ],
    [
      'with a grounding source in a native stream',
      {
        ...native,
        messages: [{ role: 'user', content: '<amazon-bedrock-guardrails-groundingSource_x>a</a>' }],
      },
      { headers, operation: 'invoke-with-response-stream' },
      'x-amzn-bedrock-guardrailidentifier',
    ],
  ] as const)('T45 %s', (_name, body, how, field) => {
    expect(verdict(model, body as unknown as JsonObject, { ...how, allow: [field] })).toBe(
      `unpriced_field ${field}`,
    );
  });

  it('but passes as text that is guarded, with a grounding source where nothing is streamed', () => {
    expect(verdict(model, asked(source), converse)).toBe('ok');
    expect(verdict(model, asked({ guardContent: { novel: 1 } }), converse)).toBe(
      'unpriced_field messages.content.guardContent.novel',
    );
    const tier = { ...asked(), guardrailConfig: { ...guardrailConfig, tier: 'x' } };
    expect(verdict(model, tier, converse)).toBe('unpriced_field guardrailConfig.tier');
    const member = { 'amazon-bedrock-guardrailConfig': {} };
    expect(verdict(model, { ...asked(), ...member }, converse)).toBe(
      'unpriced_field amazon-bedrock-guardrailConfig',
    );
  });
});

const USAGE = { inputTokens: 10, outputTokens: 20, totalTokens: 30 };
const assessment = (usage: JsonObject): JsonObject => ({ invocationMetrics: { usage } });
const COUNTS = {
  topicPolicyUnits: 1,
  contentPolicyUnits: 2,
  wordPolicyUnits: 9,
  sensitiveInformationPolicyUnits: 3,
  sensitiveInformationPolicyFreeUnits: 9,
  contextualGroundingPolicyUnits: 4,
};
const traced = (input: JsonObject, output?: JsonObject): JsonObject => ({
  guardrail: {
    inputAssessment: { g: assessment(input) },
    ...(output && { outputAssessments: { g: [assessment(output)] } }),
  },
});
const TOKENS_NANO_USD = 10_000n + 100_000n;

describe('the cost of a guardrail', () => {
  const prepared = prepare(model, asked({ text: 'x' }), converse);
  const settled = (answer: JsonObject) => ended(model, prepared, answered(model, answer, converse));

  it('T27 is what the trace counts, input and output added, free units for nothing', () => {
    const ending = settled({ usage: USAGE, trace: traced(COUNTS, COUNTS) });

    const units: UnitCounts = {
      'guardrail-topic': 2,
      'guardrail-content': 4,
      'guardrail-sensitive-information': 6,
      'guardrail-grounding': 8,
      'guardrail-automated-reasoning': 0,
    };
    expect(ending.usage?.units).toEqual(units);
    expect(ending.costNanoUsd).toBe(TOKENS_NANO_USD + 300_000n + 600_000n + 600_000n + 800_000n);
    expect(ending.costNanoUsd).toBeLessThan(prepared.boundNanoUsd);
  });

  it('T27 is charged where it blocks: the input it read, and no tokens that were not made', () => {
    const ending = settled({
      stopReason: 'guardrail_intervened',
      usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
      trace: traced(COUNTS),
    });

    expect(ending.outcome).toBe('settled');
    expect(ending.costNanoUsd).toBe(150_000n + 300_000n + 300_000n + 400_000n);
  });

  it('T27 counts each policy of automated reasoning, of each guardrail', () => {
    const counts = { automatedReasoningPolicyUnits: 3, automatedReasoningPolicies: 2 };
    const trace = {
      guardrail: {
        inputAssessment: { g: assessment({}), imposed: assessment({ topicPolicyUnits: 1 }) },
        outputAssessments: { g: [assessment(counts)] },
      },
    };

    expect(settled({ usage: USAGE, trace }).usage?.units).toMatchObject({
      'guardrail-automated-reasoning': 6,
      'guardrail-topic': 1,
    });
  });

  it('T27 is its bound for the output that there was, where there is no trace of the output', () => {
    for (const trace of [undefined, { guardrail: {} }, traced(COUNTS)]) {
      const ending = settled({ usage: USAGE, ...(trace && { trace }) });

      expect(ending.usage?.units).toEqual(
        mostGuardrailUnits({ ...prepared.guardedText } as never, USAGE.outputTokens),
      );
      expect(ending.costNanoUsd).toBeLessThan(prepared.boundNanoUsd);
    }
  });

  it('T27 is its whole bound where it intervened and there is no trace', () => {
    const ending = settled({ stopReason: 'guardrail_intervened', usage: USAGE });

    expect(ending.usage?.units).toEqual(prepared.units);
  });

  it.each([
    ['of an unknown policy', { imagePolicyUnits: 1 }],
    ['of images', { contentPolicyImageUnits: 1 }],
    ['that is negative', { topicPolicyUnits: -1 }],
    ['that is a fraction', { topicPolicyUnits: 0.5 }],
  ])('threat 19: is charged in full with a count %s', (_name, counts) => {
    const ending = settled({ usage: USAGE, trace: traced(COUNTS, counts) });

    expect(ending.outcome).toBe('charged-in-full');
    expect(ending.costNanoUsd).toBe(prepared.boundNanoUsd);
  });

  it('passes over a count of an unknown policy that is nothing', () => {
    expect(settled({ usage: USAGE, trace: traced({ imagePolicyUnits: 0 }, {}) }).outcome).toBe(
      'settled',
    );
  });

  it('is charged in full where the account imposes one that the model has no price for', () => {
    const unpriced = modelOf('anthropic');
    const plain = prepare(unpriced, { messages: [] }, converse);
    const answer = { usage: USAGE, trace: traced(COUNTS, COUNTS) };

    expect(ended(unpriced, plain, answered(unpriced, answer, converse)).outcome).toBe(
      'charged-in-full',
    );
  });
});

describe('the cost of a guardrail of a native answer', () => {
  const prepared = prepare(model, native, { headers });
  const usage = { input_tokens: 10, output_tokens: 20 };

  it('T27 is what the trace of the body counts', () => {
    const answer = {
      usage,
      'amazon-bedrock-guardrailAction': 'NONE',
      'amazon-bedrock-trace': {
        guardrail: {
          input: { g: assessment(COUNTS) },
          outputs: [{ g: assessment({ contentPolicyUnits: 1 }) }],
        },
      },
    };

    expect(ended(model, prepared, answered(model, answer)).usage?.units).toMatchObject({
      'guardrail-content': 3,
      'guardrail-topic': 1,
    });
  });

  it('T27 is charged in full where it blocked and there is no usage, else by its action', () => {
    const action = { 'amazon-bedrock-guardrailAction': 'INTERVENED' };

    expect(ended(model, prepared, answered(model, action)).outcome).toBe('charged-in-full');
    const replaced = ended(model, prepared, answered(model, { ...action, usage }));
    expect(replaced.usage?.units).toEqual(prepared.units);
  });
});

describe('the cost of a guardrail of a stream', () => {
  const streamed = (events: readonly (readonly [string, JsonObject])[]): Usage => {
    const meter = createUsageMeter({
      operation: 'converse-stream',
      model,
      oneHourCacheWrites: false,
    });
    for (const [type, payload] of events) {
      meter.event('event', type, Buffer.from(JSON.stringify(payload)));
    }
    return meter.usage();
  };
  const prepared = prepare(model, asked({ text: 'x' }), { operation: 'converse-stream' });

  it('T27 is what the trace of its metadata counts', () => {
    const usage = streamed([
      ['messageStop', { stopReason: 'end_turn' }],
      ['metadata', { usage: USAGE, trace: traced(COUNTS, COUNTS) }],
    ]);

    expect(ended(model, prepared, usage).usage?.units).toMatchObject({ 'guardrail-topic': 2 });
  });

  it('T27 is its whole bound where it intervened and there is no trace', () => {
    const usage = streamed([
      ['messageStop', { stopReason: 'guardrail_intervened' }],
      ['metadata', { usage: USAGE }],
    ]);

    expect(ended(model, prepared, usage).usage?.units).toEqual(prepared.units);
  });

  it('T27 is read from native chunks, whose parts are added', () => {
    const meter = createUsageMeter({
      operation: 'invoke-with-response-stream',
      model,
      oneHourCacheWrites: false,
    });
    const guardrail = {
      input: { g: assessment(COUNTS) },
      outputs: [{ g: assessment({ contentPolicyUnits: 1 }) }],
    };
    for (const chunk of [
      { 'amazon-bedrock-trace': { guardrail } },
      { 'amazon-bedrock-trace': { guardrail } },
      {
        type: 'message_stop',
        'amazon-bedrock-invocationMetrics': { inputTokenCount: 1, outputTokenCount: 2 },
      },
    ]) {
      const bytes = Buffer.from(JSON.stringify(chunk)).toString('base64');
      meter.event('event', 'chunk', Buffer.from(JSON.stringify({ bytes })));
    }

    expect(meter.usage()).toMatchObject({ usage: { units: { 'guardrail-content': 6 } } });
  });
});
