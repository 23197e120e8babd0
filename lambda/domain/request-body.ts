/**
 * A request's JSON body: read strictly, and written again with each number's own digits.
 *
 * Invariant: what is priced is what is sent. Text that two readers could take differently (a member
 *            given twice, a byte order mark, broken UTF-8) is refused; no number is rounded.
 * Not here:  what the members mean and cost (the model families).
 */
import { parse as parseLossless } from 'lossless-json';
import { HardcapError } from './errors.ts';

/** A number whose JavaScript value would lose digits (1.0, -0, 1e400): made by JSON.rawJSON. */
export interface RawNumber {
  readonly rawJSON: string;
}

export type JsonValue = null | boolean | string | number | RawNumber | JsonValue[] | JsonObject;

export interface JsonObject {
  [member: string]: JsonValue;
}

// Node 24 has these (https://tc39.es/proposal-json-parse-with-source/); TypeScript's library does
// not declare them yet.
declare global {
  interface JSON {
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
    parse(
      text: string,
      reviver: (name: string, value: JsonValue, context: { readonly source?: string }) => JsonValue,
    ): JsonValue;
  }
}

/** How deep objects and arrays may nest, the body's own object included. */
export const MAX_DEPTH = 64;

/**
 * How many commas and opening brackets a body may have outside its strings, which is at least one
 * less than the values in it: the work for each is what makes a body of small values slow. A
 * hundred tools and a thousand messages with a few blocks each have some 15,000.
 */
export const MAX_VALUES = 50_000;

const SHOWN_NAME_CHARACTERS = 64;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const BYTE_ORDER_MARK = 0xfeff;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The body as an object. A number is a plain number where that writes the same text again, else a
 * `RawNumber`; read either with `numberOf`.
 *
 * @throws HardcapError `invalid_request`: not UTF-8, a byte order mark, not JSON, not an object,
 *         nested deeper than `MAX_DEPTH`, more than `MAX_VALUES`, a member given twice, or a member
 *         named `__proto__`
 */
export function parseBody(bytes: Uint8Array): JsonObject {
  const text = decode(bytes);
  const findings = inspect(text);
  const value = parseText(text, findings);
  if (!isJsonObject(value)) {
    throw invalid('the body must be a JSON object, such as {"messages": [...]}');
  }
  return value;
}

/**
 * The object as UTF-8 JSON without white space; raw numbers keep their source text. Members with
 * whole-number names come first, as in every JavaScript object.
 */
export const serializeBody = (body: JsonObject): Uint8Array => encoder.encode(JSON.stringify(body));

/**
 * The number nearest to a JSON number, undefined for any other value.
 *
 * It may be infinite (1e400) and inexact beyond 2^53: test with Number.isSafeInteger before use.
 */
export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return JSON.isRawJSON(value) ? Number(value.rawJSON) : undefined;
}

/** Whether the value is a JSON object: no array, no null, no raw number. */
export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);

const invalid = (problem: string, cause?: unknown): HardcapError =>
  new HardcapError('invalid_request', `invalid_request: ${problem}`, { cause });

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw invalid('the body is not valid UTF-8; send it as JSON in UTF-8', cause);
  }
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
    throw invalid('the body begins with a byte order mark at offset 0; send it without one');
  }
  return text;
}

function parseText(text: string, { keepsNumbers, keepsNames }: Findings): JsonValue {
  try {
    // A reviver makes parsing several times slower, so it runs only where it is needed.
    const value = keepsNumbers ? JSON.parse(text) : JSON.parse(text, keepNumberText);
    return keepsNames ? value : (parseLossless(text, null, { parseNumber }) as JsonValue);
  } catch (cause) {
    // The parser quotes the text round the fault: a prompt, which must not reach a log. For the
    // same reason the error is not kept as the cause.
    const reason = cause instanceof Error ? cause.message : 'not readable';
    throw invalid(`the body is not valid JSON: ${reason.replace(/, (?:\.\.\.)?".*$/s, '')}`);
  }
}

function keepNumberText(
  _name: string,
  value: JsonValue,
  context: { readonly source?: string },
): JsonValue {
  if (typeof value !== 'number' || context.source === undefined) return value;
  return isPlainNumber(context.source) ? value : JSON.rawJSON(context.source);
}

const parseNumber = (source: string): number | RawNumber =>
  isPlainNumber(source) ? Number(source) : JSON.rawJSON(source);

/** Whether JavaScript writes this number as it was written: 12 and 0.5, but not 1.0, -0 or 1e3. */
const isPlainNumber = (source: string): boolean => String(Number(source)) === source;

/** What JSON.parse alone would keep of a text. */
interface Findings {
  readonly keepsNumbers: boolean;
  /**
   * False once a name is written with an escape: V8 may then take it for another name that it has
   * read before (https://github.com/nodejs/node/issues/63785), so another parser reads the text.
   */
  readonly keepsNames: boolean;
}

/**
 * Refuses what JSON.parse lets through: a member given twice (it takes the last; another reader
 * may take the first), `__proto__`, deep nesting and very many values. One pass that knows only strings, brackets
 * and numbers; where the text is no JSON it may go astray, as JSON.parse then refuses.
 */
function inspect(text: string): Findings {
  // The names seen in each object that is open; undefined stands for an array.
  const open: (Set<string> | undefined)[] = [];
  let values = 0;
  let keepsNumbers = true;
  let keepsNames = true;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    switch (code) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (end === -1) return { keepsNumbers, keepsNames };
        if (isFollowedByColon(text, end)) {
          const literal = text.slice(at + 1, end);
          keepsNames &&= !literal.includes('\\');
          noteName(literal, at, open.at(-1));
        }
        at = end;
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        open.push(code === OPEN_BRACE ? new Set() : undefined);
        refuseDepth(open.length, at);
        values = countValue(values, at);
        break;
      case COMMA:
        values = countValue(values, at);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        open.pop();
        break;
      default:
        if (code === MINUS || isDigit(code)) {
          const end = endOfNumber(text, at);
          keepsNumbers &&= isPlainNumber(text.slice(at, end));
          at = end - 1;
        }
    }
  }
  return { keepsNumbers, keepsNames };
}

function refuseDepth(depth: number, at: number): void {
  if (depth <= MAX_DEPTH) return;
  throw invalid(`the body nests deeper than ${MAX_DEPTH} levels at offset ${at}; flatten it`);
}

/** One more than `values`. @throws HardcapError `invalid_request` past `MAX_VALUES` */
function countValue(values: number, at: number): number {
  if (values < MAX_VALUES) return values + 1;
  throw invalid(`the body has more than ${MAX_VALUES} values, reached at offset ${at}; send fewer`);
}

/** The offset of the quote that closes the string opened at `start`, or -1. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** A quote is escaped when an odd number of backslashes stands before it. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1;
  while (text.charCodeAt(at) === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 0;
}

/** In JSON a string is a member's name exactly when a colon follows it. */
function isFollowedByColon(text: string, end: number): boolean {
  let at = end + 1;
  while (isWhiteSpace(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === COLON;
}

/** The offset after the number that begins at `start`. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (isNumberCharacter(text.charCodeAt(end))) end += 1;
  return end;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** One of 0-9 . + - e E */
const isNumberCharacter = (code: number): boolean =>
  isDigit(code) || code === 0x2e || code === 0x2b || code === MINUS || (code | 0x20) === 0x65;

const isWhiteSpace = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

function noteName(literal: string, start: number, seen: Set<string> | undefined): void {
  const name = unescaped(literal);
  if (name === undefined || seen === undefined) return;
  if (name === '__proto__') {
    throw invalid(`a member is named "__proto__" at offset ${start}; rename it`);
  }
  if (seen.has(name)) {
    const shown = JSON.stringify(name.slice(0, SHOWN_NAME_CHARACTERS));
    throw invalid(`the member ${shown} is given twice in one object at offset ${start}; keep one`);
  }
  seen.add(name);
}

/** The name with its escapes resolved; undefined where they are no JSON. */
function unescaped(literal: string): string | undefined {
  if (!literal.includes('\\')) return literal;
  try {
    return String(JSON.parse(`"${literal}"`));
  } catch {
    return undefined;
  }
}
