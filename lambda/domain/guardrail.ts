/**
 * What Bedrock's guardrails cost: one price a policy for each text unit of up to 1,000 characters.
 *
 * Source: the usage types `Guardrail-*PolicyUnitsConsumed` and `GuardrailChecks-*` of the Bedrock price list. The word
 *         filter is free. A policy that the guardrail does not have costs nothing.
 */
import { nanoUsd } from './money.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './request-body.ts';
import type { UnitCounts, UnitPrices } from './unit.ts';

/** Nano-dollars a text unit: 0.15 US dollars for a thousand is 150,000 for one. */
export const GUARDRAIL_PRICES: UnitPrices = {
  'guardrail-content': nanoUsd(150_000n),
  'guardrail-topic': nanoUsd(150_000n),
  'guardrail-sensitive-information': nanoUsd(100_000n),
  'guardrail-grounding': nanoUsd(100_000n),
  'guardrail-automated-reasoning': nanoUsd(170_000n),
};

/** Of InvokeGuardrailChecks: one price a check. */
export const GUARDRAIL_CHECK_PRICES: UnitPrices = {
  'content-filter-check': nanoUsd(70_000n),
  'prompt-attack-check': nanoUsd(80_000n),
  'sensitive-information-check': nanoUsd(100_000n),
};

/** Of input and of output alike; what is left over is a unit of its own. */
const CHARACTERS_PER_UNIT = 1_000;

/**
 * The longest text of one output token. The longest tokens of the vocabularies that are public
 * (cl100k, o200k, Llama 3) are runs of 128 blanks, so an answer has no more characters than this
 * many times its tokens; English has about 4.
 */
export const MAX_CHARACTERS_PER_TOKEN = 128;

/**
 * A whole answer is looked at block by block. A block ends where a tool call or a citation begins,
 * and none of them takes fewer tokens than this.
 */
const MIN_TOKENS_PER_BLOCK = 4;

/** Bedrock attaches at most two of these policies to a guardrail, and bills each. */
const MAX_AUTOMATED_REASONING_POLICIES = 2;

/** What a guardrail may look at in one request. */
export interface GuardedText {
  /** Bytes of the body that goes out. No text in it has more characters than bytes. */
  readonly inputBytes: number;
  /** How many texts the body holds, each of which may begin a unit of its own. */
  readonly inputTexts: number;
  readonly isStreamed: boolean;
}

/**
 * The most text units that a guardrail can count, whichever policies it has, for an answer of at
 * most this many tokens.
 *
 * Input: each text rounds up by itself, so all of them come to at most the whole thousands of the
 * body's bytes and one unit for each text. Output: as many characters as the tokens can hold, and
 * one unit more for each piece that is looked at by itself. A stream is cut into pieces of unknown
 * size, but none is smaller than a token. Grounding and automated reasoning read the input again
 * beside the answer.
 */
export function mostGuardrailUnits(text: GuardedText, outputTokens: number): UnitCounts {
  const input = mostTextUnits(text.inputBytes, text.inputTexts);
  const characters = outputTokens * MAX_CHARACTERS_PER_TOKEN;
  const pieces = text.isStreamed ? outputTokens : Math.ceil(outputTokens / MIN_TOKENS_PER_BLOCK);
  const output = Math.ceil(characters / CHARACTERS_PER_UNIT) + pieces + 1;
  const withInputAgain = input + input + output;
  return {
    'guardrail-content': input + output,
    'guardrail-topic': input + output,
    'guardrail-sensitive-information': input + output,
    'guardrail-grounding': withInputAgain,
    'guardrail-automated-reasoning': withInputAgain * MAX_AUTOMATED_REASONING_POLICIES,
  };
}

/** The most units of so many texts, each of which rounds up by itself. */
export const mostTextUnits = (bytes: number, texts: number): number =>
  Math.ceil(bytes / CHARACTERS_PER_UNIT) + texts;

/** Members whose text is a word of the protocol and never assessed. */
const PROTOCOL_MEMBERS: ReadonlySet<string> = new Set([
  'amazon-bedrock-guardrailConfig',
  'anthropic_version',
  'format',
  'guardrailConfig',
  'media_type',
  'role',
  'type',
]);

/** How many texts a body holds that a guardrail may look at. */
export function textsIn(value: JsonValue): number {
  if (typeof value === 'string') return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + textsIn(entry), 0);
  return isJsonObject(value) ? textsOfMembers(value) : 0;
}

function textsOfMembers(object: JsonObject): number {
  let count = 0;
  for (const name in object) {
    const value = object[name];
    if (value !== undefined && !PROTOCOL_MEMBERS.has(name)) count += textsIn(value);
  }
  return count;
}
