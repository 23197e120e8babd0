/**
 * What hardcap must know of a model family: one file and one registry row give all of it.
 *
 * Owns:     the seams between estimate, usage and the families.
 * Not here: any vendor's field names (anthropic.ts, nova.ts, converse.ts).
 */
import type { Operation } from '../operation.ts';
import type { JsonObject } from '../request-body.ts';
import type { UnitCounts } from '../unit.ts';
import type { RequestReading } from './request-reading.ts';
import type { Counts } from './usage-reading.ts';

/** One form of request body: what it may hold, and where it limits the output. */
export interface RequestShape {
  /**
   * Reads the whole body, and tells `reading` what costs more than its bytes.
   *
   * @throws HardcapError `unpriced_field`, `invalid_request`
   */
  inspect(body: JsonObject, reading: RequestReading): void;
  /**
   * The output limit that the body asks for, in tokens; undefined where it gives none.
   *
   * @throws HardcapError `invalid_request` where it is no positive integer or two fields differ
   */
  outputLimitOf(body: JsonObject): number | undefined;
  /** A copy of the body whose output limit is `tokens`; the given body stays as it is. */
  withOutputLimit(body: JsonObject, tokens: number): JsonObject;
  /** Thinking tokens that an output limit must exceed, or Bedrock answers 400; 0 for none. */
  thinkingBudgetOf(body: JsonObject): number;
  /** Whether Bedrock refuses any output limit beside the body's other settings. */
  forbidsOutputLimit(body: JsonObject): boolean;
  /**
   * How many answers the body asks for, each of which may reach the output limit; 1 for most.
   *
   * @throws HardcapError `invalid_request`
   */
  choicesOf(body: JsonObject): number;
}

/** What `additionalModelRequestFields` of the Converse shape means to a family. */
export interface ConverseExtras {
  /** @throws HardcapError `unpriced_field`, `invalid_request` */
  inspect(fields: JsonObject, reading: RequestReading): void;
  thinkingBudgetOf(fields: JsonObject): number;
  forbidsOutputLimit(fields: JsonObject): boolean;
  /** As of `RequestShape`; absent where the family has one answer at most. */
  choicesOf?(fields: JsonObject): number;
}

/** Reads the usage out of one running stream. */
export interface StreamMeter {
  /** @throws UnreadableUsage where the event's usage cannot be trusted */
  event(eventType: string, payload: Uint8Array): void;
  /** The counts of the whole answer; undefined until its final usage has arrived. */
  finalCounts(): Counts | undefined;
}

export interface Family {
  /** The only operation that asks it; absent: those of models. */
  readonly operation?: Operation;
  /** The vendor's own body, of InvokeModel. */
  readonly native: RequestShape;
  /** Absent where Converse does not serve the family. */
  readonly converse?: RequestShape;
  /** OpenAI's body at Bedrock's own chat completions; absent where they do not serve the family. */
  readonly chat?: RequestShape;
  /** The most tokens that one image makes; `window` where no rule bounds it. */
  readonly imageTokens: number | 'window';
  /** True where answers hold no tokens (embeddings, rerankings, images): no limit is written. */
  readonly hasNoOutputTokens?: boolean;
  /** Lifetimes of cache writes, beside `5m`, that cost what those of five minutes do. */
  readonly shortLifetimes?: readonly string[];
  /** True where an answer's input may include its cached tokens; its total then tells. */
  readonly mayIncludeCached?: boolean;
  /**
   * Base ids of the models whose whole output stands in their answers, unless a request asks for
   * thinking. A closed list, as what it names may be reserved by what is seen; absent: none.
   */
  readonly visibleModels?: RegExp;
  /**
   * True where answers carry no usage and none is needed: the units of the request are what is
   * billed, so that it is settled at its bound.
   */
  readonly isBilledByRequest?: boolean;
  /**
   * Counts of a complete native answer; undefined where it carries no usage.
   *
   * @throws UnreadableUsage
   */
  countsOfAnswer(answer: JsonObject): Counts | undefined;
  /**
   * The units that a complete answer counts, where it is billed by nothing else; a unit that is
   * left out is billed as asked for. Undefined where the answer carries no usage.
   *
   * @throws UnreadableUsage
   */
  unitsOfAnswer?(answer: JsonObject): UnitCounts | undefined;
  /**
   * A meter of the chunks of InvokeModelWithResponseStream; of a family with `chat`, of the data of
   * its server-sent events (`data`) too.
   */
  createStreamMeter(): StreamMeter;
}
