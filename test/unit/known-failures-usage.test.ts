/**
 * What other gateways misread in requests and answers: each test carries its number in
 * docs/known-failures.md.
 */
import { describe, expect, it } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { prepareRequest } from '../../lambda/domain/estimate.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import { costOf } from '../../lambda/domain/price.ts';
import { type JsonObject, parseBody } from '../../lambda/domain/request-body.ts';
import { createUsageMeter, type Usage, usageFromAnswer } from '../../lambda/domain/usage.ts';
import { HAIKU, jsonBytes } from '../helpers/fake-ports.ts';

const NOVA = 'us.amazon.nova-2-lite-v1:0';
const haiku = findModel(HAIKU, new Map());
const nova = findModel(NOVA, new Map());

/** The usage of a native stream of these events, in chunks as Bedrock sends them. */
function nativeUsage(events: readonly unknown[], model = haiku): Usage {
  const stream = { operation: 'invoke-with-response-stream', oneHourCacheWrites: false } as const;
  const meter = createUsageMeter({ ...stream, model });
  for (const event of events) {
    const bytes = Buffer.from(jsonBytes(event)).toString('base64');
    meter.event('event', 'chunk', jsonBytes({ bytes }));
  }
  return meter.usage();
}

/** The usage of a ConverseStream of these events. */
function converseUsage(events: readonly (readonly [type: string, payload: unknown])[]): Usage {
  const meter = createUsageMeter({
    operation: 'converse-stream',
    model: haiku,
    oneHourCacheWrites: false,
  });
  for (const [type, payload] of events) meter.event('event', type, jsonBytes(payload));
  return meter.usage();
}

const messageStart = (output: number) => ({
  type: 'message_start',
  message: { usage: { input_tokens: 25, output_tokens: output, cache_read_input_tokens: 7 } },
});
const messageDelta = (output: number, stop_reason: string | null) => ({
  type: 'message_delta',
  delta: { stop_reason },
  usage: { output_tokens: output },
});

const outputOf = (usage: Usage) => (usage.kind === 'metered' ? usage.usage.outputTokens : usage);

describe('the usage of a stream', () => {
  it('T13 costs what the same usage costs in one piece', () => {
    const counts = { inputTokens: 100, outputTokens: 50, totalTokens: 460 };
    const usage = { ...counts, cacheReadInputTokens: 300, cacheWriteInputTokens: 10 };
    const whole = usageFromAnswer({
      operation: 'converse',
      model: haiku,
      headers: {},
      body: jsonBytes({ usage }),
      oneHourCacheWrites: false,
    });
    const streamed = converseUsage([
      ['messageStop', { stopReason: 'end_turn' }],
      ['metadata', { usage }],
    ]);

    expect(streamed).toEqual(whole);
    if (whole.kind !== 'metered') throw new Error(whole.why);
    // 100 x $1.10, 50 x $5.50, 300 x $0.11 and 10 x $1.375 a million.
    expect(costOf(haiku.price, whole.usage)).toBe(431_750n);
  });

  it('T25 is not trusted where a router chose the model that answered', () => {
    const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
    const trace = { promptRouter: { invokedModelId: 'arn:aws:bedrock:us-east-1::x' } };
    const answer = { headers: {}, oneHourCacheWrites: false, model: haiku } as const;
    const inOnePiece = (operation: Operation, body: unknown) =>
      usageFromAnswer({ ...answer, operation, body: jsonBytes(body) });
    const unknown = { kind: 'unknown', why: 'a router chose the model that answered' };

    expect(inOnePiece('converse', { usage, trace })).toEqual(unknown);
    expect(converseUsage([['metadata', { usage, trace }]])).toEqual(unknown);
    const native = { usage: { input_tokens: 1, output_tokens: 1 }, 'amazon-bedrock-trace': trace };
    expect(inOnePiece('invoke', native)).toEqual(unknown);
    expect(inOnePiece('converse', { usage, trace: { promptRouter: null } }).kind).toBe('metered');
  });

  it('T16 takes the cumulative output count of message_delta, and adds nothing', () => {
    const usage = nativeUsage([
      messageStart(1),
      messageDelta(20, null),
      messageDelta(42, 'end_turn'),
      { type: 'message_stop' },
    ]);

    expect(outputOf(usage)).toBe(42);
  });

  it('T16 adds nothing where Bedrock’s own metrics repeat the counts', () => {
    const metrics = { inputTokenCount: 25, outputTokenCount: 42, cacheReadInputTokenCount: 7 };
    const usage = nativeUsage([
      messageStart(1),
      messageDelta(42, 'end_turn'),
      { type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics },
    ]);

    expect(usage).toMatchObject({
      usage: { inputTokens: 25, outputTokens: 42, cacheReadTokens: 7 },
    });
  });

  it.each(['max_tokens', 'stop_sequence', 'tool_use', 'refusal', 'pause_turn', 'a_new_one'])(
    'T17 is read from a native stream that ends by %s',
    (reason) => {
      expect(outputOf(nativeUsage([messageStart(1), messageDelta(9, reason)]))).toBe(9);
    },
  );

  it.each(['max_tokens', 'guardrail_intervened', 'content_filtered', 'malformed_tool_use', 'new'])(
    'T17 is read from a ConverseStream that ends by %s',
    (stopReason) => {
      const usage = { inputTokens: 3, outputTokens: 9, totalTokens: 12 };

      expect(
        outputOf(
          converseUsage([
            ['messageStop', { stopReason }],
            ['metadata', { usage }],
          ]),
        ),
      ).toBe(9);
    },
  );

  it('threat 19: is unknown, never zero, where the stream was cut before its last count', () => {
    const full = [messageStart(1), messageDelta(20, null), messageDelta(42, 'end_turn')];

    for (let kept = 0; kept < full.length; kept += 1) {
      expect(nativeUsage(full.slice(0, kept)).kind).toBe('unknown');
    }
    expect(nativeUsage(full).kind).toBe('metered');
  });

  it('threat 19: is the larger count where it comes twice, and differs', () => {
    const ends = (first: number, then: number) =>
      nativeUsage([messageStart(1), messageDelta(first, 'end_turn'), messageDelta(then, null)]);

    expect(outputOf(ends(9, 4))).toBe(9);
    expect(outputOf(ends(4, 9))).toBe(9);
  });
});

interface Prompt {
  readonly operation?: Operation;
  readonly model?: typeof haiku;
  readonly body: unknown;
}

const prepare = ({ operation = 'invoke', model = haiku, body }: Prompt) =>
  prepareRequest({
    operation,
    model,
    body: parseBody(jsonBytes(body)),
    headers: {},
    allowFields: new Set(),
  });

const native = (rest: JsonObject) => ({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 2_000,
  messages: [{ role: 'user', content: 'hello' }],
  ...rest,
});
const converse = (rest: JsonObject, inferenceConfig: JsonObject = { maxTokens: 2_000 }) => ({
  messages: [{ role: 'user', content: [{ text: 'hello' }] }],
  inferenceConfig,
  ...rest,
});

function codeOf(prompt: Prompt): string {
  try {
    prepare(prompt);
    return 'priced';
  } catch (error) {
    if (error instanceof HardcapError) return error.code;
    throw error;
  }
}

describe('output that is not asked for by max_tokens', () => {
  it.each<readonly [string, Prompt]>([
    ['a web search', { body: native({ tools: [{ type: 'web_search_20250305', name: 's' }] }) }],
    [
      'code execution',
      { body: native({ tools: [{ type: 'code_execution_20250825', name: 'c' }] }) },
    ],
    [
      'an MCP server',
      { body: native({ mcp_servers: [{ type: 'url', url: 'https://x.example' }] }) },
    ],
    ['several choices (n)', { body: native({ n: 8 }) }],
    ['several choices (best_of)', { body: native({ best_of: 8 }) }],
    ['a system tool', { operation: 'converse', model: nova, body: systemTool('nova_grounding') }],
    [
      'several choices behind Converse',
      { operation: 'converse', body: converse({ additionalModelRequestFields: { n: 8 } }) },
    ],
    [
      'a second limit behind Converse',
      {
        operation: 'converse',
        body: converse({ additionalModelRequestFields: { max_tokens: 9 } }),
      },
    ],
  ])('threat 18: is refused by name where it is %s', (_, prompt) => {
    expect(codeOf(prompt)).toBe('unpriced_field');
  });

  it('threat 18: holds thinking within the limit, and writes a limit above its budget', () => {
    const thinking = { type: 'enabled', budget_tokens: 1_024 };
    const asked = prepare({ body: native({ thinking }) });
    const { max_tokens: _, ...unlimited } = native({ thinking });
    const written = prepare({ body: unlimited });

    expect(asked.outputTokens).toBe(2_000);
    expect(written.outputTokens).toBeGreaterThan(1_024);
    expect(JSON.parse(Buffer.from(written.body).toString())).toMatchObject({
      max_tokens: written.outputTokens,
    });
  });

  it.each([0, -1, 1.5, '10'])('threat 18: takes no max_tokens of %j', (max_tokens) => {
    expect(codeOf({ body: native({ max_tokens }) })).toBe('invalid_request');
  });
});

function systemTool(name: string) {
  return converse({ toolConfig: { tools: [{ systemTool: { name } }] } });
}
