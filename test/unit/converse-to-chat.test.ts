/**
 * What Converse answers as OpenAI's chat completions write it, whole and streamed.
 */
import { describe, expect, it } from 'vitest';
import {
  chatAnswerOf,
  chatUsageOf,
  finishReasonOf,
} from '../../lambda/adapters/http/doors/converse-to-chat.ts';
import { createChunkWriter } from '../../lambda/adapters/http/doors/converse-to-chat-chunks.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';

const NAMES = { id: 'chatcmpl-1', model: 'm', created: 7 };

const answerOf = (content: JsonObject[], rest: JsonObject = {}): JsonObject => ({
  output: { message: { role: 'assistant', content } },
  stopReason: 'end_turn',
  ...rest,
});

describe('a whole answer', () => {
  it('has its text in one, its calls beside it, and no reasoning', () => {
    const reasoningContent = { reasoningText: { text: 'hm' } };
    const toolUse = { toolUseId: 't', name: 'look', input: { a: JSON.rawJSON('1.0') } as never };

    const chat = chatAnswerOf(
      answerOf([{ reasoningContent }, { text: 'a' }, { text: 'b' }, { toolUse }]),
      NAMES,
    );

    expect(chat).toEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 7,
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'ab',
            refusal: null,
            tool_calls: [
              { id: 't', type: 'function', function: { name: 'look', arguments: '{"a":1.0}' } },
            ],
          },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    });
  });

  it('without text has null in its place; without anything it is still one', () => {
    expect(chatAnswerOf(answerOf([]), NAMES)).toMatchObject({
      choices: [{ message: { content: null } }],
    });
    expect(chatAnswerOf({}, NAMES)).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  });
});

describe('usage', () => {
  const usage = (rest: JsonObject) => chatUsageOf({ inputTokens: 10, outputTokens: 2, ...rest });

  it('counts cached tokens in the prompt, whether or not Converse’s input does', () => {
    const cached = { cacheReadInputTokens: 5, cacheWriteInputTokens: 3 };

    expect(usage({ ...cached, totalTokens: 20 })).toEqual({
      prompt_tokens: 18,
      completion_tokens: 2,
      total_tokens: 20,
      prompt_tokens_details: { cached_tokens: 5 },
    });
    expect(usage({ ...cached, totalTokens: 12 })).toMatchObject({ prompt_tokens: 10 });
    expect(usage(cached)).toMatchObject({ prompt_tokens: 18, total_tokens: 20 });
  });

  it('that is missing is not made up', () => {
    expect(chatUsageOf(undefined)).toBeUndefined();
    expect(chatAnswerOf(answerOf([]), NAMES)).not.toHaveProperty('usage');
  });
});

describe('a stop reason', () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['malformed_model_output', 'stop'],
    ['constructor', 'stop'],
  ])('%s is %s', (stopReason, reason) => {
    expect(finishReasonOf(stopReason)).toBe(reason);
  });
});

describe('a stream', () => {
  type Event = readonly [type: string, payload: object];

  function written(events: readonly Event[], includesUsage = false) {
    const write = createChunkWriter(NAMES, includesUsage);
    return events
      .map(([eventType, payload]) =>
        write({ messageType: 'event', eventType, payload: Buffer.from(JSON.stringify(payload)) }),
      )
      .flatMap((bytes) => (bytes === undefined ? [] : Buffer.from(bytes).toString().split('\n\n')))
      .filter((line) => line !== '')
      .map((line) => line.replace(/^data: /, ''));
  }

  const choices = (events: readonly Event[]) =>
    written(events)
      .filter((data) => data !== '[DONE]')
      .map((data) => JSON.parse(data).choices[0]);

  const use = (contentBlockIndex: number, ...inputs: string[]): Event[] => [
    [
      'contentBlockStart',
      { contentBlockIndex, start: { toolUse: { toolUseId: `t${contentBlockIndex}`, name: 'f' } } },
    ],
    ...inputs.map(
      (input): Event => ['contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input } } }],
    ),
    ['contentBlockStop', { contentBlockIndex }],
  ];

  it('begins with the role and goes on with text; reasoning is left out', () => {
    expect(
      choices([
        ['messageStart', { role: 'assistant', p: 'abc' }],
        [
          'contentBlockDelta',
          { contentBlockIndex: 0, delta: { reasoningContent: { text: 'hm' } } },
        ],
        ['contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'hi' } }],
        ['contentBlockStop', { contentBlockIndex: 1 }],
        ['messageStop', { stopReason: 'max_tokens' }],
      ]),
    ).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null },
      { index: 0, delta: { content: 'hi' }, logprobs: null, finish_reason: null },
      { index: 0, delta: {}, logprobs: null, finish_reason: 'length' },
    ]);
  });

  it('counts its calls by themselves, whatever blocks stand between them', () => {
    const deltas = choices([...use(1, '{"a"', '', ':1}'), ...use(3, '{}')]).map(
      ({ delta }) => delta.tool_calls[0],
    );

    expect(deltas).toEqual([
      { index: 0, id: 't1', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{"a"' } },
      { index: 0, function: { arguments: ':1}' } },
      { index: 1, id: 't3', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 1, function: { arguments: '{}' } },
    ]);
  });

  it('gives a call without input an empty object, as clients parse it', () => {
    const deltas = choices(use(0)).map(({ delta }) => delta.tool_calls[0].function.arguments);

    expect(deltas.join('')).toBe('{}');
  });

  const metadata: Event = [
    'metadata',
    { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
  ];

  it('ends with [DONE], behind its usage where that is asked for', () => {
    expect(written([metadata])).toEqual(['[DONE]']);
    const [usage, done] = written([metadata], true);
    expect(JSON.parse(usage ?? '')).toMatchObject({ choices: [], usage: { total_tokens: 3 } });
    expect(done).toBe('[DONE]');
  });

  it('does not look whole where it ends before its last event', () => {
    expect(written([['messageStop', { stopReason: 'end_turn' }]])).not.toContain('[DONE]');
  });

  it('tells an exception of Bedrock’s as an error, and passes over events of unknown name', () => {
    const write = createChunkWriter(NAMES, false);
    const payload = Buffer.from('{"message":"slow down"}');

    const error = write({ messageType: 'exception', eventType: 'throttlingException', payload });

    expect(Buffer.from(error ?? []).toString()).toBe(
      'data: {"error":{"message":"slow down","type":"rate_limit_error",' +
        '"code":"throttlingException","param":null}}\n\n',
    );
    expect(write({ messageType: 'event', eventType: 'newEvent', payload })).toBeUndefined();
  });
});
