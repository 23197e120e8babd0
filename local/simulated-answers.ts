/**
 * The simulated model's answers: deterministic text, and what is billed for it.
 *
 * Not here: a vendor's form (simulated-vendor.ts), frames, timing and faults (simulated-stream.ts).
 */
import type { UnitCounts } from '../lambda/domain/unit.ts';
import { chatChunks } from './simulated-chat-models.ts';
import { converseAnswer, converseEvents } from './simulated-converse.ts';
import { invalid } from './simulated-errors.ts';
import type { Question } from './simulated-requests.ts';
import {
  type AskedGuardrail,
  type Json,
  optional,
  type Told,
  type ToldCall,
  type ToldGuardrail,
} from './simulated-vendor.ts';

/** One event of a stream: its member of the output union, and its payload without padding. */
export interface StreamEvent {
  readonly type: string;
  readonly payload: Json;
  /** A delta of text: what directives count, and what is delayed. */
  readonly isChunk: boolean;
}

const WANTED_OUTPUT_TOKENS = 32;
const TOKENS_PER_CHUNK = 8;
const BYTES_PER_CHUNK = 65_536;
const LATENCY_MS = 40;
/** Each is one token of the simulated model. */
const WORDS = 'the cap holds and what is spent is known before it is sent to any model'.split(' ');

/** The answer to a question; the same for the same question and seed. */
export function answerTo(question: Question, seed: number): Told {
  const { directives, maxTokens = Number.MAX_SAFE_INTEGER, choices = 1 } = question;
  const wanted = directives.outputTokens ?? WANTED_OUTPUT_TOKENS;
  const textTokens = Math.min(maxTokens, wanted);
  const text = textOf(textTokens, directives.textBytes, seed);
  const guardrail = question.guardrail && assessed(question.guardrail, text);
  return {
    modelId: question.modelId,
    text,
    deltas: deltasOf(text, textTokens, directives.chunks),
    stopReason: stopReasonOf(question, wanted > maxTokens),
    calls: callsOf(question),
    hidesUsage: directives.hidesUsage,
    choices,
    items: question.items ?? 1,
    units: { ...question.units, ...guardrailUnits(guardrail) },
    ...optional('guardrail', guardrail),
    ...optional('tier', question.tier),
    tokens: {
      inputTokens: question.inputTokens,
      outputTokens: textTokens * choices,
      cacheReadTokens: directives.cacheReadTokens,
      cacheWrite5mTokens: directives.cacheWrite5mTokens,
      cacheWrite1hTokens: directives.cacheWrite1hTokens,
    },
  };
}

function stopReasonOf(question: Question, isCut: boolean): Told['stopReason'] {
  const { directives } = question;
  if (directives.isBlocked) return 'guardrail_intervened';
  if (isCut) return 'max_tokens';
  return callsOf(question).length > 0 ? 'tool_use' : 'end_turn';
}

function callsOf({ vendor, directives: { tool } }: Question): readonly ToldCall[] {
  const canCall = vendor === undefined || vendor.callsTools === true;
  if (tool === undefined || !canCall) return [];
  return Array.from({ length: tool.calls }, (_, index) => ({
    id: `call-simulated-${index}`,
    name: tool.name,
    // A number that JavaScript alone would write otherwise.
    input: { call: index, of: JSON.rawJSON('1.0') },
  }));
}

const CHARACTERS_PER_TEXT_UNIT = 1_000;

const assessed = (asked: AskedGuardrail, text: string): ToldGuardrail => ({
  ...asked,
  inputUnits: Math.ceil(asked.inputCharacters / CHARACTERS_PER_TEXT_UNIT),
  outputUnits: Math.ceil(text.length / CHARACTERS_PER_TEXT_UNIT),
});

const guardrailUnits = (guardrail: ToldGuardrail | undefined): UnitCounts =>
  guardrail === undefined
    ? {}
    : { 'guardrail-content': guardrail.inputUnits + guardrail.outputUnits };

function textOf(outputTokens: number, textBytes: number | undefined, seed: number): string {
  if (textBytes !== undefined) {
    const sentence = `${WORDS.join(' ')} `;
    return sentence.repeat(Math.ceil(textBytes / sentence.length)).slice(0, textBytes);
  }
  const words = Array.from({ length: outputTokens }, (_, i) => WORDS[(seed + i) % WORDS.length]);
  return words.join(' ');
}

/** Text deltas, as many as the directive says; never fewer than one. */
function deltasOf(text: string, textTokens: number, chunks: number | undefined): string[] {
  const natural = Math.max(
    Math.ceil(textTokens / TOKENS_PER_CHUNK),
    Math.ceil(text.length / BYTES_PER_CHUNK),
  );
  const count = Math.max(1, chunks ?? natural);
  const at = (index: number): number => Math.floor((index * text.length) / count);
  return Array.from({ length: count }, (_, i) => text.slice(at(i), at(i + 1)));
}

/** The body of InvokeModel or Converse. */
export const answerBody = ({ vendor }: Question, told: Told): Json =>
  vendor === undefined ? converseAnswer(told) : vendor.answer(told);

/** Headers that tell the tokens of an InvokeModel answer. */
export function tokenCountHeaders({ vendor }: Question, told: Told): Record<string, string> {
  const { tokens, hidesUsage } = told;
  if (hidesUsage || vendor === undefined) return {};
  const cacheWriteTokens = tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens;
  return {
    'x-amzn-bedrock-input-token-count': String(tokens.inputTokens),
    'x-amzn-bedrock-output-token-count': String(tokens.outputTokens),
    'x-amzn-bedrock-cache-read-input-token-count': String(tokens.cacheReadTokens),
    'x-amzn-bedrock-cache-write-input-token-count': String(cacheWriteTokens),
    'x-amzn-bedrock-invocation-latency': String(LATENCY_MS),
  };
}

/** Refuses a stream of a model that has none. @throws BedrockError */
export function requireStream({ vendor }: Question): void {
  if (vendor === undefined || vendor.chunks !== undefined) return;
  throw invalid('The model is unsupported for streaming.');
}

/** The events of a stream of chat completions: each is the data of a server-sent event. */
export const chatEvents = (told: Told, includesUsage: boolean): readonly StreamEvent[] =>
  chatChunks(told, includesUsage).map(({ json, isDelta }) => ({
    type: 'data',
    payload: json,
    isChunk: isDelta,
  }));

/** The events of a stream, in Bedrock's order; the last one tells the tokens. */
export function answerEvents({ vendor }: Question, told: Told): readonly StreamEvent[] {
  if (vendor === undefined) {
    return converseEvents(told).map(({ type, payload, isDelta }) => ({
      type,
      payload,
      isChunk: isDelta,
    }));
  }
  return (vendor.chunks?.(told) ?? []).map(({ json, isDelta }) => ({
    type: 'chunk',
    payload: { bytes: Buffer.from(JSON.stringify(json)).toString('base64') },
    isChunk: isDelta,
  }));
}
