/**
 * What a request used, out of Bedrock's answer: metered, or unknown and why.
 *
 * Invariant: a usage is metered only when its final count arrived and every part of it is
 *            understood. Unknown is never zero: it is charged in full.
 */
import type { Model } from './catalogue.ts';
import {
  type AnswerSignals,
  joinedSignals,
  NO_SIGNALS,
  signalsOfConverse,
  signalsOfEvent,
  signalsOfHeaders,
  signalsOfNative,
} from './families/answer-signals.ts';
import { countsOfConverseAnswer, createConverseStreamMeter } from './families/converse.ts';
import type { Family } from './families/family.ts';
import { FAMILIES } from './families/registry.ts';
import {
  type Counts,
  checkedCount,
  dearerCounts,
  dearerWithBedrock,
  parseObject,
  UnreadableUsage,
  usageOf,
} from './families/usage-reading.ts';
import { isConverse, type Operation } from './operation.ts';
import type { Serving, TokenUsage } from './price.ts';
import type { JsonObject } from './request-body.ts';
import type { UnitCounts } from './unit.ts';

export type Usage =
  | {
      readonly kind: 'metered';
      /** Its units are those that the answer counts; others are billed as asked for. */
      readonly usage: TokenUsage;
      /** How the answer says it was served; what is absent was served as it was asked for. */
      readonly served?: Partial<Serving>;
      /** A guardrail replaced the answer: its tokens are not all that the guardrail read. */
      readonly hasIntervened?: boolean;
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
  const { operation, model, headers } = answer;
  return metered(answer.oneHourCacheWrites, () => {
    const parsed = parseObject(answer.body) ?? {};
    if (isConverse(operation)) {
      const mayInclude = FAMILIES[model.family].mayIncludeCached === true;
      return {
        counts: countsOfConverseAnswer(parsed, mayInclude),
        signals: signalsOfConverse(parsed),
      };
    }
    const { unitsOfAnswer } = FAMILIES[model.family];
    if (unitsOfAnswer !== undefined) return readingOfUnits(unitsOfAnswer(parsed));
    const signals = joinedSignals(signalsOfHeaders(headers), signalsOfNative(parsed));
    return { counts: countsOfNativeAnswer(model, parsed, headers), signals };
  });
}

const readingOfUnits = (units: UnitCounts | undefined): Reading => ({
  counts: units && { input: 0, output: 0 },
  signals: { ...NO_SIGNALS, ...(units && { units }) },
});

function countsOfNativeAnswer(
  model: Model,
  answer: JsonObject,
  headers: Readonly<Record<string, string>>,
): Counts | undefined {
  const family = FAMILIES[model.family];
  if (isBilledByRequest(family, model)) return { input: 0, output: 0 };
  const inBody = family.countsOfAnswer(answer);
  const inHeaders = countsOfHeaders(headers);
  const counts =
    inBody === undefined || inHeaders === undefined
      ? (inBody ?? inHeaders)
      : (family.mayIncludeCached === true ? dearerWithBedrock : dearerCounts)(inBody, inHeaders);
  // What makes no tokens does not count them.
  return family.hasNoOutputTokens === true && counts !== undefined
    ? { ...counts, output: counts.output ?? 0 }
    : counts;
}

/**
 * Whether an answer without usage is settled at the units that were asked for, as its tokens cost
 * nothing. An answer with fewer images than were asked for costs as much: nothing says that those
 * which a filter kept back are free.
 */
function isBilledByRequest(family: Family, { price }: Model): boolean {
  const { inputNanoUsdPerMillion: input, outputNanoUsdPerMillion: output } = price.tokens;
  return family.isBilledByRequest === true && input === 0n && output === 0n;
}

interface Reading {
  readonly counts: Counts | undefined;
  readonly signals: AnswerSignals;
}

/** Counts to usage; no counts, or what cannot be trusted, to unknown. */
function metered(oneHourCacheWrites: boolean, read: () => Reading): Usage {
  try {
    const { counts, signals } = read();
    if (counts === undefined) return unknown('the answer carries no usage');
    const { served, units, hasIntervened } = signals;
    return {
      kind: 'metered',
      usage: { ...usageOf(counts, oneHourCacheWrites), ...(units && { units }) },
      ...(Object.keys(served).length > 0 && { served }),
      ...(hasIntervened && { hasIntervened }),
    };
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
  readonly headers?: Readonly<Record<string, string>>;
  /** As in `AnswerToMeter`. */
  readonly oneHourCacheWrites: boolean;
}): UsageMeter {
  const family = FAMILIES[stream.model.family];
  const isConverseStream = isConverse(stream.operation);
  const meter = isConverseStream
    ? createConverseStreamMeter(family.mayIncludeCached)
    : family.createStreamMeter();
  let problem: string | undefined;
  let failedAs: string | undefined;
  let hasOutput = false;
  let signals = NO_SIGNALS;
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
        const more = signalsOfEvent(isConverseStream, eventType, payload);
        if (more !== undefined) signals = joinedSignals(signals, more);
      } catch (error) {
        problem ??= reasonOf(error);
      }
    },
    usage() {
      if (problem !== undefined) return unknown(problem);
      const counts = meter.finalCounts();
      if (counts === undefined) return unknown(endedEarly(failedAs));
      return metered(stream.oneHourCacheWrites, () => ({
        counts,
        // A stream has signals in its headers where it is the vendor's own.
        signals: joinedSignals(
          isConverseStream ? NO_SIGNALS : signalsOfHeaders(stream.headers ?? {}),
          signals,
        ),
      }));
    },
    rejectedBeforeOutput: () => (hasOutput ? undefined : failedAs),
  };
}

const endedEarly = (failedAs: string | undefined): string =>
  failedAs === undefined
    ? 'the stream ended before its usage'
    : `the stream ended before its usage, by ${failedAs.slice(0, 60)}`;
