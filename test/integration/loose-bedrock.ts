/**
 * A server in Bedrock's place that repeats canaries wherever an answer can hold a text: it answers,
 * errs, breaks off and babbles as the prompt's word `mode=...` asks.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { eventFrame, exceptionFrame } from '../../local/simulated-stream.ts';
import type { Canaries } from '../helpers/canaries.ts';

const USAGE = { inputTokens: 20, outputTokens: 5, totalTokens: 25 };

const frame = (type: string, payload: Record<string, unknown>): Uint8Array =>
  eventFrame({ type, payload, isChunk: true }, 4);

const invokeChunk = (text: string): Uint8Array =>
  frame('chunk', { bytes: Buffer.from(text).toString('base64') });

/** Tokens in the shape of the door's model: two shapes at once would be no usage. */
function usageAt(url: string): Record<string, number> {
  if (url.includes('converse')) return USAGE;
  if (url.includes('openai')) return { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 };
  return { input_tokens: 20, output_tokens: 5 };
}

/** Whole answers, but for their usage in every family's shape at once. */
const wholeAnswer = (canaries: Canaries, mode: string, url: string): string => {
  const text = canaries.put(`answer, ${mode}`);
  const input = { query: canaries.put(`tool input, ${mode}`) };
  return JSON.stringify({
    output: {
      message: {
        role: 'assistant',
        content: [{ text }, { toolUse: { toolUseId: 't', name: 'find', input } }],
      },
    },
    stopReason: 'end_turn',
    usage: usageAt(url),
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text }],
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }],
    inputTokens: 20,
  });
};

const streamFrames = (canaries: Canaries, mode: string, isConverse: boolean): Uint8Array[] => {
  const delta = (what: string) => canaries.put(`stream ${what}, ${mode}`);
  if (isConverse) {
    return [
      frame('messageStart', { role: 'assistant' }),
      frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: delta('delta') } }),
      frame('contentBlockDelta', {
        contentBlockIndex: 1,
        delta: { toolUse: { input: delta('tool input') } },
      }),
      frame('messageStop', { stopReason: 'end_turn' }),
      frame('metadata', { usage: USAGE }),
    ];
  }
  return [
    invokeChunk(JSON.stringify({ type: 'content_block_delta', delta: { text: delta('chunk') } })),
    invokeChunk(`{"type":"content_block_delta","delta":${delta('chunk that is no JSON')}`),
    invokeChunk(JSON.stringify({ type: 'message_delta', usage: { output_tokens: 5 } })),
  ];
};

const fail = (response: ServerResponse, status: number, type: string, message: string): void => {
  response.writeHead(status, { 'x-amzn-errortype': type, 'content-type': 'application/json' });
  response.end(JSON.stringify({ message }));
};

/** Answers one request, whose body was read. */
export function answerLoosely(
  canaries: Canaries,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): void {
  const mode = /mode=([a-z-]+)/.exec(body)?.[1] ?? 'plain';
  const text = (what: string) => canaries.put(`${what} of Bedrock, ${mode}`);
  const { url = '' } = request;
  const isStream = url.includes('stream');
  response.setHeader('x-amzn-requestid', text('header'));
  response.setHeader('x-something', text('header'));
  switch (mode) {
    case 'invalid':
      fail(response, 400, 'ValidationException', text('message'));
      return;
    case 'broken':
      fail(response, 500, text('type'), text('message'));
      return;
    case 'no-json':
      response.end(`{"output":{"message":{"content":[{"text":"${text('half a body')}`);
      return;
    case 'reset':
      response.write(text('half a body'), () => response.destroy());
      return;
    case 'gone':
      response.destroy();
      return;
  }
  if (!isStream) {
    response.setHeader('content-type', 'application/json');
    response.end(wholeAnswer(canaries, mode, url));
    return;
  }
  response.setHeader('content-type', 'application/vnd.amazon.eventstream');
  const frames = streamFrames(canaries, mode, url.includes('converse'));
  switch (mode) {
    case 'exception':
      response.write(frames[0]);
      response.end(exceptionFrame('modelStreamErrorException', text('exception')));
      return;
    case 'babble':
      response.end(Buffer.from(text('bytes that are no frames').repeat(20)));
      return;
    case 'break':
      response.write(Buffer.concat(frames.slice(0, 2)), () => response.destroy());
      return;
    case 'hang':
      response.write(Buffer.concat(frames.slice(0, 2)));
      return;
  }
  response.end(Buffer.concat(frames));
}
