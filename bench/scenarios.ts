/**
 * The scenarios: what is asked, how long the answer is, and how often it is asked in one round.
 */
import { STREAM_CHUNKS } from './answers.ts';

const MODEL = encodeURIComponent('us.anthropic.claude-haiku-4-5-20251001-v1:0');

/** One request, again and again. */
export interface Question {
  readonly path: string;
  readonly body: Buffer;
  readonly isStream: boolean;
  /** Whether the time between chunks is measured; the upstream then waits between them. */
  readonly isPaced: boolean;
}

export interface Scenario extends Question {
  readonly name: ScenarioName;
  /** What it is, for people. */
  readonly title: string;
  /** How many requests at a time, and how many of them in one round. */
  readonly requestsByConnections: ReadonlyMap<number, number>;
  readonly warmUp: WarmUp;
}

/** What each target answers before it is measured, so that what is measured is compiled code. */
export interface WarmUp {
  readonly requests: number;
  readonly connections: number;
}

export const SCENARIO_NAMES = ['small', 'stream', 'paced', 'prompt-64k', 'prompt-4m'] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

export const PACE_MS = 5;
const KB = 1_024;

const SENTENCE = 'The quick brown fox jumps over the lazy dog. ';

/** By this a prompt asks the upstream for as much as it has. */
export const FLOOD_MARK = 'flood';

const paceOf = (paceMs: number): string => `pace ${paceMs} ms`;

/** A body of Converse with about so many bytes; its beginning tells the upstream what to answer. */
function promptOf(bytes: number, wish = paceOf(0)): Buffer {
  const text = `${wish}. ${SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length))}`;
  return Buffer.from(
    JSON.stringify({
      messages: [{ role: 'user', content: [{ text: text.slice(0, bytes) }] }],
      inferenceConfig: { maxTokens: 1_000 },
    }),
  );
}

const whole = { path: `/model/${MODEL}/converse`, isStream: false, isPaced: false };
const stream = { path: `/model/${MODEL}/converse-stream`, isStream: true };

const often = (...pairs: (readonly [number, number])[]): ReadonlyMap<number, number> =>
  new Map(pairs);

/** What opens a connection: the times of a first request are those of connecting too. */
export const OPENING = { ...whole, body: promptOf(KB) };

/** What a reader asks that is too slow for its answer. */
export const FLOOD = { ...stream, isPaced: false, body: promptOf(KB, FLOOD_MARK) };

export const SCENARIOS: readonly Scenario[] = [
  {
    ...whole,
    name: 'small',
    title: '4 KB prompt, whole answer',
    body: promptOf(4 * KB),
    requestsByConnections: often([1, 80], [8, 240], [32, 480]),
    warmUp: { requests: 1_500, connections: 8 },
  },
  {
    ...stream,
    name: 'stream',
    title: `4 KB prompt, ${STREAM_CHUNKS} chunks as fast as they go`,
    isPaced: false,
    body: promptOf(4 * KB),
    requestsByConnections: often([1, 20], [8, 64], [32, 128]),
    warmUp: { requests: 160, connections: 8 },
  },
  {
    ...stream,
    name: 'paced',
    title: `4 KB prompt, ${STREAM_CHUNKS} chunks, one every ${PACE_MS} ms`,
    isPaced: true,
    body: promptOf(4 * KB, paceOf(PACE_MS)),
    requestsByConnections: often([1, 2], [8, 8], [32, 32]),
    warmUp: { requests: 96, connections: 32 },
  },
  {
    ...whole,
    name: 'prompt-64k',
    title: '64 KB prompt, whole answer',
    body: promptOf(64 * KB),
    requestsByConnections: often([1, 60], [8, 160], [32, 256]),
    warmUp: { requests: 200, connections: 8 },
  },
  {
    ...whole,
    name: 'prompt-4m',
    title: '4 MB prompt, whole answer',
    body: promptOf(4 * KB * KB),
    requestsByConnections: often([1, 4], [8, 16]),
    warmUp: { requests: 8, connections: 4 },
  },
];
