/**
 * What a request can cost at most, and the body that goes out so that it holds.
 *
 * Invariant: no usage that Bedrock can meter for this body costs more than the bound. What is
 *            priced is what is sent: the bound is taken from the bytes that go out.
 * Not here:  which members there are (families/), and what was used in the end (usage.ts).
 */
import type { Model } from './catalogue.ts';
import { HardcapError } from './errors.ts';
import type { Family, RequestShape } from './families/family.ts';
import { guardedTextOf, withoutGuardrailConfig } from './families/guarded-text.ts';
import { FAMILIES } from './families/registry.ts';
import { RequestReading } from './families/request-reading.ts';
import { type GuardedText, mostGuardrailUnits } from './guardrail.ts';
import { MIN_RESERVATION, maxUsd, type NanoUsd, nanoUsd } from './money.ts';
import { normalizedBytes } from './normalized-bytes.ts';
import { isChat, isConverse, isGuardrail, type Operation } from './operation.ts';
import {
  costBesideFree,
  dearestInputRate,
  lineCost,
  type Price,
  priceServedAs,
  type Serving,
} from './price.ts';
import { type JsonObject, serializeBody } from './request-body.ts';
import { costOfUnits, type UnitCounts, unpricedUnit } from './unit.ts';

/** A request as the caller asked for it. */
export interface RequestToPrepare {
  /** Not `count-tokens`, which is free and is never prepared. */
  readonly operation: Operation;
  readonly model: Model;
  /** Read, never changed. */
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
  /** Dotted paths or bare names of members that pass although hardcap does not know them. */
  readonly allowFields: ReadonlySet<string>;
  /** The output limit of a request that has none; absent: the model's maximum. */
  readonly defaultMaxTokens?: number;
  /** What the output limit is lowered to where it is more (action `clamp`), thinking included. */
  readonly mostOutputTokens?: number;
  /** A tighter bound on the input than its bytes are, in tokens; CountTokens gives it. */
  readonly mostInputTokens?: number;
}

/** A request that is ready to be sent, and its bounds. */
export interface Prepared {
  /** What goes out, but for the reservation's id in its metadata (reservation-note.ts). */
  readonly body: Uint8Array;
  /** Bound on all input tokens, cached ones included. */
  readonly inputTokens: number;
  /** Bound on output tokens, thinking included. */
  readonly outputTokens: number;
  /** Bound on the cost; at least 1. */
  readonly boundNanoUsd: NanoUsd;
  /** Whether the request asks for cache writes that live an hour, which cost more. */
  readonly oneHourCacheWrites: boolean;
  /** Bound on what is billed by other units than tokens, a guardrail's text units included. */
  readonly units: UnitCounts;
  /** What the guardrail looks at; absent where the request names none. */
  readonly guardedText?: GuardedText;
  /** How the request asks to be served, at its dearest: the bound is by that price. */
  readonly serving: Serving;
  /** The output limit that goes out; absent where none can be written, or none is needed. */
  readonly limit?: OutputLimit;
  /**
   * Bound on the tokens beside those of the text. Absent where the input is more than text: then
   * no count of its tokens is trusted.
   */
  readonly overheadTokens?: number;
  /** Whether every output token will stand in the answer, so that what is seen bounds them. */
  readonly isAllVisible?: boolean;
}

/** The output limit of a request, which may be written lower. */
export interface OutputLimit {
  /** Of each answer, thinking included. */
  readonly tokens: number;
  /** How many answers there may be. */
  readonly choices: number;
  /** What the limit must exceed, or Bedrock answers 400. */
  readonly thinkingBudgetTokens: number;
  /** Whether it is below what the request would have had. */
  readonly isLowered: boolean;
}

/**
 * The body that goes out, and the most that it can cost.
 *
 * A request without an output limit gets one written into it, so that Bedrock enforces what was
 * priced: the default, and what thinking may use on top of it where the request sets a budget, as
 * Bedrock answers 400 to a limit that is not above the budget.
 *
 * @throws HardcapError `unpriced_field` naming what cannot be priced, `invalid_request`
 */
export function prepareRequest(request: RequestToPrepare): Prepared {
  const { model } = request;
  const family = FAMILIES[model.family];
  const shape = shapeOf(family, request);
  const modelIds = [model.modelId, model.baseModelId, model.profileId];
  const reading = new RequestReading(request.allowFields, family.imageTokens, modelIds);
  inspectHeaders(request.headers, reading);
  const isNative = !isConverse(request.operation);
  shape.inspect(isNative ? withoutGuardrailConfig(request.body, reading) : request.body, reading);

  const limited = limitOutput(family, shape, request);
  const body = serializeBody(limited.body);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const oneHourCacheWrites = asksForLongCacheWrites(bytes, family.shortLifetimes);
  const { outputTokens, limit } = limited;
  const { serving, overheadTokens } = reading;
  const guardedText = guardedTextOf(request, family, reading, bytes);
  const units = unitsAt(outputTokens, {
    units: reading.units,
    ...(guardedText && { guardedText }),
  });
  const price = priceAsServed(model, reading);
  refuseUnpricedUnits(price, units);
  const inputTokens = Math.min(
    boundInput(bytes, reading, model.contextWindowTokens, family),
    request.mostInputTokens ?? Number.POSITIVE_INFINITY,
  );
  const boundNanoUsd = boundCost(price, { inputTokens, outputTokens, units, oneHourCacheWrites });
  return {
    body,
    inputTokens,
    outputTokens,
    boundNanoUsd,
    oneHourCacheWrites,
    units,
    serving,
    ...(guardedText && { guardedText }),
    ...(limit && { limit }),
    ...(reading.isTextOnly && { overheadTokens }),
    // A guardrail may replace the output, which then is not all that was written.
    ...(!guardedText && isAllVisible(family, model, reading) && { isAllVisible: true }),
  };
}

const isAllVisible = (family: Family, { baseModelId }: Model, reading: RequestReading): boolean =>
  family.visibleModels?.test(baseModelId) === true && !reading.mayThink;

/** The units of a request that may write this many tokens: a guardrail looks at each of them. */
export const unitsAt = (
  outputTokens: number,
  { units, guardedText }: Pick<Prepared, 'units' | 'guardedText'>,
): UnitCounts =>
  guardedText === undefined
    ? units
    : { ...units, ...mostGuardrailUnits(guardedText, outputTokens) };

/** @throws HardcapError `invalid_request` where the operation does not serve the model */
function shapeOf(family: Family, { operation, model }: RequestToPrepare): RequestShape {
  const only = family.operation;
  if (only !== undefined ? operation !== only : isGuardrail(operation)) {
    throw new HardcapError(
      'invalid_request',
      `invalid_request: ${operation} does not serve ${model.modelId}` +
        (only === undefined ? '' : `, which is a name of hardcap's for ${only}`),
    );
  }
  if (isChat(operation)) return chatShapeOf(family, model);
  if (!isConverse(operation)) return family.native;
  if (family.converse !== undefined) return family.converse;
  throw new HardcapError(
    'invalid_request',
    `invalid_request: Converse does not serve ${model.modelId}; call it by InvokeModel`,
  );
}

/** @throws HardcapError `invalid_request` where Bedrock serves the model in no shape of OpenAI's */
function chatShapeOf(family: Family, model: Model): RequestShape {
  if (family.chat !== undefined) return family.chat;
  throw new HardcapError(
    'invalid_request',
    `invalid_request: Bedrock has no chat completions of ${model.modelId}; call it by Converse`,
  );
}

/** @throws HardcapError `unpriced_field` where the model has no price for how it is asked for */
function priceAsServed(model: Model, { serving, servingField }: RequestReading): Price {
  const price = priceServedAs(model.price, serving);
  if (price !== undefined) return price;
  throw new HardcapError(
    'unpriced_field',
    `unpriced_field: "${servingField}": ${model.modelId} has no price for it; leave it out, or ` +
      'set a price item that has one',
    { details: { field: servingField } },
  );
}

/** @throws HardcapError `unpriced_field` naming the unit that has no price */
function refuseUnpricedUnits(price: Price, units: UnitCounts): void {
  if (price.free === true) return;
  const unpriced = unpricedUnit(units, price.units);
  if (unpriced === undefined) return;
  throw new HardcapError(
    'unpriced_field',
    `unpriced_field: ${price.modelId} has no price for the unit "${unpriced}" that this request ` +
      'asks for; set a price item that has one',
    { details: { field: unpriced } },
  );
}

/** Headers that move the price; all others do not reach Bedrock. */
function inspectHeaders(headers: Readonly<Record<string, string>>, reading: RequestReading): void {
  for (const [name, value] of Object.entries(headers)) {
    const header = name.toLowerCase();
    switch (header) {
      case 'x-amzn-bedrock-service-tier':
        reading.askTier(value, header);
        break;
      case 'x-amzn-bedrock-performanceconfig-latency':
        reading.askLatency(value, header);
        break;
      case 'x-amzn-bedrock-guardrailidentifier':
      case 'x-amzn-bedrock-guardrailversion':
        reading.noteGuardrail(header);
        break;
      default:
    }
  }
}

/** The body with an output limit in it, and the output tokens that it then allows. */
function limitOutput(
  family: Family,
  shape: RequestShape,
  { model, body, defaultMaxTokens, mostOutputTokens }: RequestToPrepare,
): { body: JsonObject; outputTokens: number; limit?: OutputLimit } {
  if (family.hasNoOutputTokens === true) return { body, outputTokens: 0 };
  const { contextWindowTokens, maxOutputTokens } = model;
  const choices = shape.choicesOf(body);
  const asked = shape.outputLimitOf(body);
  const most = mostOutputTokens ?? Number.POSITIVE_INFINITY;
  const isFixed = shape.forbidsOutputLimit(body);
  const thinkingBudgetTokens = shape.thinkingBudgetOf(body);
  // More than the model writes at all is sent as it came: Bedrock answers it, we only bound it.
  if (asked !== undefined && (asked <= most || isFixed)) {
    const tokens = Math.min(asked, contextWindowTokens);
    const limit = { tokens, choices, thinkingBudgetTokens, isLowered: false };
    return { body, outputTokens: tokens * choices, ...(isFixed ? {} : { limit }) };
  }
  // Nothing bounds the output but the window, as a limit would make Bedrock refuse the request.
  if (isFixed) return { body, outputTokens: contextWindowTokens * choices };
  const wished = (defaultMaxTokens ?? maxOutputTokens) + thinkingBudgetTokens;
  const unlowered = asked ?? Math.min(wished, maxOutputTokens);
  const tokens = Math.min(unlowered, most);
  return {
    body: shape.withOutputLimit(body, tokens),
    outputTokens: tokens * choices,
    limit: { tokens, choices, thinkingBudgetTokens, isLowered: tokens < unlowered },
  };
}

/**
 * A byte-level tokenizer makes at most one token of each byte; media and templates are counted by
 * the reading. Bedrock refuses what does not fit into the window.
 */
function boundInput(
  body: Buffer,
  reading: RequestReading,
  contextWindowTokens: number,
  family: Family,
): number {
  const besideBytes = reading.overheadTokens - reading.imageBytes;
  // An embedding's window holds for each of its texts, and they may be a hundred.
  if (family.hasNoOutputTokens === true) return normalizedBytes(body) + besideBytes;
  if (reading.fillsWindow) return contextWindowTokens;
  // Normalising only ever adds to what is too much already.
  if (body.length + besideBytes >= contextWindowTokens) return contextWindowTokens;
  return Math.min(normalizedBytes(body) + besideBytes, contextWindowTokens);
}

/** How a lifetime other than none is written in what `serializeBody` gives: without white space. */
const LIFETIME = Buffer.from('"ttl":"');

/**
 * Whether any cache lifetime in the body is other than five minutes or one of `others`. Text of the caller's cannot
 * look so, as its quotes are escaped; a tool's schema can, which only makes the bound larger.
 */
function asksForLongCacheWrites(body: Buffer, others: readonly string[] = []): boolean {
  const short = ['5m', ...others].map((lifetime) => Buffer.from(`${lifetime}"`));
  let at = body.indexOf(LIFETIME);
  while (at !== -1) {
    const value = at + LIFETIME.length;
    if (!short.some((text) => body.subarray(value, value + text.length).equals(text))) return true;
    at = body.indexOf(LIFETIME, value);
  }
  return false;
}

/**
 * Four price lines of the input side are each rounded up, where the bound rounds their sum up
 * once: they can be three nano-dollars more. The output is one line in both.
 */
export const ROUNDING_NANO_USD = 3n;

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** What a request is bounded to use. */
export type Bounds = Pick<
  Prepared,
  'inputTokens' | 'outputTokens' | 'units' | 'oneHourCacheWrites'
>;

/** The rates that the bound is by, in nano-dollars per million tokens. */
export function boundRates(price: Price, { inputTokens, oneHourCacheWrites }: Bounds) {
  const inputRate = dearestInputRate(price.tokens, oneHourCacheWrites);
  const outputRate = price.tokens.outputNanoUsdPerMillion;
  const { longContext } = price;
  if (longContext === undefined || inputTokens <= longContext.thresholdTokens) {
    return { inputRate, outputRate };
  }
  // The true count may stay below the threshold, and nothing says that its price is then lower.
  return {
    inputRate: larger(inputRate, dearestInputRate(longContext.tokens, oneHourCacheWrites)),
    outputRate: larger(outputRate, longContext.tokens.outputNanoUsdPerMillion),
  };
}

/** The cost of the dearest way in which this much, or less, can be billed by a price as it is served. */
export function boundCost(price: Price, bounds: Bounds): NanoUsd {
  if (price.free === true) return maxUsd(MIN_RESERVATION, costBesideFree(price, bounds.units));
  const { inputTokens, outputTokens, units } = bounds;
  const { inputRate, outputRate } = boundRates(price, bounds);
  const cost = lineCost(inputTokens, inputRate) + lineCost(outputTokens, outputRate);
  return nanoUsd(cost + costOfUnits(units, price.units) + ROUNDING_NANO_USD);
}
