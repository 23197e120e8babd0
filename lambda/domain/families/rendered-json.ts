/**
 * What JSON may grow by when a model's template writes it into the prompt: tools, and the calls and
 * results of tools.
 *
 * Invariant: a template that indents, or escapes all but ASCII and HTML's own marks, makes no more
 *            tokens than the bytes of the JSON and what is counted here.
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import { isGiven, objectsOf, type RequestReading } from './request-reading.ts';

/** An escape is `\u` and four digits: six bytes that may be six tokens. */
const ESCAPE_BYTES = 6;

/** After each of these an indenting writer breaks the line. */
const BREAKS = /[,:{}[\]]/g;
const HTML_MARKS = /[<>&']/g;
const OTHER_THAN_ASCII = /[\u0080-\uffff]/g;

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** Counts how much longer than its bytes this value may be once it is written out. */
export function addRenderedJson(value: JsonValue | undefined, reading: RequestReading): void {
  if (!isGiven(value)) return;
  const text = JSON.stringify(value);
  const escaped = countOf(text, OTHER_THAN_ASCII) + countOf(text, HTML_MARKS);
  reading.addTokens(escaped * (ESCAPE_BYTES - 1) + countOf(text, BREAKS));
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
