/**
 * Any conversation in OpenAI's shape: what Converse is asked holds all of it, and is priced as any
 * request; any answer of Converse's reads the same streamed as whole.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { converseBodyOf } from '../../lambda/adapters/http/doors/chat-to-converse.ts';
import { chatAnswerOf } from '../../lambda/adapters/http/doors/converse-to-chat.ts';
import { createChunkWriter } from '../../lambda/adapters/http/doors/converse-to-chat-chunks.ts';
import { isJsonObject, type JsonObject, parseBody } from '../../lambda/domain/request-body.ts';
import { prepared } from '../helpers/text-families.ts';

const text = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
const id = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const input = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.oneof(fc.integer(), text, fc.boolean(), fc.constant(null)),
);

const parts = fc.array(
  text.map((each) => ({ type: 'text', text: each })),
  { minLength: 1, maxLength: 3 },
);
const content = fc.oneof(text, parts);
const image = fc.base64String({ minLength: 4, maxLength: 40 }).map((data) => ({
  type: 'image_url',
  image_url: { url: `data:image/png;base64,${data}` },
}));

const message = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'developer', 'user', 'assistant'), content }),
  fc.array(image, { minLength: 1, maxLength: 2 }).map((images) => ({
    role: 'user',
    content: images,
  })),
  fc
    .record({ calls: fc.array(fc.record({ id, name: id, input }), { minLength: 1, maxLength: 3 }) })
    .map(({ calls }) => ({
      role: 'assistant',
      content: null,
      tool_calls: calls.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: JSON.stringify(call.input) },
      })),
    })),
  fc.record({ role: fc.constant('tool'), tool_call_id: id, content }),
);

const conversation = fc.array(message, { minLength: 1, maxLength: 8 });

/** Every text, image, call and result, in their order. */
function saidIn(messages: readonly object[]): string[] {
  const isOfSystem = (each: object) =>
    'role' in each && (each.role === 'system' || each.role === 'developer');
  const ordered = [
    ...messages.filter(isOfSystem),
    ...messages.filter((each) => !isOfSystem(each)),
  ] as JsonObject[];
  return ordered.flatMap(({ role, content: said, tool_calls: calls, tool_call_id: callId }) => {
    const pieces = typeof said === 'string' ? [{ text: said }] : ((said ?? []) as JsonObject[]);
    const texts = pieces.map((piece) =>
      isJsonObject(piece.image_url)
        ? `image ${String(piece.image_url.url).split(',')[1]}`
        : `text ${piece.text}`,
    );
    const called = ((calls ?? []) as JsonObject[]).map((each) => {
      const { name, arguments: given } = each.function as JsonObject;
      return `call ${each.id} ${name} ${given}`;
    });
    return [...(role === 'tool' ? [`result ${callId}`] : []), ...texts, ...called];
  });
}

/** The same of a Converse body. */
function askedIn(body: JsonObject): string[] {
  const ofBlock = (block: JsonObject): string[] => {
    if (isJsonObject(block.toolResult)) {
      const { toolUseId, content: results } = block.toolResult;
      return [`result ${toolUseId}`, ...(results as JsonObject[]).flatMap(ofBlock)];
    }
    if (isJsonObject(block.toolUse)) {
      const { toolUseId, name, input: given } = block.toolUse;
      return [`call ${toolUseId} ${name} ${JSON.stringify(given)}`];
    }
    if (isJsonObject(block.image)) return [`image ${(block.image.source as JsonObject).bytes}`];
    return [`text ${block.text}`];
  };
  const turns = body.messages as JsonObject[];
  const blocks = [
    ...((body.system ?? []) as JsonObject[]),
    ...turns.flatMap((turn) => turn.content as JsonObject[]),
  ];
  return blocks.flatMap(ofBlock);
}

describe('any conversation', () => {
  it('is asked of Converse whole, in its order, by turns that alternate', () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const body = converseBodyOf({ model: 'm', messages: messages as never });

        expect(askedIn(body)).toEqual(saidIn(messages));
        const roles = (body.messages as JsonObject[]).map(({ role }) => role);
        expect(roles.every((role, index) => index === 0 || role !== roles[index - 1])).toBe(true);
      }),
    );
  });

  it('is priced as any Converse request: by its bytes, images by their own bound', () => {
    fc.assert(
      fc.property(conversation, fc.integer({ min: 1, max: 5_000 }), (messages, limit) => {
        const asked = { model: 'm', messages: messages as never, max_tokens: limit };

        const ready = prepared('anthropic', converseBodyOf(asked), { operation: 'converse' });

        expect(ready.outputTokens).toBe(limit);
        const texts = saidIn(messages).filter((piece) => !piece.startsWith('image '));
        const textBytes = Buffer.byteLength(texts.join(''));
        expect(ready.inputTokens).toBeGreaterThanOrEqual(textBytes - 13 * texts.length);
      }),
    );
  });

  it('never makes the translation throw anything but a refusal', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...MEMBERS), fc.jsonValue({ maxDepth: 4 })),
        (some) => {
          try {
            converseBodyOf(parseBody(Buffer.from(JSON.stringify(some))));
          } catch (error) {
            expect(error).toMatchObject({ name: 'HardcapError' });
          }
        },
      ),
    );
  });
});

const MEMBERS = [
  'messages',
  'tools',
  'tool_choice',
  'stop',
  'response_format',
  'max_tokens',
  'n',
  'temperature',
  'service_tier',
  'modalities',
];

type Block =
  | { readonly text: string }
  | { readonly toolUse: { toolUseId: string; name: string; input: object } };

const block: fc.Arbitrary<Block> = fc.oneof(
  text.map((each) => ({ text: each })),
  fc.record({ toolUseId: id, name: id, input }).map((toolUse) => ({ toolUse })),
);

/** The events in which Converse streams these blocks, texts and inputs cut in pieces. */
function eventsOf(blocks: readonly Block[], pieceLength: number) {
  const pieces = (whole: string): string[] => {
    const characters = [...whole];
    const count = Math.ceil(characters.length / pieceLength);
    return Array.from({ length: count }, (_, i) =>
      characters.slice(i * pieceLength, (i + 1) * pieceLength).join(''),
    );
  };
  const usage = { inputTokens: 3, outputTokens: 4, totalTokens: 7 };
  return [
    ['messageStart', { role: 'assistant' }],
    ...blocks.flatMap((each, contentBlockIndex) => {
      if ('text' in each) {
        return pieces(each.text).map((part) => [
          'contentBlockDelta',
          { contentBlockIndex, delta: { text: part } },
        ]);
      }
      const { input: given, ...start } = each.toolUse;
      return [
        ['contentBlockStart', { contentBlockIndex, start: { toolUse: start } }],
        ...pieces(JSON.stringify(given)).map((part) => [
          'contentBlockDelta',
          { contentBlockIndex, delta: { toolUse: { input: part } } },
        ]),
        ['contentBlockStop', { contentBlockIndex }],
      ];
    }),
    ['messageStop', { stopReason: 'tool_use' }],
    ['metadata', { usage }],
  ] as [string, object][];
}

describe('any answer', () => {
  it('reads the same streamed as whole', () => {
    const NAMES = { id: 'i', model: 'm', created: 1 };
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        (blocks, n) => {
          const usage = { inputTokens: 3, outputTokens: 4, totalTokens: 7 };
          const whole = chatAnswerOf(
            { output: { message: { content: blocks as never } }, stopReason: 'tool_use', usage },
            NAMES,
          ) as never as Whole;
          const write = createChunkWriter(NAMES, true);

          const data = eventsOf(blocks, n).flatMap(([eventType, payload]) => {
            const bytes = Buffer.from(JSON.stringify(payload));
            const event = write({ messageType: 'event', eventType, payload: bytes });
            return Buffer.from(event ?? [])
              .toString()
              .split('\n\n')
              .filter((line) => line !== '');
          });

          expect(data.at(-1)).toBe('data: [DONE]');
          expect(put(data.slice(0, -1).map((line) => JSON.parse(line.slice(6))))).toEqual({
            content: whole.choices[0].message.content ?? '',
            calls: whole.choices[0].message.tool_calls ?? [],
            reason: whole.choices[0].finish_reason,
            usage: whole.usage,
          });
        },
      ),
    );
  });
});

interface Call {
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

interface Whole {
  readonly choices: readonly [
    { readonly message: { content: string | null; tool_calls?: Call[] }; finish_reason: string },
  ];
  readonly usage: object;
}

interface Chunk {
  readonly choices: readonly {
    readonly delta: {
      readonly content?: string;
      readonly tool_calls?: readonly (Partial<Call> & { readonly index: number })[];
    };
    readonly finish_reason: string | null;
  }[];
  readonly usage: object | null;
}

/** The chunks put together, as an SDK does. */
function put(chunks: readonly Chunk[]) {
  const calls: Call[] = [];
  let content = '';
  let reason: string | null = null;
  let usage: object | null = null;
  for (const chunk of chunks) {
    usage = chunk.usage ?? usage;
    const [choice] = chunk.choices;
    content += choice?.delta.content ?? '';
    reason = choice?.finish_reason ?? reason;
    for (const part of choice?.delta.tool_calls ?? []) {
      const known = calls[part.index];
      const more = part.function?.arguments ?? '';
      calls[part.index] =
        known === undefined
          ? ({ id: part.id, type: part.type, function: { ...part.function } } as Call)
          : {
              ...known,
              function: { ...known.function, arguments: known.function.arguments + more },
            };
    }
  }
  return { content, calls, reason, usage };
}
