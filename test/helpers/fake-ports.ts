/**
 * In-memory ports for the application: settings, an upstream and a client that a test steers.
 *
 * Every fake writes what it is asked to one list of events, so that a test can speak of order.
 */
import { createFrameReader } from '../../lambda/adapters/http/event-stream.ts';
import type {
  GuardedRequest,
  SpendGuardOptions,
} from '../../lambda/application/guarded-request.ts';
import { formatKey, hashKey } from '../../lambda/domain/caller-key.ts';
import type { CallerKey } from '../../lambda/domain/cap.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { WindowClock } from '../../lambda/domain/window.ts';
import type { Clock } from '../../lambda/ports/clock.ts';
import type { Settings, SettingsView } from '../../lambda/ports/settings.ts';
import type { AnswerSink, StreamError } from '../../lambda/ports/stream.ts';
import type { LogFields, RequestProperties, Telemetry } from '../../lambda/ports/telemetry.ts';
import type { CountOutcome, CountRequest, TokenCounter } from '../../lambda/ports/token-counter.ts';
import type { Upstream, UpstreamRequest, UpstreamResponse } from '../../lambda/ports/upstream.ts';
import { eventFrame } from '../../local/simulated-stream.ts';
import { cap, price } from './builders.ts';
import { createFakeLedger } from './fake-ledger.ts';

export const HAIKU = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
export const KEY_TEXT = formatKey('ci', 'k'.repeat(43));

export interface FakeSettings extends Settings {
  /** What the table holds now. */
  table: Omit<SettingsView, 'readAtMs'>;
  /** What the last reading found, and when it began. */
  last: SettingsView | undefined;
  reads: number;
  /** Asked before every reading; may wait, or throw. */
  fault: () => void | Promise<void>;
}

/** A key that may do anything; its whole text is `KEY_TEXT`. */
export const callerKey = (rest: Partial<CallerKey> = {}): CallerKey => ({
  keyId: 'ci',
  secretSha256: hashKey(KEY_TEXT),
  enabled: true,
  tags: {},
  ...rest,
});

/** The key `ci`, one block cap of $10 a day, and Haiku at $1 input and $5 output a million. */
export const settingsTable = (
  rest: Partial<FakeSettings['table']> = {},
): FakeSettings['table'] => ({
  key: callerKey(),
  caps: [cap()],
  malformedCaps: [],
  prices: new Map([[HAIKU, price({ modelId: HAIKU })]]),
  aliases: new Map(),
  ...rest,
});

/** Settings that were read when the test began. */
export function createFakeSettings(clock: Clock, events: string[] = []): FakeSettings {
  const settings: FakeSettings = {
    table: settingsTable(),
    last: { ...settingsTable(), readAtMs: clock.nowMs() },
    reads: 0,
    fault: () => undefined,
    peek: () => settings.last,
    async read() {
      settings.reads += 1;
      events.push('read settings');
      const readAtMs = clock.nowMs();
      await settings.fault();
      settings.last = { ...settings.table, readAtMs };
      return settings.last;
    },
  };
  return settings;
}

export interface FakeUpstream extends Upstream {
  readonly sent: UpstreamRequest[];
  /** Connections that were begun, each with the events before it. */
  readonly opened: { readonly region: string; readonly after: readonly string[] }[];
  respond: (request: UpstreamRequest, signal: AbortSignal) => Promise<UpstreamResponse>;
}

/** An upstream that answers every request with 100 input and 10 output tokens. */
export function createFakeUpstream(events: string[] = []): FakeUpstream {
  const upstream: FakeUpstream = {
    sent: [],
    respond: async () => converseAnswer(100, 10),
    opened: [],
    open: (region) => {
      upstream.opened.push({ region, after: [...events] });
    },
    async send(request, signal) {
      events.push('send');
      upstream.sent.push(request);
      return upstream.respond(request, signal);
    },
  };
  return upstream;
}

/** An answer of these chunks; `abort` ends a wait for the next one. */
export function response(
  status: number,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  headers: Readonly<Record<string, string>> = {},
): UpstreamResponse & { readonly aborted: () => boolean } {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stopped.catch(() => undefined);
  let isAborted = false;
  async function* body(): AsyncGenerator<Uint8Array> {
    const source =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
    for (;;) {
      const next = await Promise.race([stopped, source.next()]);
      if (next.done === true) return;
      yield next.value;
    }
  }
  return {
    status,
    headers,
    body: body(),
    aborted: () => isAborted,
    abort: () => {
      isAborted = true;
      reject(new Error('aborted'));
    },
  };
}

export const jsonBytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** A whole Converse answer with this usage. */
export const converseAnswer = (inputTokens: number, outputTokens: number): UpstreamResponse =>
  response(200, [
    jsonBytes({ usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens } }),
  ]);

/** An error of Bedrock's. */
export const errorResponse = (status: number, type: string, message: string): UpstreamResponse =>
  response(status, [jsonBytes({ message })], { 'x-amzn-errortype': `${type}:http://internal/` });

/** One frame with a piece of text. */
export const deltaFrame = (text = 'hello'): Uint8Array =>
  eventFrame(
    {
      type: 'contentBlockDelta',
      payload: { contentBlockIndex: 0, delta: { text } },
      isChunk: true,
    },
    3,
  );

/** The last frame of a ConverseStream, which holds its usage. */
export const metadataFrame = (inputTokens: number, outputTokens: number): Uint8Array =>
  eventFrame(
    {
      type: 'metadata',
      payload: { usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens } },
      isChunk: false,
    },
    5,
  );

export interface FakeTelemetry extends Telemetry {
  readonly lines: {
    readonly level: string;
    readonly message: string;
    readonly fields: LogFields;
  }[];
  /** Sums by metric. */
  readonly metrics: Map<string, number>;
  /** What was said of the requests, the last word on each name. */
  readonly described: RequestProperties;
}

export function createFakeTelemetry(): FakeTelemetry {
  const lines: FakeTelemetry['lines'] = [];
  const metrics = new Map<string, number>();
  const described: RequestProperties = {};
  const logAt =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields });
    };
  return {
    lines,
    metrics,
    described,
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    count: (metric, value = 1) => metrics.set(metric, (metrics.get(metric) ?? 0) + value),
    describe: (properties) => {
      const said = Object.entries(properties).filter(([, value]) => value !== undefined);
      Object.assign(described, Object.fromEntries(said));
    },
    flush: () => undefined,
  };
}

export interface FakeSink extends AnswerSink {
  readonly written: Uint8Array[];
  readonly errors: StreamError[];
  isEnded: boolean;
  isInterrupted: boolean;
  /** What `write` waits for; undefined: there is room. */
  room: (() => Promise<void>) | undefined;
  /** The client goes. */
  leave(): void;
}

export function createFakeSink(events: string[] = []): FakeSink {
  let wake = () => {};
  let left = () => {};
  const sink: FakeSink = {
    written: [],
    errors: [],
    isEnded: false,
    isInterrupted: false,
    room: undefined,
    write(chunk) {
      sink.written.push(chunk);
      if (sink.room === undefined || sink.isInterrupted) return undefined;
      const interrupted = new Promise<void>((resolve) => {
        wake = resolve;
      });
      return Promise.race([interrupted, sink.room()]);
    },
    interrupt() {
      sink.isInterrupted = true;
      wake();
    },
    fail(error) {
      events.push('error frame');
      sink.errors.push(error);
    },
    leave: () => left(),
    onLeave(call) {
      left = call;
    },
    end() {
      events.push('end of body');
      sink.isEnded = true;
    },
  };
  return sink;
}

/** A Converse request of the key `ci`, for at most 100 output tokens, with a minute of time. */
export const guardedRequest = (
  clock: Clock,
  sink: AnswerSink,
  rest: Partial<GuardedRequest> = {},
): GuardedRequest => ({
  requestId: 'request-1',
  keyText: KEY_TEXT,
  keyId: 'ci',
  operation: 'converse',
  modelId: HAIKU,
  region: 'us-east-1',
  body: parseBody(
    jsonBytes({
      messages: [{ role: 'user', content: [{ text: 'hello' }] }],
      inferenceConfig: { maxTokens: 100 },
    }),
  ),
  headers: {},
  upstreamPath: (modelId) => `/model/${encodeURIComponent(modelId)}/converse`,
  upstreamHeaders: {},
  deadlineAtMs: clock.nowMs() + 60_000,
  createFrameReader,
  openSink: () => sink,
  ...rest,
});

export const guardOptions = (rest: Partial<SpendGuardOptions> = {}): SpendGuardOptions => ({
  windows: new WindowClock(),
  allowUncovered: false,
  allowFields: new Set(),
  maxTagCounters: 1_000,
  notesReservation: false,
  settingsMaxAgeMs: 5_000,
  overCapStatus: 429,
  reservationMarginMs: 60_000,
  cutHoldMs: 10_000,
  whenClientLeaves: 'drain',
  maxAnswerBytes: 1_000_000,
  ...rest,
});

/** All ports, writing to one list of events. */
export function createFakePorts(clock: Clock) {
  const events: string[] = [];
  return {
    events,
    clock,
    ledger: createFakeLedger(clock, events),
    settings: createFakeSettings(clock, events),
    upstream: createFakeUpstream(events),
    telemetry: createFakeTelemetry(),
    sink: createFakeSink(events),
  };
}

/** Lets everything that waits on nothing but promises run. */
export async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export interface FakeTokenCounter extends TokenCounter {
  readonly asked: CountRequest[];
  answer: (request: CountRequest) => CountOutcome | Promise<CountOutcome>;
}

/** A counter that finds 10 tokens in every request. */
export function createFakeTokenCounter(events: string[] = []): FakeTokenCounter {
  const counter: FakeTokenCounter = {
    asked: [],
    answer: () => ({ kind: 'counted', inputTokens: 10 }),
    async count(request) {
      events.push('count tokens');
      counter.asked.push(request);
      return counter.answer(request);
    },
  };
  return counter;
}
