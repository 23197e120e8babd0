/**
 * Event-stream answers of the simulated Bedrock: frames, padding, timing and faults.
 *
 * Invariant: it never waits on a client that has gone, and never writes ahead of a slow one.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import {
  type DualRequest,
  type DualResponse,
  isGone,
  resetResponse,
  writeTo,
} from './dual-listener.ts';
import type { StreamEvent } from './simulated-answers.ts';
import type { Directives, StreamFault } from './simulated-directives.ts';

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const RESET_AFTER_MS = 50;
const PADDING = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** One `event` frame; `padding` characters stand in its member `p`, as Bedrock hides lengths. */
export function eventFrame(event: StreamEvent, padding: number): Uint8Array {
  const p = PADDING.slice(0, padding % (PADDING.length + 1));
  return frame('event', ':event-type', event.type, { ...event.payload, p });
}

/** One `exception` frame, such as `throttlingException`. */
export const exceptionFrame = (exceptionType: string, message: string): Uint8Array =>
  frame('exception', ':exception-type', exceptionType, { message });

function frame(messageType: string, typeHeader: string, type: string, payload: object): Uint8Array {
  return codec.encode({
    headers: {
      [typeHeader]: { type: 'string', value: type },
      ':content-type': { type: 'string', value: 'application/json' },
      ':message-type': { type: 'string', value: messageType },
    },
    body: Buffer.from(JSON.stringify(payload)),
  });
}

/** How the events of a stream are written. */
export interface StreamWire {
  event(event: StreamEvent, index: number): Uint8Array;
  exception(exceptionType: string, message: string): Uint8Array;
  /** What ends a whole stream. */
  readonly last?: Uint8Array;
}

/** AWS's event stream; the seed varies the padding. */
export const eventStreamWire = (seed: number): StreamWire => ({
  event: (event, index) => eventFrame(event, seed + index * 7),
  exception: exceptionFrame,
});

const serverSentEvent = (data: string): Uint8Array => Buffer.from(`data: ${data}\n\n`);

/** Server-sent events, as chat completions stream. */
export const SERVER_SENT_EVENTS: StreamWire = {
  event: ({ payload }) => serverSentEvent(JSON.stringify(payload)),
  exception: (type, message) =>
    serverSentEvent(JSON.stringify({ error: { message, type, code: null, param: null } })),
  last: serverSentEvent('[DONE]'),
};

/**
 * Writes the events and ends the answer, or lets it go wrong as the directives say: after so many
 * deltas, or after the last one where there are fewer.
 */
export async function streamEvents(
  request: DualRequest,
  response: DualResponse,
  events: readonly StreamEvent[],
  directives: Directives,
  wire: StreamWire,
): Promise<void> {
  const { fault, delayMs } = directives;
  const total = events.filter(({ isChunk }) => isChunk).length;
  const faultAt = Math.min(fault?.afterChunks ?? 0, total);
  let chunks = 0;
  for (const [index, event] of events.entries()) {
    const isAfterChunks = event.isChunk || chunks === total;
    if (fault !== undefined && chunks === faultAt && isAfterChunks) {
      await failStream(request, response, fault, wire);
      return;
    }
    if (event.isChunk) {
      if (chunks > 0 && delayMs > 0) await sleep(delayMs);
      chunks += 1;
    }
    await writeWithRoom(response, wire.event(event, index));
    if (isGone(response)) return;
  }
  if (wire.last !== undefined) writeTo(response, wire.last);
  response.end();
}

async function failStream(
  request: DualRequest,
  response: DualResponse,
  fault: StreamFault,
  wire: StreamWire,
): Promise<void> {
  if (fault.kind === 'reset') {
    // A reset overtakes what is still in line; the deltas before it are meant to arrive.
    await sleep(RESET_AFTER_MS);
    resetResponse(request, response);
    return;
  }
  if (fault.kind === 'exception') {
    writeTo(response, wire.exception(fault.exceptionType, `simulated ${fault.exceptionType}`));
  }
  response.end();
}

async function writeWithRoom(response: DualResponse, chunk: Uint8Array): Promise<void> {
  if (isGone(response) || writeTo(response, chunk)) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  const room = once(response, 'drain', { signal });
  const gone = once(response, 'close', { signal });
  try {
    await Promise.race([room, gone]);
  } finally {
    waiting.abort();
    await Promise.allSettled([room, gone]);
  }
}
