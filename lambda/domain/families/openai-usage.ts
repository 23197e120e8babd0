/**
 * Usage as OpenAI's shape counts it, made disjoint; and the meter of streams that carry it.
 *
 * Invariant: what includes what is told by `total_tokens`, never assumed: prompt tokens include
 *            cached ones at most vendors, completion tokens include reasoning at all but xAI.
 * Source:    https://github.com/vercel/ai/pull/12425 for xAI's separate reasoning tokens.
 */
import type { JsonObject } from '../request-body.ts';
import type { StreamMeter } from './family.ts';
import {
  type Counts,
  countOf,
  countsOfInvocationMetrics,
  dearerCounts,
  dearerWithBedrock,
  memberObject,
  refuseUnknownCounts,
  UnreadableUsage,
  usageJsonOf,
} from './usage-reading.ts';

const KNOWN_USAGE: ReadonlySet<string> = new Set([
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'prompt_tokens_details',
  'completion_tokens_details',
  'cached_tokens',
  'num_cached_tokens',
  'prompt_cache_hit_tokens',
  'prompt_cache_miss_tokens',
  'reasoning_tokens',
  // xAI's own price of the answer: no count.
  'cost_in_usd_ticks',
]);

/** Audio is not among them: speech tokens have a price of their own. */
const KNOWN_PROMPT_PARTS: ReadonlySet<string> = new Set([
  'cached_tokens',
  'cache_write_tokens',
  'cache_creation_tokens',
  'image_tokens',
  'text_tokens',
]);

const KNOWN_COMPLETION_PARTS: ReadonlySet<string> = new Set(['reasoning_tokens', 'text_tokens']);

/**
 * The counts of a usage in OpenAI's words, disjoint.
 *
 * @throws UnreadableUsage
 */
export function countsOfOpenAiUsage(usage: JsonObject): Counts {
  refuseUnknownCounts(usage, KNOWN_USAGE);
  const ofPrompt = memberObject(usage, 'prompt_tokens_details') ?? {};
  const ofCompletion = memberObject(usage, 'completion_tokens_details') ?? {};
  refuseUnknownCounts(ofPrompt, KNOWN_PROMPT_PARTS);
  refuseUnknownCounts(ofCompletion, KNOWN_COMPLETION_PARTS);
  const prompt = countOf(usage, 'prompt_tokens');
  const completion = countOf(usage, 'completion_tokens');
  const cacheRead = largest(
    countOf(ofPrompt, 'cached_tokens'),
    countOf(usage, 'cached_tokens', 'num_cached_tokens', 'prompt_cache_hit_tokens'),
  );
  const cacheWrite = countOf(ofPrompt, 'cache_write_tokens', 'cache_creation_tokens');
  if (prompt === undefined || completion === undefined) {
    return { input: prompt, output: completion, cacheRead, cacheWrite };
  }
  const cached = (cacheRead ?? 0) + (cacheWrite ?? 0);
  const reasoning =
    largest(countOf(ofCompletion, 'reasoning_tokens'), countOf(usage, 'reasoning_tokens')) ?? 0;
  const total = countOf(usage, 'total_tokens');
  return {
    ...dearestReading({ prompt, completion, cached, reasoning, total }),
    cacheRead,
    cacheWrite,
  };
}

interface Parts {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
  readonly reasoning: number;
  readonly total: number | undefined;
}

/**
 * Input and output by every reading that the total allows, each at the larger: the cached tokens
 * stand inside the prompt or beside it, and so does the reasoning with the completion.
 */
function dearestReading({ prompt, completion, cached, reasoning, total }: Parts): Counts {
  if (total === undefined && cached + reasoning === 0) return { input: prompt, output: completion };
  const readings: Counts[] = [];
  for (const cachedBeside of [0, cached]) {
    for (const reasoningBeside of [0, reasoning]) {
      if (total !== prompt + completion + cachedBeside + reasoningBeside) continue;
      const input = prompt + cachedBeside - cached;
      if (input < 0 || reasoning > completion + reasoningBeside) continue;
      readings.push({ input, output: completion + reasoningBeside });
    }
  }
  if (readings.length === 0) {
    throw new UnreadableUsage('the total of the usage does not tell which of its counts overlap');
  }
  return readings.reduce(dearerCounts);
}

const largest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : Math.max(a, b ?? 0);

/**
 * The counts of an answer; undefined where it carries no usage.
 *
 * @throws UnreadableUsage
 */
export function countsOfOpenAiAnswer(answer: JsonObject): Counts | undefined {
  const usage = memberObject(answer, 'usage');
  return usage === undefined ? undefined : countsOfOpenAiUsage(usage);
}

/**
 * A meter of chunks whose running counts are cumulative, so that the larger is taken and nothing is
 * added. Final are Bedrock's own metrics, or a usage that its vendor marks as the last.
 *
 * @param countsOf the vendor's own counts in a chunk
 * @param isLast whether a chunk that has counts ends its stream
 */
export function createChunkMeter(
  countsOf: (chunk: JsonObject) => Counts | undefined,
  isLast: (chunk: JsonObject) => boolean = () => false,
): StreamMeter {
  let own: Counts | undefined;
  let metrics: Counts | undefined;
  let hasLast = false;
  return {
    event(eventType, payload) {
      const chunk = usageJsonOf(eventType, payload);
      if (chunk === undefined) return;
      const counts = countsOf(chunk);
      if (counts !== undefined) {
        own = dearerCounts(own ?? {}, counts);
        hasLast ||= isLast(chunk) && counts.output !== undefined;
      }
      metrics = countsOfInvocationMetrics(chunk) ?? metrics;
      hasLast ||= metrics?.output !== undefined;
    },
    finalCounts() {
      if (!hasLast) return undefined;
      return metrics === undefined ? own : dearerWithBedrock(own ?? {}, metrics);
    },
  };
}

/** The last usage of a stream stands in a chunk that has no choices; running ones do not. */
const isLastUsage = ({ choices }: JsonObject): boolean =>
  Array.isArray(choices) && choices.length === 0;

/** A meter of a stream of OpenAI's chunks. */
export const createOpenAiStreamMeter = (): StreamMeter =>
  createChunkMeter(countsOfOpenAiAnswer, isLastUsage);

/** A meter of a stream whose vendor counts nothing: Bedrock's own metrics tell all. */
export const createMetricsMeter = (): StreamMeter => createChunkMeter(() => undefined);
