/**
 * What is asked of CountTokens, and what its count is trusted for.
 */
import { describe, expect, it } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { type Prepared, prepareRequest } from '../../lambda/domain/estimate.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { type Countable, countableOf, mostInputTokens } from '../../lambda/domain/token-count.ts';

const HAIKU = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const TEXT = 'a few words of a long story. '.repeat(100);

type Json = Readonly<Record<string, unknown>>;

const prepare = (operation: Operation, body: Json): Prepared =>
  prepareRequest({
    operation,
    model: findModel(HAIKU, new Map()),
    body: parseBody(Buffer.from(JSON.stringify(body))),
    headers: {},
    allowFields: new Set(),
  });

const countable = (operation: Operation, body: Json) =>
  countableOf(operation, prepare(operation, body));

function counted(operation: Operation, body: Json): Countable {
  const found = countable(operation, body);
  if (found === undefined) throw new Error('not countable');
  return found;
}

const jsonOf = ({ body }: Countable): Json => JSON.parse(Buffer.from(body).toString());

const native = (content: unknown, rest: Json = {}): Json => ({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content }],
  ...rest,
});
const converse = (content: unknown, rest: Json = {}): Json => ({
  messages: [{ role: 'user', content }],
  inferenceConfig: { maxTokens: 100 },
  ...rest,
});

describe('what is asked', () => {
  it('is nothing of chat completions, whose body CountTokens does not take', () => {
    const prepared = prepare('invoke', native(TEXT));

    expect(countableOf('invoke', prepared)).toBeDefined();
    expect(countableOf('chat-completions', prepared)).toBeUndefined();
    expect(countableOf('chat-completions-stream', prepared)).toBeUndefined();
  });

  it('is the body of InvokeModel as it goes out', () => {
    const body = native(TEXT);

    const asked = counted('invoke-with-response-stream', body);

    expect(asked.form).toBe('invokeModel');
    expect(asked.body).toEqual(Buffer.from(prepare('invoke', body).body));
  });

  it('is of a Converse request what CountTokens takes, number by number as it goes out', () => {
    const rest = {
      system: [{ text: 'be brief' }],
      toolConfig: { tools: [{ toolSpec: { name: 't', inputSchema: { json: { x: 1 } } } }] },
      additionalModelRequestFields: { top_k: 5 },
      requestMetadata: { who: 'me' },
    };

    const asked = counted('converse-stream', converse([{ text: TEXT }], rest));

    expect(asked.form).toBe('converse');
    expect(Object.keys(jsonOf(asked)).sort()).toEqual([
      'additionalModelRequestFields',
      'messages',
      'system',
      'toolConfig',
    ]);
  });
});

describe('a count is not asked for', () => {
  const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  const document = {
    document: { format: 'pdf', name: 'd', source: { bytes: 'AAAA' } },
  };

  it.each([
    ['an image', 'invoke', native([{ type: 'text', text: TEXT }, png])],
    ['a document', 'converse', converse([{ text: TEXT }, document])],
  ] as const)('where there is %s in the input', (_, operation, body) => {
    expect(countable(operation, body)).toBeUndefined();
  });

  it.each([
    ['thinking', 'invoke', { type: 'thinking', thinking: TEXT, signature: 's' }],
    ['redacted thinking', 'invoke', { type: 'redacted_thinking', data: TEXT }],
    ['reasoning', 'converse', { reasoningContent: { reasoningText: { text: TEXT } } }],
  ] as const)('where earlier turns hold %s, which a count may drop', (_, operation, block) => {
    const body = operation === 'invoke' ? native(TEXT) : converse([{ text: TEXT }]);
    const messages = [body.messages, { role: 'assistant', content: [block] }].flat();

    expect(countable(operation, { ...body, messages })).toBeUndefined();
  });

  it('where what is not counted fills the context window alone', () => {
    const stop_sequences = ['x'.repeat(300_000)];

    expect(countable('invoke', native(TEXT, { stop_sequences }))).toBeUndefined();
  });

  it('but is where a caller only writes of thinking', () => {
    expect(countable('invoke', native(`"type":"thinking" ${TEXT}`))).toBeDefined();
  });
});

describe('the bound by a count', () => {
  it('is the count, 2 percent, the overhead of the request, and what was not counted', () => {
    const body = native(TEXT);
    const { overheadTokens = 0 } = prepare('invoke', body);
    const others = JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 100 });

    const asked = counted('invoke', body);

    expect(asked.otherTokens).toBe(overheadTokens + others.length);
    expect(mostInputTokens(601, asked)).toBe(601 + 13 + asked.otherTokens);
  });

  it.each([
    ['an output format of Converse', converse([{ text: TEXT }]), 'outputConfig'],
    ['an output format of InvokeModel', native(TEXT), 'output_format'],
  ])('counts %s by its bytes, as no count is known to hold it', (_, body, member) => {
    const operation = member === 'outputConfig' ? 'converse' : 'invoke';
    const schema = { textFormat: { type: 'json_schema', text: 'y'.repeat(2_000) } };

    const more = counted(operation, { ...body, [member]: schema });

    expect(more.otherTokens - counted(operation, body).otherTokens).toBeGreaterThan(2_000);
  });

  it('counts other text at its longest form', () => {
    const plain = counted('invoke', native(TEXT, { stop_sequences: ['x'] }));
    const growing = counted('invoke', native(TEXT, { stop_sequences: ['\uFDFA'] }));

    expect(growing.otherTokens - plain.otherTokens).toBe(32);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 60])('takes no count of %s', (count) => {
    expect(() => mostInputTokens(count, counted('invoke', native(TEXT)))).toThrow(RangeError);
  });
});
