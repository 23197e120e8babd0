/**
 * What must hold of every body that goes out: three parsers read it alike, and no field that any
 * model takes for its output limit is above what was priced.
 *
 * Not here: the code under test's own idea of where limits are: the names are listed once more.
 */
import { HardcapError } from '../../lambda/domain/errors.ts';
import {
  type Prepared,
  prepareRequest,
  type RequestToPrepare,
} from '../../lambda/domain/estimate.ts';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import { type JsonObject, parseBody } from '../../lambda/domain/request-body.ts';
import { JSON_READERS } from './json-readers.ts';

/** Every code that reading and pricing a body may refuse it by. */
const REFUSALS: ReadonlySet<string> = new Set(['invalid_request', 'unpriced_field']);

/** Lower-cased, without marks between words: what some reader may take for an output limit. */
const LIMIT_NAMES: ReadonlySet<string> = new Set([
  'maxtokens',
  'maxcompletiontokens',
  'maxoutputtokens',
  'maxnewtokens',
  'maxgenlen',
  'maxtokencount',
  'maxtokenstosample',
]);

/** Where inference settings stand in the bodies of all families, from the top. */
const SETTINGS = [
  'inferenceConfig',
  'textGenerationConfig',
  'additionalModelRequestFields',
  'parameters',
] as const;

type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};

/** All values of a body that some model may read as the most tokens to be written. */
export function limitsIn(body: unknown): number[] {
  const top = membersOf(body);
  const extra = membersOf(top.additionalModelRequestFields);
  const holders = [
    top,
    ...SETTINGS.map((name) => membersOf(top[name])),
    ...SETTINGS.map((name) => membersOf(extra[name])),
  ];
  return holders.flatMap((holder) =>
    Object.entries(holder)
      .filter(([name]) => LIMIT_NAMES.has(name.toLowerCase().replaceAll(/[_-]/g, '')))
      .map(([, value]) => value)
      .filter((value) => value !== null && value !== undefined)
      .map((value) => (typeof value === 'number' ? value : Number.NaN)),
  );
}

/** What became of a body. */
export type Outcome =
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'sent'; readonly text: string; readonly prepared: Prepared };

/**
 * Reads and prices the bytes as the gateway does.
 *
 * @throws whatever is no refusal by a known code
 */
export function send(bytes: Uint8Array, request: Omit<RequestToPrepare, 'body'>): Outcome {
  try {
    const body = parseBody(bytes);
    const prepared = prepareRequest({ ...request, body });
    return { kind: 'sent', text: decoder.decode(prepared.body), prepared };
  } catch (error) {
    if (!(error instanceof HardcapError) || !REFUSALS.has(error.code)) throw error;
    return { kind: 'refused', code: error.code, message: error.message };
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What is wrong with a body that goes out; empty where nothing is. */
export function faultsOf(outcome: Outcome, request: Omit<RequestToPrepare, 'body'>): string[] {
  if (outcome.kind === 'refused') return [];
  const { text, prepared } = outcome;
  const readings = Object.entries(JSON_READERS).map(([name, read]) => ({ name, read: read(text) }));
  const faults = readings
    .filter(({ read }) => read !== readings[0]?.read)
    .map(({ name }) => `${name} reads it in another way`);
  const again = prepareRequest({ ...request, body: parseBody(prepared.body) });
  if (again.boundNanoUsd !== prepared.boundNanoUsd) faults.push('it has another price as sent');
  if (decoder.decode(again.body) !== text) faults.push('it is written anew in another way');
  return [...faults, ...faultsOfLimits(JSON.parse(text) as JsonObject, prepared, request)];
}

function faultsOfLimits(
  body: JsonObject,
  { outputTokens }: Prepared,
  { model }: Omit<RequestToPrepare, 'body'>,
): string[] {
  const family = FAMILIES[model.family];
  // What writes nothing has no limit of its output: Cohere Embed's max_tokens cuts its input.
  if (family.hasNoOutputTokens === true) return [];
  const limits = limitsIn(body);
  const faults = limits
    .filter((limit) => !(Math.min(limit, model.contextWindowTokens) <= outputTokens))
    .map((limit) => `an output limit of ${limit} goes out, priced for ${outputTokens}`);
  const isBounded = limits.length > 0 || outputTokens >= model.contextWindowTokens;
  return isBounded ? faults : [...faults, 'it goes out without an output limit'];
}
