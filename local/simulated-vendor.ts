/**
 * What the simulated Bedrock must know of a vendor's own body: what it asks, and how it is answered.
 *
 * Not here: which model has which shape (simulated-models.ts), text and tokens
 *           (simulated-answers.ts).
 */
import type { UnitCounts } from '../lambda/domain/unit.ts';
import type { BilledTokens } from './simulated-book.ts';
import { invalid } from './simulated-errors.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A body as far as an answer needs it. */
export interface Asked {
  /** The text whose directives count. */
  readonly directiveText: string;
  readonly promptTokens: number;
  readonly maxTokens?: number;
  /** How many answers are asked for; absent: one. */
  readonly choices?: number;
  /** What is billed by other units than tokens. */
  readonly units?: UnitCounts;
  /** A guardrail that looks at what goes in and out. */
  readonly guardrail?: AskedGuardrail;
  /** The service tier that was asked for, which is the one that serves. */
  readonly tier?: string;
  /** Things that are answered one by one: texts to embed, documents to rank. */
  readonly items?: number;
}

/** The simulated guardrail has one policy, content. */
export interface AskedGuardrail {
  readonly id: string;
  readonly hasTrace: boolean;
  readonly inputCharacters: number;
}

/** What the guardrail counted, in text units. */
export interface ToldGuardrail extends AskedGuardrail {
  readonly inputUnits: number;
  readonly outputUnits: number;
}

/** An answer before it has a vendor's form. */
export interface Told {
  readonly modelId: string;
  readonly text: string;
  /** The text in the deltas of a stream. */
  readonly deltas: readonly string[];
  readonly stopReason: 'end_turn' | 'max_tokens' | 'guardrail_intervened' | 'tool_use';
  readonly calls: readonly ToldCall[];
  readonly tokens: BilledTokens;
  readonly hidesUsage: boolean;
  readonly choices: number;
  readonly items: number;
  readonly units: UnitCounts;
  readonly guardrail?: ToldGuardrail;
  readonly tier?: string;
}

/** One call of a tool. */
export interface ToldCall {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
}

/** One vendor JSON of a stream; `isDelta` marks a delta of text. */
export interface VendorChunk {
  readonly json: Json;
  readonly isDelta: boolean;
}

export interface VendorShape {
  /** @throws BedrockError as Bedrock does for a malformed body */
  read(body: Json): Asked;
  answer(told: Told): Json;
  /** Whether this shape can tell calls of tools here. */
  readonly callsTools?: boolean;
  /** Absent: the model has no streaming. */
  chunks?(told: Told): readonly VendorChunk[];
}

const BYTES_PER_TOKEN = 4;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The member as an object; an empty one where it is anything else. */
export const objectIn = (body: Json, name: string): Json => {
  const value = body[name];
  return isObject(value) ? value : {};
};

/** A quarter of the text's bytes, rounded up, and at least one. */
export const tokensOfBytes = (bytes: number): number =>
  Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN));

/** @throws BedrockError naming the member that is missing */
export function requireMember(body: Json, name: string): unknown {
  const value = body[name];
  if (value === undefined) {
    throw invalid(`Malformed input request: #: required key [${name}] not found`);
  }
  return value;
}

/** @throws BedrockError where the member is no text */
export function textMember(body: Json, name: string): string {
  const value = requireMember(body, name);
  if (typeof value !== 'string') throw invalid(`Malformed input request: #/${name}: not a string`);
  return value;
}

/**
 * A positive whole number, or nothing where it is absent.
 *
 * @throws BedrockError for anything else
 */
export function countMember(body: Json, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw invalid(`${name}: ${JSON.stringify(value)} is not a positive integer`);
  }
  return value;
}

/** The member under its name, or nothing where there is no value. */
export const optional = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [key in Name]?: Value } =>
  (value === undefined ? {} : { [name]: value }) as { [key in Name]?: Value };

/** The texts of a message's content: a string, or blocks with `text`. */
export function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content.flatMap((block) =>
    isObject(block) && typeof block.text === 'string' ? [block.text] : [],
  );
}

/** @throws BedrockError unless the body has messages, the first of them a user's or a system's */
export function messagesOf(body: Json, firstRoles: readonly string[] = ['user']): readonly Json[] {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isObject)) {
    throw invalid('messages: at least one message is required');
  }
  if (!firstRoles.includes(String(messages[0]?.role))) {
    throw invalid('messages: first message must use the user role');
  }
  return messages;
}

/** The text of the last user message: what directives are read from. */
export function lastUserText(messages: readonly Json[]): string {
  const { content } = messages.findLast(({ role }) => role === 'user') ?? {};
  return textsOf(content).join('\n');
}

const TOKENS_PER_IMAGE = 1_600;

/** Text by its bytes, images by a fixed size, all other blocks by the bytes of their JSON. */
export function promptTokens(...contents: readonly unknown[]): number {
  let bytes = 0;
  let images = 0;
  const add = (content: unknown): void => {
    if (typeof content === 'string') bytes += Buffer.byteLength(content);
    else if (Array.isArray(content)) content.forEach(add);
    else if (!isObject(content)) return;
    else if (typeof content.text === 'string') bytes += Buffer.byteLength(content.text);
    else if (isImage(content)) images += 1;
    else bytes += Buffer.byteLength(JSON.stringify(content));
  };
  contents.forEach(add);
  return tokensOfBytes(bytes) + images * TOKENS_PER_IMAGE;
}

const isImage = (content: Json): boolean =>
  content.type === 'image' || content.type === 'image_url' || content.image !== undefined;

const LATENCY_MS = 40;

/** Bedrock's own counts in the last chunk of a stream; nothing where usage is hidden. */
export function invocationMetrics({ tokens, hidesUsage }: Told): Json {
  if (hidesUsage) return {};
  return {
    'amazon-bedrock-invocationMetrics': {
      inputTokenCount: tokens.inputTokens,
      outputTokenCount: tokens.outputTokens,
      invocationLatency: LATENCY_MS,
      firstByteLatency: LATENCY_MS,
      cacheReadInputTokenCount: tokens.cacheReadTokens,
      cacheWriteInputTokenCount: tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens,
    },
  };
}

/** Deltas as one vendor writes them, and the chunk that ends the stream. */
export const deltasThenEnd = (
  told: Told,
  delta: (text: string, index: number) => Json,
  end: Json,
): readonly VendorChunk[] => [
  ...told.deltas.map((text, index) => ({ json: delta(text, index), isDelta: true })),
  { json: { ...end, ...invocationMetrics(told) }, isDelta: false },
];
