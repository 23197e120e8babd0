/**
 * Server-sent events, as the Anthropic and OpenAI doors write them.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html. `data` is JSON here, so
 *         it holds no line break.
 */

/** Headers of a stream in this form. */
export const EVENT_STREAM_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
};

const END_OF_EVENT = Buffer.from('\n\n');

/** One event; `data` passes byte for byte. */
export function serverSentEvent(data: Uint8Array | string, event?: string): Uint8Array {
  const name = event === undefined ? '' : `event: ${event}\n`;
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return Buffer.concat([Buffer.from(`${name}data: `), bytes, END_OF_EVENT]);
}
