/**
 * What JSON may grow by when a model's template writes it into the prompt: tools, and the calls and
 * results of tools.
 *
 * Invariant: a template that indents, or escapes all but ASCII and HTML's own marks, makes no more
 *            tokens than the bytes of the JSON and what is counted here.
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import { isGiven, objectsOf, type RequestReading } from './request-reading.ts';

/** An escape is `\u` and four digits: six bytes that may be six tokens, where one was counted. */
const ESCAPE_TOKENS = 5;

/** After each of these an indenting writer may break the line. */
const BREAKS: ReadonlySet<number> = new Set(codesOf(',:{}[]'));
const HTML_MARKS: ReadonlySet<number> = new Set(codesOf("<>&'"));
const FIRST_AFTER_ASCII = 0x80;

/** Counts how much longer than its bytes this value may be once it is written out. */
export function addRenderedJson(value: JsonValue | undefined, reading: RequestReading): void {
  if (!isGiven(value)) return;
  const text = JSON.stringify(value);
  let tokens = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= FIRST_AFTER_ASCII || HTML_MARKS.has(code)) tokens += ESCAPE_TOKENS;
    else if (BREAKS.has(code)) tokens += 1;
  }
  reading.addTokens(tokens);
}

function codesOf(characters: string): number[] {
  return [...characters].map((character) => character.charCodeAt(0));
}

/** The same for all that is JSON in a body of Converse. */
export function addRenderedTools(body: JsonObject, reading: RequestReading): void {
  addRenderedJson(body.toolConfig, reading);
  for (const message of objectsOf(body.messages, 'messages')) {
    if (typeof message.content === 'string') continue;
    for (const block of objectsOf(message.content, 'messages.content')) {
      addRenderedJson(block.toolUse, reading);
      addRenderedJson(block.toolResult, reading);
    }
  }
}
