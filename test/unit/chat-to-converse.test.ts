/**
 * OpenAI's chat completions as Converse asks them: what is translated, and what is refused by name.
 */
import { describe, expect, it } from 'vitest';
import { converseBodyOf } from '../../lambda/adapters/http/doors/chat-to-converse.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { type JsonObject, parseBody, serializeBody } from '../../lambda/domain/request-body.ts';

const HELLO = [{ role: 'user', content: 'hello' }];

/** The Converse body of this request, as it goes out. */
const translated = (members: object): JsonObject =>
  parseBody(
    serializeBody(
      converseBodyOf(parseBody(Buffer.from(JSON.stringify({ model: 'm', ...members })))),
    ),
  );

const said = (...messages: object[]) => translated({ messages });

/** "ok", or the code and field of the refusal. */
function verdict(members: object): string {
  try {
    translated({ messages: HELLO, ...members });
    return 'ok';
  } catch (error) {
    if (error instanceof HardcapError) return `${error.code} ${error.details.field}`;
    throw error;
  }
}

const look = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } };
const call = (id: string, args = '{}') => ({
  id,
  type: 'function',
  function: { name: 'look', arguments: args },
});

describe('messages', () => {
  it('of the system and the developer stand apart, in their order', () => {
    expect(
      said(
        { role: 'system', content: 'a' },
        { role: 'user', content: 'hello' },
        { role: 'developer', content: [{ type: 'text', text: 'b' }] },
      ),
    ).toEqual({
      system: [{ text: 'a' }, { text: 'b' }],
      messages: [{ role: 'user', content: [{ text: 'hello' }] }],
    });
  });

  it('of one side that follow each other are one turn', () => {
    const { messages } = said(
      { role: 'user', content: 'a' },
      { role: 'user', content: [{ type: 'text', text: 'b' }] },
      { role: 'assistant', content: 'c' },
      { role: 'assistant', content: null, refusal: 'no' },
      { role: 'user', content: 'd' },
    );

    expect(messages).toEqual([
      { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
      { role: 'assistant', content: [{ text: 'c' }, { text: 'no' }] },
      { role: 'user', content: [{ text: 'd' }] },
    ]);
  });

  it('without text are left out, as Bedrock refuses empty ones', () => {
    const { messages } = said(
      { role: 'user', content: 'a' },
      { role: 'assistant', content: '' },
      { role: 'user', content: [{ type: 'text', text: '' }] },
    );

    expect(messages).toEqual([{ role: 'user', content: [{ text: 'a' }] }]);
  });

  it('with images have their bytes, in any of Converse’s formats', () => {
    for (const [type, format] of [
      ['png', 'png'],
      ['JPG', 'jpeg'],
      ['jpeg', 'jpeg'],
      ['gif', 'gif'],
      ['webp', 'webp'],
    ]) {
      const url = `data:image/${type};base64,AAAA`;
      const content = [{ type: 'image_url', image_url: { url, detail: 'high' } }];

      expect(said({ role: 'user', content }).messages).toEqual([
        { role: 'user', content: [{ image: { format, source: { bytes: 'AAAA' } } }] },
      ]);
    }
  });

  it('with calls of tools and their results are one turn each', () => {
    const { messages } = said(
      ...HELLO,
      { role: 'assistant', content: 'wait', tool_calls: [call('1', '{"a":1.0}'), call('2', '')] },
      { role: 'tool', tool_call_id: '1', content: 'x' },
      { role: 'tool', tool_call_id: '2', name: 'look', content: [{ type: 'text', text: 'y' }] },
      { role: 'user', content: 'so?' },
    );

    expect(JSON.stringify(messages)).toContain('"input":{"a":1.0}');
    expect(messages).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { text: 'wait' },
          { toolUse: { toolUseId: '1', name: 'look' } },
          { toolUse: { toolUseId: '2', name: 'look', input: {} } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: '1', content: [{ text: 'x' }] } },
          { toolResult: { toolUseId: '2', content: [{ text: 'y' }] } },
          { text: 'so?' },
        ],
      },
    ]);
  });

  it('as an SDK gives them back are taken', () => {
    const answer = { role: 'assistant', content: 'a', refusal: null, annotations: [], audio: null };

    expect(verdict({ messages: [...HELLO, answer, ...HELLO] })).toBe('ok');
  });

  it.each([
    ['none', [], 'invalid_request messages'],
    ['a text', 'hello', 'invalid_request messages'],
    ['an unknown role', [{ role: 'function', content: 'x' }], 'invalid_request messages.role'],
    ['a name', [{ role: 'user', name: 'n', content: 'x' }], 'invalid_request messages.name'],
    [
      'audio',
      [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }],
      'invalid_request messages.content.input_audio',
    ],
    [
      'an image elsewhere',
      [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] }],
      'unpriced_field messages.content.image_url',
    ],
    [
      'an image of another format',
      [
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'data:image/bmp;base64,A' } }],
        },
      ],
      'unpriced_field messages.content.image_url',
    ],
    [
      'a call without JSON',
      [{ role: 'assistant', tool_calls: [call('1', 'nonsense')] }],
      'invalid_request messages.tool_calls.function.arguments',
    ],
    [
      'a call whose arguments name one twice',
      [{ role: 'assistant', tool_calls: [call('1', '{"a":1,"a":2}')] }],
      'invalid_request messages.tool_calls.function.arguments',
    ],
    [
      'a result of no call',
      [{ role: 'tool', content: 'x' }],
      'invalid_request messages.tool_call_id',
    ],
    [
      'a spoken answer',
      [{ role: 'assistant', audio: { id: 'a' } }],
      'invalid_request messages.audio',
    ],
  ])('that hold %s are refused by name', (_what, messages, expected) => {
    expect(verdict({ messages })).toBe(expected);
  });
});

describe('settings', () => {
  it('of the answer have their places in Converse', () => {
    expect(
      translated({
        messages: HELLO,
        max_completion_tokens: 9,
        temperature: 0.5,
        top_p: 1,
        stop: 'END',
        reasoning_effort: 'low',
        service_tier: 'priority',
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', strict: true, schema: { type: 'object', b: 1, a: 2 } },
        },
      }),
    ).toEqual({
      messages: [{ role: 'user', content: [{ text: 'hello' }] }],
      inferenceConfig: { maxTokens: 9, temperature: 0.5, topP: 1, stopSequences: ['END'] },
      outputConfig: {
        effort: 'low',
        textFormat: {
          type: 'json_schema',
          structure: { jsonSchema: { name: 'n', schema: '{"type":"object","b":1,"a":2}' } },
        },
      },
      serviceTier: { type: 'priority' },
    });
  });

  it('that ask for nothing, or tell of the caller, are left out', () => {
    expect(
      translated({
        messages: HELLO,
        n: 1,
        store: false,
        logprobs: false,
        frequency_penalty: 0,
        presence_penalty: 0,
        modalities: ['text'],
        parallel_tool_calls: true,
        response_format: { type: 'text' },
        service_tier: 'auto',
        tools: [],
        stop: [],
        user: 'u',
        metadata: { a: 'b' },
        seed: null,
        stream: true,
        stream_options: { include_usage: true },
      }),
    ).toEqual({ messages: [{ role: 'user', content: [{ text: 'hello' }] }] });
  });

  it.each([
    ['n', { n: 2 }, 'n'],
    ['an unknown one', { whatever: 1 }, 'whatever'],
    ['a member that objects inherit', { constructor: 1 }, 'constructor'],
    ['seed', { seed: 1 }, 'seed'],
    ['store', { store: true }, 'store'],
    ['logprobs', { logprobs: true }, 'logprobs'],
    ['parallel_tool_calls', { parallel_tool_calls: false }, 'parallel_tool_calls'],
    ['speech', { modalities: ['text', 'audio'] }, 'modalities'],
    ['web search', { web_search_options: {} }, 'web_search_options'],
    ['JSON without a schema', { response_format: { type: 'json_object' } }, 'response_format.type'],
    ['an effort of another name', { reasoning_effort: 'minimal' }, 'reasoning_effort'],
    ['a tier of another name', { service_tier: 'scale' }, 'service_tier'],
    ['two limits that differ', { max_tokens: 1, max_completion_tokens: 2 }, 'max_tokens'],
    ['a limit of zero', { max_tokens: 0 }, 'max_tokens'],
    ['a temperature of text', { temperature: 'hot' }, 'temperature'],
    ['a stop that is none', { stop: [1] }, 'stop'],
  ])('(%s) without a counterpart are refused by name', (_what, members, field) => {
    expect(verdict(members)).toBe(`invalid_request ${field}`);
  });
});

describe('a part of no type that there is', () => {
  it.each(['1.0', '{"toString":1}', '{}', '[1.0]', 'null'])(
    '(%s) is refused by its place',
    (type) => {
      for (const role of ['system', 'user', 'assistant']) {
        const body = `{"messages":[{"role":"${role}","content":[{"type":${type},"text":"a"}]}]}`;

        expect(() => converseBodyOf(parseBody(Buffer.from(body)))).toThrow(
          'invalid_request: "messages.content.type"',
        );
      }
    },
  );
});

describe('headers of Bedrock’s own', () => {
  const withHeaders = (headers: Readonly<Record<string, string>>, members: object = {}) => {
    const body = parseBody(Buffer.from(JSON.stringify({ messages: HELLO, ...members })));
    const { messages: _messages, ...settings } = converseBodyOf(body, headers);
    return settings;
  };

  it('may hold metadata of the request, which Converse has in its body', () => {
    const name = 'x-amzn-bedrock-request-metadata';

    expect(withHeaders({ [name]: '{"session":"a"}' })).toEqual({
      requestMetadata: { session: 'a' },
    });
    expect(() => withHeaders({ [name]: '{"session":1}' })).toThrow(/^invalid_request: .*metadata/);
  });

  it('are members in Converse, so that a guardrail is never left out', () => {
    expect(
      withHeaders({
        'x-amzn-bedrock-guardrailidentifier': 'g',
        'x-amzn-bedrock-guardrailversion': '1',
        'x-amzn-bedrock-trace': 'ENABLED',
        'x-amzn-bedrock-performanceconfig-latency': 'optimized',
        'x-amzn-bedrock-service-tier': 'flex',
      }),
    ).toEqual({
      guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1', trace: 'enabled' },
      performanceConfig: { latency: 'optimized' },
      serviceTier: { type: 'flex' },
    });
  });

  it('give way to the body’s own tier, and a trace alone asks for nothing', () => {
    const headers = { 'x-amzn-bedrock-service-tier': 'flex', 'x-amzn-bedrock-trace': 'ENABLED' };

    expect(withHeaders(headers, { service_tier: 'priority' })).toEqual({
      serviceTier: { type: 'priority' },
    });
  });
});

describe('tools', () => {
  it('have name, description, schema and strictness', () => {
    const parameters = { type: 'object', properties: { a: { type: 'string' } } };
    const tools = [
      { type: 'function', function: { name: 'a', description: 'd', parameters, strict: true } },
      { type: 'function', function: { name: 'b', description: '', strict: false } },
    ];

    expect(translated({ messages: HELLO, tools }).toolConfig).toEqual({
      tools: [
        {
          toolSpec: {
            name: 'a',
            description: 'd',
            inputSchema: { json: parameters },
            strict: true,
          },
        },
        { toolSpec: { name: 'b', inputSchema: { json: { type: 'object', properties: {} } } } },
      ],
    });
  });

  it.each([
    ['auto', { auto: {} }],
    ['required', { any: {} }],
    [{ type: 'function', function: { name: 'look' } }, { tool: { name: 'look' } }],
  ])('are chosen by %j', (choice, toolChoice) => {
    const body = translated({ messages: HELLO, tools: [look], tool_choice: choice });

    expect(body.toolConfig).toMatchObject({ toolChoice });
  });

  it('are not offered by "none", unless they were called before', () => {
    const none = { tools: [look], tool_choice: 'none' };
    const called = [...HELLO, { role: 'assistant', tool_calls: [call('1')] }];

    expect(translated({ messages: HELLO, ...none })).not.toHaveProperty('toolConfig');
    expect(verdict({ messages: called, ...none })).toBe('invalid_request tool_choice');
  });

  it.each([
    ['of another type', { tools: [{ type: 'custom', custom: { name: 'c' } }] }, 'tools.type'],
    ['with a member more', { tools: [{ ...look, cache: 1 }] }, 'tools.cache'],
    [
      'whose function has a member more',
      { tools: [{ type: 'function', function: { name: 'a', x: 1 } }] },
      'tools.function.x',
    ],
    ['without a name', { tools: [{ type: 'function', function: {} }] }, 'tools.function.name'],
    ['chosen by another word', { tools: [look], tool_choice: 'any' }, 'tool_choice'],
    ['chosen by a list', { tools: [look], tool_choice: { type: 'allowed_tools' } }, 'tool_choice'],
  ])('%s are refused by name', (_what, members, field) => {
    expect(verdict(members)).toBe(`invalid_request ${field}`);
  });
});
