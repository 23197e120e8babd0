/**
 * What an answer says beside its tokens: how it was served, and what its guardrail counted.
 *
 * Invariant: a word or count that is not known makes the usage unreadable, never cheaper.
 */
import type { Serving } from '../price.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../request-body.ts';
import type { Unit, UnitCounts } from '../unit.ts';
import { LATENCIES, TIERS } from './request-reading.ts';
import {
  countOf,
  memberObject,
  parseObject,
  refuseUnknownCounts,
  UnreadableUsage,
  vendorJsonOf,
} from './usage-reading.ts';

/** What one answer, or all events of a stream, say. */
export interface AnswerSignals {
  /** Only what the answer tells; the rest is as it was asked for. */
  readonly served: Partial<Serving>;
  /** Every guardrail unit, zeros included; absent where the answer does not tell all of them. */
  readonly units?: UnitCounts;
  /** A guardrail replaced the answer, so that its usage does not tell what the guardrail read. */
  readonly hasIntervened: boolean;
}

export const NO_SIGNALS: AnswerSignals = { served: {}, hasIntervened: false };

/** Two parts of one answer: the later word on how it was served, and the units of both. */
export function joinedSignals(a: AnswerSignals, b: AnswerSignals): AnswerSignals {
  const units =
    a.units === undefined || b.units === undefined
      ? (a.units ?? b.units)
      : sumOfUnits(a.units, b.units);
  return {
    served: { ...a.served, ...b.served },
    hasIntervened: a.hasIntervened || b.hasIntervened,
    ...(units && { units }),
  };
}

function sumOfUnits(a: UnitCounts, b: UnitCounts): UnitCounts {
  const sum: Partial<Record<Unit, number>> = {};
  for (const unit of BILLED.values()) sum[unit] = (a[unit] ?? 0) + (b[unit] ?? 0);
  return sum;
}

/**
 * The signals of a Converse answer, or of an event that ends its stream.
 *
 * @throws UnreadableUsage
 */
export function signalsOfConverse(answer: JsonObject): AnswerSignals {
  const hasIntervened = answer.stopReason === 'guardrail_intervened';
  const traces = memberObject(answer, 'trace') ?? {};
  const trace = memberObject(traces, 'guardrail');
  refuseRouter(traces);
  return {
    served: servedBy(
      memberObject(answer, 'serviceTier')?.type,
      memberObject(answer, 'performanceConfig')?.latency,
    ),
    hasIntervened,
    ...unitsOfTrace(trace?.inputAssessment, trace?.outputAssessments, hasIntervened),
  };
}

/**
 * The signals of a vendor's body, or of one chunk of its stream.
 *
 * @throws UnreadableUsage
 */
export function signalsOfNative(answer: JsonObject): AnswerSignals {
  const action = answer['amazon-bedrock-guardrailAction'];
  const hasIntervened = action !== undefined && action !== null && action !== 'NONE';
  const traces = memberObject(answer, 'amazon-bedrock-trace') ?? {};
  const trace = memberObject(traces, 'guardrail');
  refuseRouter(traces);
  const usages = [
    answer,
    memberObject(answer, 'usage'),
    memberObject(memberObject(answer, 'message') ?? {}, 'usage'),
  ];
  return {
    served: Object.assign({}, ...usages.map((usage) => servedByVendor(usage?.service_tier))),
    hasIntervened,
    ...unitsOfTrace(trace?.input, trace?.outputs, hasIntervened),
  };
}

/** Routers are refused by their ids; an answer of one all the same is of no model that was priced. */
function refuseRouter({ promptRouter }: JsonObject): void {
  if (promptRouter === undefined || promptRouter === null) return;
  throw new UnreadableUsage('a router chose the model that answered');
}

/**
 * The signals in the headers of an InvokeModel answer, whole or streamed.
 *
 * @throws UnreadableUsage
 */
export const signalsOfHeaders = (headers: Readonly<Record<string, string>>): AnswerSignals => ({
  served: servedBy(
    headers['x-amzn-bedrock-service-tier'],
    headers['x-amzn-bedrock-performanceconfig-latency'],
  ),
  hasIntervened: false,
});

function servedBy(tier: JsonValue | undefined, latency: JsonValue | undefined): Partial<Serving> {
  const servedTier = known(TIERS, tier, 'tier');
  const servedLatency = known(LATENCIES, latency, 'latency');
  return {
    ...(servedTier !== undefined && { tier: servedTier }),
    ...(servedLatency !== undefined && { latency: servedLatency }),
  };
}

/**
 * A vendor's own word about its tier. It can make an answer dearer but not cheaper: it may stand
 * for the vendor's tiers, and `standard` there does not deny Bedrock's priority.
 */
function servedByVendor(tier: JsonValue | undefined): Partial<Serving> {
  return known(TIERS, tier, 'tier') === 'priority' ? { tier: 'priority' } : {};
}

function known<T>(
  values: Readonly<Record<string, T>>,
  value: JsonValue | undefined,
  what: string,
): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && Object.hasOwn(values, value)) return values[value];
  throw new UnreadableUsage(`the answer was served at a ${what} of unknown name`);
}

/** What a guardrail's usage counts, and the unit that each count is billed as. */
const BILLED: ReadonlyMap<string, Unit> = new Map([
  ['contentPolicyUnits', 'guardrail-content'],
  ['topicPolicyUnits', 'guardrail-topic'],
  ['sensitiveInformationPolicyUnits', 'guardrail-sensitive-information'],
  ['contextualGroundingPolicyUnits', 'guardrail-grounding'],
  ['automatedReasoningPolicyUnits', 'guardrail-automated-reasoning'],
]);

/** Free, but for the number of policies, which multiplies the units of automated reasoning. */
const KNOWN_COUNTS: ReadonlySet<string> = new Set([
  ...BILLED.keys(),
  'wordPolicyUnits',
  'sensitiveInformationPolicyFreeUnits',
  'automatedReasoningPolicies',
]);

/**
 * The units of a trace that tells all of them: of the input, and of the output unless the answer
 * was blocked before there was any.
 */
function unitsOfTrace(
  input: JsonValue | undefined,
  outputs: JsonValue | undefined,
  hasIntervened: boolean,
): { units?: UnitCounts } {
  const ofInput = usagesIn(input);
  const ofOutputs = usagesIn(outputs);
  const isWhole = ofInput.length > 0 && (ofOutputs.length > 0 || hasIntervened);
  if (!isWhole) return {};
  const units: Partial<Record<Unit, number>> = {};
  for (const unit of BILLED.values()) units[unit] = 0;
  for (const usage of [...ofInput, ...ofOutputs]) addUsage(units, usage);
  return { units };
}

/** Counts that every usage of a guardrail has: without one, nothing is known of its unit. */
const ALWAYS_TOLD = [
  'contentPolicyUnits',
  'topicPolicyUnits',
  'sensitiveInformationPolicyUnits',
  'contextualGroundingPolicyUnits',
];

/**
 * The units of one usage of a guardrail, zeros included; without those that it must tell and does
 * not.
 *
 * @throws UnreadableUsage
 */
export function unitsOfGuardrailUsage(usage: JsonObject): UnitCounts {
  const units: Partial<Record<Unit, number>> = {};
  addUsage(units, usage);
  for (const name of ALWAYS_TOLD) {
    const unit = BILLED.get(name);
    if (unit !== undefined && countOf(usage, name) === undefined) delete units[unit];
  }
  return units;
}

function addUsage(units: Partial<Record<Unit, number>>, usage: JsonObject): void {
  refuseUnknownCounts(usage, KNOWN_COUNTS);
  for (const [name, unit] of BILLED) {
    const count = countOf(usage, name) ?? 0;
    const times =
      unit === 'guardrail-automated-reasoning'
        ? Math.max(1, countOf(usage, 'automatedReasoningPolicies') ?? 1)
        : 1;
    units[unit] = (units[unit] ?? 0) + count * times;
  }
}

/** Every `invocationMetrics.usage` of the assessments, whichever guardrail each is of. */
function usagesIn(assessments: JsonValue | undefined): readonly JsonObject[] {
  if (Array.isArray(assessments)) return assessments.flatMap(usagesIn);
  if (!isJsonObject(assessments)) return [];
  const usage = memberObject(memberObject(assessments, 'invocationMetrics') ?? {}, 'usage');
  return usage === undefined ? Object.values(assessments).flatMap(usagesIn) : [usage];
}

/** Events of a ConverseStream that hold signals. */
const CONVERSE_EVENTS: ReadonlySet<string> = new Set(['metadata', 'messageStop']);

/** Words in a chunk that holds signals; the others stay undecoded. */
const CHUNK_MARKERS = ['service_tier', 'amazon-bedrock-'].map((marker) => Buffer.from(marker));

/**
 * The signals of one event of a stream; undefined where it has none.
 *
 * @throws UnreadableUsage
 */
export function signalsOfEvent(
  isConverseStream: boolean,
  eventType: string,
  payload: Uint8Array,
): AnswerSignals | undefined {
  if (isConverseStream) {
    const event = CONVERSE_EVENTS.has(eventType) ? parseObject(payload) : undefined;
    return event && signalsOfConverse(event);
  }
  const json = vendorJsonOf(eventType, payload);
  if (json === undefined || !CHUNK_MARKERS.some((marker) => json.includes(marker))) {
    return undefined;
  }
  const chunk = parseObject(json);
  return chunk && signalsOfNative(chunk);
}
