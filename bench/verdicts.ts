/**
 * What is to be reached, as ratios within one run, and whether it was.
 *
 * Not a test: a busy machine may say no where a quiet one says yes.
 */

import { STREAM_CHUNKS } from './answers.ts';
import type { FigureName } from './figures.ts';
import type { Result } from './run.ts';
import type { ScenarioName } from './scenarios.ts';
import { median, medianDifference } from './statistics.ts';
import {
  DIRECT,
  FUNCTION_URL,
  floorOf,
  hardcapOf,
  PASS_THROUGH,
  PORTKEY,
  urlFloorOf,
} from './targets.ts';

export interface Verdict {
  readonly rule: string;
  readonly value: number;
  readonly most: number;
  /** The figures that the value is made from. */
  readonly from: string;
}

/** Every rule that the run has figures for. */
export function verdictsOf(result: Result): Verdict[] {
  return [
    ...addedVerdicts(result),
    ...chunkVerdicts(result),
    ...promptVerdict(result),
    ...slowReaderVerdict(result),
    ...writeVerdicts(result),
    ...startUpVerdicts(result),
  ].filter(({ value }) => !Number.isNaN(value));
}

const CONNECTIONS = [1, 8, 32];
const ANSWERS: readonly ScenarioName[] = ['small', 'stream'];
const TIMES: readonly (readonly [FigureName, string])[] = [
  ['firstByteMs', 'first byte'],
  ['endMs', 'end'],
];

/** By how many times the added time of one target may be another's. */
const COMPARISONS: readonly {
  readonly own: string;
  readonly other: string;
  readonly mostAt: (connections: number) => number | undefined;
}[] = [
  { own: hardcapOf(1), other: floorOf(1), mostAt: (at) => (at === 1 ? 1.0 : 1.1) },
  { own: hardcapOf(2), other: floorOf(2), mostAt: () => 1.1 },
  // The same in the same surroundings: the imitation is no part of either.
  { own: hardcapOf(1), other: urlFloorOf(1), mostAt: (at) => (at === 1 ? 1.0 : 1.1) },
  { own: hardcapOf(2), other: urlFloorOf(2), mostAt: () => 1.1 },
  { own: hardcapOf(1), other: PORTKEY, mostAt: (at) => (at === 1 ? undefined : 1.0) },
];

function addedVerdicts({ figures }: Result): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const { own, other, mostAt } of COMPARISONS) {
    for (const scenario of ANSWERS) {
      for (const connections of CONNECTIONS) {
        const most = mostAt(connections);
        if (most === undefined) continue;
        for (const [figure, words] of TIMES) {
          const addedBy = (target: string): number =>
            medianDifference(
              figures.rounds(target, scenario, connections, figure),
              figures.rounds(DIRECT, scenario, connections, figure),
            );
          const [mine, theirs] = [addedBy(own), addedBy(other)];
          verdicts.push({
            rule: `${own} to ${other}: added to the ${words}, ${scenario}, ${connections} at a time`,
            value: mine / theirs,
            most,
            from: `${mine.toFixed(2)} / ${theirs.toFixed(2)} ms`,
          });
        }
      }
    }
  }
  return verdicts;
}

/**
 * Microseconds of CPU for each chunk over the other target, without what the request itself costs;
 * NaN where the run has not measured both.
 */
export function chunkCostUs(
  { figures }: Result,
  target: string,
  scenario: ScenarioName,
  connections: number,
  other = PASS_THROUGH,
): number {
  const forChunks = (name: string): (number | undefined)[] => {
    const whole = figures.rounds(name, 'small', connections, 'cpuMs');
    const streamed = figures.rounds(name, scenario, connections, 'cpuMs');
    return streamed.map((cpuMs, at) => {
      const request = whole[at];
      return cpuMs === undefined || request === undefined ? undefined : cpuMs - request;
    });
  };
  const overMs = medianDifference(forChunks(target), forChunks(other));
  return (overMs * 1_000) / STREAM_CHUNKS;
}

const MOST_US_A_CHUNK = 20;

const chunkVerdicts = (result: Result): Verdict[] =>
  [PASS_THROUGH, FUNCTION_URL].flatMap((other) =>
    (['stream', 'paced'] as const).flatMap((scenario) =>
      CONNECTIONS.map((connections) => ({
        rule: `hardcap-1: CPU us a chunk over ${other}, ${scenario}, ${connections} at a time`,
        value: chunkCostUs(result, hardcapOf(1), scenario, connections, other),
        most: MOST_US_A_CHUNK,
        from: 'stream less whole answer',
      })),
    ),
  );

const MOST_MS_FOR_64_KB = 0.5;

function promptVerdict({ figures }: Result): Verdict[] {
  const cpuMs = (scenario: ScenarioName) => figures.rounds(hardcapOf(1), scenario, 1, 'cpuMs');
  const overMs = medianDifference(cpuMs('prompt-64k'), cpuMs('small'));
  const from = `${median(cpuMs('prompt-64k').map(Number)).toFixed(2)} - ${median(cpuMs('small').map(Number)).toFixed(2)} ms`;
  return [
    {
      rule: 'CPU ms of a 64 KB prompt over a 4 KB one',
      value: overMs,
      most: MOST_MS_FOR_64_KB,
      from,
    },
  ];
}

const MB = 1_048_576;
/** An eighth of what is offered; resident memory is no exact measure. */
const MOST_MB_FOR_SLOW_READER = 8;

function slowReaderVerdict({ memory }: Result): Verdict[] {
  const used = memory.get(hardcapOf(1));
  if (used === undefined) return [];
  return [
    {
      rule: 'hardcap-1: MB held for a client that asks for 64 MB and does not read',
      value: used.slowReaderBytes / MB,
      most: MOST_MB_FOR_SLOW_READER,
      from: 'growth of resident memory',
    },
  ];
}

/** A reserve and a settle for each cap, and the journal. */
const writeVerdicts = ({ books }: Result): Verdict[] =>
  [...books].map(([target, { capCount, writesPerRequest, settledUsd }]) => ({
    rule: `${target}: writes a request`,
    value: writesPerRequest,
    most: capCount * 2 + 1,
    from: `each cap settled $${settledUsd}`,
  }));

const KB = 1_024;
const MOST_CODE_KB = 450;
const MOST_TIMES_LEAST = 1.3;

function startUpVerdicts({ startUp }: Result): Verdict[] {
  if (startUp === undefined) return [];
  const { hardcap, least } = startUp;
  return [
    {
      rule: 'KB of code that the first request loads',
      value: hardcap.codeBytes / KB,
      most: MOST_CODE_KB,
      from: `a DynamoDB client alone is ${Math.round(least.codeBytes / KB)} KB`,
    },
    {
      rule: 'loading the function, to one that only makes a DynamoDB client',
      value: hardcap.loadMs / least.loadMs,
      most: MOST_TIMES_LEAST,
      from: `${hardcap.loadMs.toFixed(1)} / ${least.loadMs.toFixed(1)} ms`,
    },
  ];
}
