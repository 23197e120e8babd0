/**
 * Server-sent events as frames: read beside a running answer of Bedrock's chat completions.
 *
 * Each event with data is one frame, `data`; one that holds an error is an exception by its type.
 * Comments, which keep a connection open, are no frames.
 */
import { openAiErrorOf } from '../../domain/openai-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/request-body.ts';
import type { Frame, FrameReader } from '../../ports/stream.ts';
import { createEventSplitter } from './event-splitter.ts';

/** As of event-stream frames: beyond this bound the bytes are no events. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;

const NOTHING = new Uint8Array(0);

/** A reader that never throws: an event that does not end breaks it for good. */
export function createServerSentEventReader(maxEventBytes = MAX_EVENT_BYTES): FrameReader {
  const splitter = createEventSplitter();
  let unread: Uint8Array[] = [];
  let isBroken = false;
  return {
    take(chunk) {
      if (isBroken) return chunk;
      const events = splitter.push(chunk);
      unread.push(...events);
      isBroken = splitter.restBytes() > maxEventBytes;
      const whole = spanOf(events);
      return isBroken ? Buffer.concat([whole, splitter.rest()]) : whole;
    },
    read(onFrame) {
      for (const event of unread) {
        const frame = frameOf(event);
        if (frame !== undefined) onFrame(frame);
      }
      unread = [];
    },
    rest: () => splitter.rest(),
    isBroken: () => isBroken,
  };
}

/** Events that stand one behind another in memory, as one. */
function spanOf(events: readonly Uint8Array[]): Uint8Array {
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined) return NOTHING;
  const bytes = last.byteOffset + last.byteLength - first.byteOffset;
  return Buffer.from(first.buffer, first.byteOffset, bytes);
}

function frameOf(event: Uint8Array): Frame | undefined {
  const { name, data } = readEvent(event);
  if (data === undefined) return undefined;
  const error = errorIn(name, data);
  if (error === undefined) return { messageType: 'event', eventType: 'data', payload: data };
  const { type, message } = error;
  return {
    messageType: 'exception',
    eventType: type === '' ? 'error' : type,
    payload: Buffer.from(JSON.stringify({ message })),
  };
}

const ERROR_MARK = Buffer.from('"error"');

function errorIn(name: string, data: Buffer): ReturnType<typeof openAiErrorOf> {
  // Most events hold no such text, and are not parsed here.
  if (name !== 'error' && !data.includes(ERROR_MARK)) return undefined;
  const json = jsonOf(data);
  const error = json === undefined ? undefined : openAiErrorOf(json);
  return error ?? (name === 'error' ? { type: '', message: '' } : undefined);
}

/** The data of an event as a JSON object; undefined where it is anything else. Never throws. */
export function jsonOf(data: Uint8Array): JsonObject | undefined {
  try {
    const value: JsonValue = JSON.parse(Buffer.from(data).toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export interface ReadEvent {
  /** Of `event:`; empty where there is none. */
  readonly name: string;
  /** Undefined where the event has none. */
  readonly data: Buffer | undefined;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const LINE_FEED = Buffer.from('\n');
const LF = 0x0a;
const CR = 0x0d;

/** One whole event's name and data. */
export function readEvent(event: Uint8Array): ReadEvent {
  const bytes = Buffer.from(event.buffer, event.byteOffset, event.byteLength);
  const hasMark = bytes.subarray(0, BYTE_ORDER_MARK.byteLength).equals(BYTE_ORDER_MARK);
  const data: Buffer[] = [];
  let name = '';
  let start = hasMark ? BYTE_ORDER_MARK.byteLength : 0;
  for (let at = start; at < bytes.byteLength; at += 1) {
    if (bytes[at] !== LF && bytes[at] !== CR) continue;
    const line = bytes.subarray(start, at);
    data.push(...valuesOf(line, 'data'));
    for (const value of valuesOf(line, 'event')) name = value.toString('utf8');
    start = at + 1;
  }
  const [only] = data;
  if (only === undefined) return { name, data: undefined };
  if (data.length === 1) return { name, data: only };
  return {
    name,
    data: Buffer.concat(data.flatMap((line, index) => (index === 0 ? [line] : [LINE_FEED, line]))),
  };
}

const COLON = 0x3a;
const SPACE = 0x20;

/** The value of a line of this field; none where it is another's. */
function valuesOf(line: Buffer, field: string): readonly Buffer[] {
  if (!line.subarray(0, field.length).equals(Buffer.from(field))) return [];
  if (line.byteLength === field.length) return [Buffer.alloc(0)];
  if (line[field.length] !== COLON) return [];
  const start = line[field.length + 1] === SPACE ? field.length + 2 : field.length + 1;
  return [line.subarray(start)];
}
