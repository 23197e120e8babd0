/**
 * Bodies that are nearly right: valid ones of every family, changed by their grammar or by bytes.
 *
 * Invariant: body `n` of a seed is the same in every run, whatever was made before it.
 */
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { findModel, type Model } from '../../lambda/domain/catalogue.ts';
import type { RequestToPrepare } from '../../lambda/domain/estimate.ts';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';
import { createRandom, type Random } from '../simulation/seeded-random.ts';
import { CONVERSE_BODIES, NATIVE_BODIES } from './family-bodies.ts';

/** One valid body and the request round it. */
export interface Seedling {
  readonly request: Omit<RequestToPrepare, 'body'>;
  readonly body: JsonObject;
}

const OPERATIONS = [
  'invoke',
  'invoke-with-response-stream',
  'converse',
  'converse-stream',
] as const;

/** One model of each family that has rules, the first of the catalogue. */
function modelsByFamily(): readonly Model[] {
  const models = new Map<string, Model>();
  for (const { family, baseModelId, offers } of CATALOGUE_ROWS) {
    if (family === undefined || FAMILIES[family] === undefined || models.has(family)) continue;
    const prefix = offers[0]?.soldAs[0];
    const id = prefix === 'bare' ? baseModelId : `${prefix}.${baseModelId}`;
    models.set(family, findModel(id, new Map()));
  }
  return [...models.values()];
}

const operationsOf = ({ family }: Model): readonly Operation[] => {
  const only = FAMILIES[family].operation;
  return only === undefined ? OPERATIONS : [only];
};

/** Every valid body of every family that has rules, for each operation that serves it. */
export const SEEDLINGS: readonly Seedling[] = modelsByFamily().flatMap((model) =>
  operationsOf(model).flatMap((operation) => {
    const isConverse = operation.startsWith('converse');
    if (isConverse && FAMILIES[model.family]?.converse === undefined) return [];
    const bodies = isConverse ? CONVERSE_BODIES : NATIVE_BODIES[model.family];
    const request = { operation, model, headers: {}, allowFields: new Set<string>() };
    return bodies.map((body) => ({ request, body }));
  }),
);

const NAMES = [
  ...['max_tokens', 'maxTokens', 'max_completion_tokens', 'max_gen_len', 'max_new_tokens', 'n'],
  ...['Max_Tokens', '\\u006dax_tokens', '__proto__', 'constructor', '', 'ttl', 'type', 'thinking'],
  ...['budget_tokens', 'inferenceConfig', 'additionalModelRequestFields', 'service_tier', '1', '0'],
  ...['maxTokenCount', 'num_generations', 'messages', 'content', 'toJSON', '\\ud800', '\\u0000'],
];

const VALUES = [
  ...['0', '-0', '1', '1.0', '-1', '100', '1e2', '0.1e1', '1e999', '1e-400', '9007199254740993'],
  ...['NaN', 'null', 'true', 'false', '""', '"1"', '[]', '{}', '[[]]', '{"a":1,"a":2}', '01', '+1'],
  ...['"\\ud800"', '"\\u0000"', '"\\x"', '"\ufdfa"', '"priority"', '"1h"', '4294967296', '1.5'],
  ...['{"type":"enabled","budget_tokens":1024}', '{"maxTokens":7}', '{"max_tokens":7}', '"a\tb"'],
];

const SPACES = ['', ' ', '\n', '\t', '\r\n', '\u00a0', '/**/', '\ufeff'];
const PIECES = ['"', '\\', '{', '}', '[', ']', ':', ',', 'e', '-', '0', '.', '\\u', '\0', '\u2028'];

/** The text from one quote, number or bracket on: where a value or a name begins. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\]:,]/g;

interface Token {
  readonly text: string;
  readonly at: number;
}

const tokensOf = (text: string): readonly Token[] =>
  [...text.matchAll(TOKEN)].map((match) => ({ text: match[0], at: match.index }));

/** One change that mostly leaves JSON: of a value, a name, a member, the white space. */
function changeByGrammar(text: string, random: Random): string {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return random.pick(VALUES);
  const { text: old, at } = random.pick(tokens);
  const put = (replacement: string): string =>
    text.slice(0, at) + replacement + text.slice(at + old.length);
  const isName = /^\s*:/.test(text.slice(at + old.length));
  if (old === '{' && random.chance(0.7)) {
    const rest = text
      .slice(at + 1)
      .trimStart()
      .startsWith('}')
      ? ''
      : ',';
    return put(`{"${random.pick(NAMES)}":${random.pick(VALUES)}${rest}`);
  }
  if (isName && random.chance(0.5)) return put(`"${random.pick(NAMES)}"`);
  if (isName && random.chance(0.5)) return put(escapeSome(old, random));
  if (/^[{}[\]:,]$/.test(old)) return put(random.pick(SPACES) + old + random.pick(SPACES));
  return put(random.chance(0.2) ? escapeSome(old, random) : random.pick(VALUES));
}

/** The same string with some of its characters as escapes. */
const escapeSome = (literal: string, random: Random): string =>
  literal.replaceAll(/(?<!\\)[a-z_]/g, (letter) =>
    random.chance(0.2) ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : letter,
  );

/** One change of the bytes, whatever stands there. */
function changeByBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.int(bytes.length + 1);
  const head = bytes.subarray(0, at);
  switch (random.int(5)) {
    case 0:
      return Buffer.concat([head, Uint8Array.of(random.int(256)), bytes.subarray(at + 1)]);
    case 1:
      return Buffer.concat([head, Buffer.from(random.pick(PIECES)), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([head, bytes.subarray(at + 1 + random.int(8))]);
    case 3:
      return Buffer.concat([head, bytes.subarray(Math.max(0, at - random.int(40)))]);
    default:
      return head;
  }
}

/** Where no byte is changed afterwards, most bodies are JSON. */
const CHANGED_BY_BYTES = 0.25;
const MOST_CHANGES = 4;

/** Body `n` of a seed: its bytes, and the request that it is sent with. */
export function fuzzBody(
  seed: number,
  n: number,
): { readonly bytes: Uint8Array; readonly request: Seedling['request'] } {
  const random = createRandom(seed).fork(String(n));
  const { body, request } = random.pick(SEEDLINGS);
  let text = JSON.stringify(body);
  for (let left = random.int(MOST_CHANGES + 1); left > 0; left -= 1) {
    text = changeByGrammar(text, random);
  }
  let bytes: Uint8Array = Buffer.from(text);
  if (random.chance(CHANGED_BY_BYTES)) {
    for (let left = 1 + random.int(3); left > 0; left -= 1) bytes = changeByBytes(bytes, random);
  }
  return { bytes, request };
}
