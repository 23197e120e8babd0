/**
 * The simulated model's answers: deterministic text, and the bodies and events that carry it.
 *
 * Not here: frames, timing and faults (simulated-stream.ts).
 */
import { type BilledTokens, NO_TOKENS } from './simulated-book.ts';
import type { Question } from './simulated-requests.ts';

/** One event of a stream: its member of the output union, and its payload without padding. */
export interface StreamEvent {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** A delta of text: what directives count, and what is delayed. */
  readonly isChunk: boolean;
}

/** What the model answers: the text, the tokens that are billed for it, and why it ended. */
export interface Answer {
  readonly text: string;
  readonly tokens: BilledTokens;
  readonly stopReason: 'end_turn' | 'max_tokens';
}

const WANTED_OUTPUT_TOKENS = 32;
const TOKENS_PER_CHUNK = 8;
const BYTES_PER_CHUNK = 65_536;
const LATENCY_MS = 40;
/** Each is one token of the simulated model. */
const WORDS = 'the cap holds and what is spent is known before it is sent to any model'.split(' ');

/** The answer to a question; the same for the same question and seed. */
export function answerTo(question: Question, seed: number): Answer {
  const { directives, maxTokens = Number.MAX_SAFE_INTEGER } = question;
  const wanted = directives.outputTokens ?? WANTED_OUTPUT_TOKENS;
  const outputTokens = Math.min(maxTokens, wanted);
  return {
    text: textOf(outputTokens, directives.textBytes, seed),
    stopReason: wanted > maxTokens ? 'max_tokens' : 'end_turn',
    tokens: {
      inputTokens: question.inputTokens,
      outputTokens,
      cacheReadTokens: directives.cacheReadTokens,
      cacheWrite5mTokens: directives.cacheWrite5mTokens,
      cacheWrite1hTokens: directives.cacheWrite1hTokens,
    },
  };
}

function textOf(outputTokens: number, textBytes: number | undefined, seed: number): string {
  if (textBytes !== undefined) {
    const sentence = `${WORDS.join(' ')} `;
    return sentence.repeat(Math.ceil(textBytes / sentence.length)).slice(0, textBytes);
  }
  const words = Array.from({ length: outputTokens }, (_, i) => WORDS[(seed + i) % WORDS.length]);
  return words.join(' ');
}

/** Text deltas, as many as the directive says; never fewer than one. */
function chunksOf(answer: Answer, chunks: number | undefined): string[] {
  const { text, tokens } = answer;
  const natural = Math.max(
    Math.ceil(tokens.outputTokens / TOKENS_PER_CHUNK),
    Math.ceil(text.length / BYTES_PER_CHUNK),
  );
  const count = Math.max(1, chunks ?? natural);
  const at = (index: number): number => Math.floor((index * text.length) / count);
  return Array.from({ length: count }, (_, i) => text.slice(at(i), at(i + 1)));
}

/** The body of InvokeModel or Converse. */
export function answerBody(question: Question, answer: Answer, modelId: string): object {
  const { text, stopReason, tokens } = answer;
  const shown = question.directives.hidesUsage ? undefined : tokens;
  if (question.shape === 'anthropic') {
    return {
      id: 'msg_bdrk_simulated',
      type: 'message',
      role: 'assistant',
      model: modelId,
      content: [{ type: 'text', text }],
      stop_reason: stopReason,
      stop_sequence: null,
      ...(shown && { usage: anthropicUsage(shown) }),
    };
  }
  return {
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason,
    ...(shown && {
      usage: question.shape === 'nova' ? novaUsage(shown) : converseUsage(shown),
    }),
    ...(question.shape === 'converse' && { metrics: { latencyMs: LATENCY_MS } }),
  };
}

/** Headers that tell the tokens of an InvokeModel answer. */
export function tokenCountHeaders(question: Question, answer: Answer): Record<string, string> {
  const { tokens } = answer;
  if (question.directives.hidesUsage || question.shape === 'converse') return {};
  const cacheWriteTokens = tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens;
  return {
    'x-amzn-bedrock-input-token-count': String(tokens.inputTokens),
    'x-amzn-bedrock-output-token-count': String(tokens.outputTokens),
    'x-amzn-bedrock-cache-read-input-token-count': String(tokens.cacheReadTokens),
    'x-amzn-bedrock-cache-write-input-token-count': String(cacheWriteTokens),
    'x-amzn-bedrock-invocation-latency': String(LATENCY_MS),
  };
}

/** The events of a stream, in Bedrock's order; the last one tells the tokens. */
export function answerEvents(question: Question, answer: Answer, modelId: string): StreamEvent[] {
  if (question.shape === 'converse') return converseEvents(question, answer);
  return question.shape === 'anthropic'
    ? anthropicEvents(question, answer, modelId)
    : converseEvents(question, answer).map(asNovaEvent);
}

function converseEvents(question: Question, answer: Answer): StreamEvent[] {
  const usage = question.shape === 'nova' ? novaUsage(answer.tokens) : converseUsage(answer.tokens);
  const event = (type: string, payload: StreamEvent['payload']): StreamEvent => ({
    type,
    payload,
    isChunk: type === 'contentBlockDelta',
  });
  return [
    event('messageStart', { role: 'assistant' }),
    ...chunksOf(answer, question.directives.chunks).map((text) =>
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { text } }),
    ),
    event('contentBlockStop', { contentBlockIndex: 0 }),
    event('messageStop', { stopReason: answer.stopReason }),
    event('metadata', {
      ...(!question.directives.hidesUsage && { usage }),
      metrics: { latencyMs: LATENCY_MS },
      ...(question.shape === 'nova' && invocationMetrics(question, answer)),
    }),
  ];
}

/** Nova's native stream: Converse's events, each as the one member of a chunk's JSON. */
function asNovaEvent({ type, payload, isChunk }: StreamEvent): StreamEvent {
  const { [METRICS]: metrics, ...rest } = payload;
  const native = { [type]: rest, ...(metrics !== undefined && { [METRICS]: metrics }) };
  return { ...chunkEvent(native), isChunk };
}

function anthropicEvents(question: Question, answer: Answer, modelId: string): StreamEvent[] {
  const { hidesUsage, chunks } = question.directives;
  const { tokens, stopReason } = answer;
  const startUsage = anthropicUsage({ ...tokens, outputTokens: Math.min(1, tokens.outputTokens) });
  const message = {
    id: 'msg_bdrk_simulated',
    type: 'message',
    role: 'assistant',
    model: modelId,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...(!hidesUsage && { usage: startUsage }),
  };
  const block = { type: 'text', text: '' };
  return [
    chunkEvent({ type: 'message_start', message }),
    chunkEvent({ type: 'content_block_start', index: 0, content_block: block }),
    ...chunksOf(answer, chunks).map((text) => ({
      ...chunkEvent({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text },
      }),
      isChunk: true,
    })),
    chunkEvent({ type: 'content_block_stop', index: 0 }),
    chunkEvent({
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null },
      ...(!hidesUsage && { usage: { output_tokens: tokens.outputTokens } }),
    }),
    chunkEvent({ type: 'message_stop', ...invocationMetrics(question, answer) }),
  ];
}

/** A vendor's JSON as InvokeModelWithResponseStream carries it. */
const chunkEvent = (json: object): StreamEvent => ({
  type: 'chunk',
  payload: { bytes: Buffer.from(JSON.stringify(json)).toString('base64') },
  isChunk: false,
});

const METRICS = 'amazon-bedrock-invocationMetrics';

function invocationMetrics(question: Question, { tokens }: Answer): Record<string, unknown> {
  if (question.directives.hidesUsage) return {};
  return {
    [METRICS]: {
      inputTokenCount: tokens.inputTokens,
      outputTokenCount: tokens.outputTokens,
      invocationLatency: LATENCY_MS,
      firstByteLatency: LATENCY_MS,
      cacheReadInputTokenCount: tokens.cacheReadTokens,
      cacheWriteInputTokenCount: tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens,
    },
  };
}

const anthropicUsage = (tokens: BilledTokens): object => ({
  input_tokens: tokens.inputTokens,
  cache_creation_input_tokens: tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens,
  cache_read_input_tokens: tokens.cacheReadTokens,
  cache_creation: {
    ephemeral_5m_input_tokens: tokens.cacheWrite5mTokens,
    ephemeral_1h_input_tokens: tokens.cacheWrite1hTokens,
  },
  output_tokens: tokens.outputTokens,
});

const novaUsage = (tokens: BilledTokens): object => ({
  inputTokens: tokens.inputTokens,
  outputTokens: tokens.outputTokens,
  totalTokens: totalOf(tokens),
  cacheReadInputTokenCount: tokens.cacheReadTokens,
  cacheWriteInputTokenCount: tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens,
});

/** Cache writes by their time to live, 1 h first, as the API reference has them. */
function converseUsage(tokens: BilledTokens): object {
  const { cacheWrite5mTokens, cacheWrite1hTokens } = tokens;
  const details = [
    { ttl: '1h', inputTokens: cacheWrite1hTokens },
    { ttl: '5m', inputTokens: cacheWrite5mTokens },
  ].filter(({ inputTokens }) => inputTokens > 0);
  return {
    inputTokens: tokens.inputTokens,
    outputTokens: tokens.outputTokens,
    totalTokens: totalOf(tokens),
    cacheReadInputTokens: tokens.cacheReadTokens,
    cacheWriteInputTokens: cacheWrite5mTokens + cacheWrite1hTokens,
    cacheDetails: details,
  };
}

const totalOf = (tokens: BilledTokens): number =>
  Object.keys(NO_TOKENS).reduce((sum, line) => sum + tokens[line as keyof BilledTokens], 0);
