/**
 * What a request used, out of Bedrock's answer: metered, or unknown and why.
 *
 * Invariant: a usage is metered only when its final count arrived and every part of it is
 *            understood. Unknown is never zero: it is charged in full.
 */
import type { Model } from './catalogue.ts';
import { countsOfConverseAnswer, createConverseStreamMeter } from './families/converse.ts';
import { familyOf } from './families/registry.ts';
import {
  type Counts,
  checkedCount,
  dearerCounts,
  parseObject,
  UnreadableUsage,
  usageOf,
} from './families/usage-reading.ts';
import { isConverse, type Operation } from './operation.ts';
import type { Serving, TokenUsage } from './price.ts';

export type Usage =
  | {
      readonly kind: 'metered';
      readonly usage: TokenUsage;
      /** How the answer says it was served; absent where it does not: as it was asked for. */
      readonly served?: Serving;
    }
  /** `why` names what is missing or not understood; it holds nothing of the answer's text. */
  | { readonly kind: 'unknown'; readonly why: string };

/** A complete, unstreamed answer. */
export interface AnswerToMeter {
  readonly operation: Operation;
  readonly model: Model;
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Whether the request asked for any; then writes of no stated lifetime are taken as such. */
  readonly oneHourCacheWrites: boolean;
}

/**
 * The usage of a complete answer; where body and headers differ, each count is the larger one.
 * Never throws: what cannot be read is unknown.
 */
export function usageFromAnswer(answer: AnswerToMeter): Usage {
  return metered(answer.oneHourCacheWrites, () => {
    const parsed = parseObject(answer.body);
    if (isConverse(answer.operation)) {
      return parsed === undefined ? undefined : countsOfConverseAnswer(parsed);
    }
    const family = familyOf(answer.model.family);
    const inBody = parsed === undefined ? undefined : family.countsOfAnswer(parsed);
    const inHeaders = countsOfHeaders(answer.headers);
    if (inBody === undefined || inHeaders === undefined) return inBody ?? inHeaders;
    return dearerCounts(inBody, inHeaders);
  });
}

/** Counts to usage; no counts, or what cannot be trusted, to unknown. */
function metered(oneHourCacheWrites: boolean, read: () => Counts | undefined): Usage {
  try {
    const counts = read();
    if (counts === undefined) return unknown('the answer carries no usage');
    return { kind: 'metered', usage: usageOf(counts, oneHourCacheWrites) };
  } catch (error) {
    return unknown(reasonOf(error));
  }
}

/** Other errors may quote the answer's text, which must not reach a log. */
const reasonOf = (error: unknown): string =>
  error instanceof UnreadableUsage ? error.message : 'the answer was not readable';

const unknown = (why: string): Usage => ({ kind: 'unknown', why });

/** Bedrock's own counts of an InvokeModel answer, beside whatever the vendor's body says. */
const COUNT_HEADERS = {
  input: 'x-amzn-bedrock-input-token-count',
  output: 'x-amzn-bedrock-output-token-count',
  cacheRead: 'x-amzn-bedrock-cache-read-input-token-count',
  cacheWrite: 'x-amzn-bedrock-cache-write-input-token-count',
} as const;

function countsOfHeaders(headers: Readonly<Record<string, string>>): Counts | undefined {
  const counts: Record<string, number> = {};
  for (const [count, header] of Object.entries(COUNT_HEADERS)) {
    const text = headers[header];
    if (text !== undefined) counts[count] = headerCount(text, header);
  }
  return Object.keys(counts).length === 0 ? undefined : counts;
}

const headerCount = (text: string, header: string): number =>
  checkedCount(/^\d{1,10}$/.test(text) ? Number(text) : undefined, header);

/** Reads the usage of a running stream beside the bytes that go to the client. */
export interface UsageMeter {
  /** Takes one frame in; never throws. */
  event(messageType: string, eventType: string, payload: Uint8Array): void;
  /** What is known by now; unknown until the final usage has arrived. */
  usage(): Usage;
  /** The type of the exception or error of a stream that had no event; undefined otherwise. */
  rejectedBeforeOutput(): string | undefined;
}

/** A meter of one streamed answer. */
export function createUsageMeter(stream: {
  readonly operation: Operation;
  readonly model: Model;
  /** As in `AnswerToMeter`. */
  readonly oneHourCacheWrites: boolean;
}): UsageMeter {
  const meter = isConverse(stream.operation)
    ? createConverseStreamMeter()
    : familyOf(stream.model.family).createStreamMeter();
  let problem: string | undefined;
  let failedAs: string | undefined;
  let hasOutput = false;
  return {
    event(messageType, eventType, payload) {
      if (messageType !== 'event') {
        failedAs ??= eventType;
        return;
      }
      // Any event may have been billed, even one that holds no text or comes out of order.
      hasOutput = true;
      try {
        meter.event(eventType, payload);
      } catch (error) {
        problem ??= reasonOf(error);
      }
    },
    usage() {
      if (problem !== undefined) return unknown(problem);
      const counts = meter.finalCounts();
      if (counts === undefined) return unknown(endedEarly(failedAs));
      return metered(stream.oneHourCacheWrites, () => counts);
    },
    rejectedBeforeOutput: () => (hasOutput ? undefined : failedAs),
  };
}

const endedEarly = (failedAs: string | undefined): string =>
  failedAs === undefined
    ? 'the stream ended before its usage'
    : `the stream ended before its usage, by ${failedAs.slice(0, 60)}`;
