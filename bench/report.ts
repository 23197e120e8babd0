/**
 * The report of a run as tables of text.
 */
import Table from 'cli-table3';
import type { FigureName } from './figures.ts';
import type { Result } from './run.ts';
import type { Scenario } from './scenarios.ts';
import { median, medianDifference } from './statistics.ts';
import { DIRECT, PASS_THROUGH, type Target } from './targets.ts';

interface Asked {
  readonly targets: readonly Target[];
  readonly scenarios: readonly Scenario[];
  readonly connections: readonly number[];
}

const MB = 1_048_576;
const shown = (value: number | undefined, digits: number): string =>
  value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits);

const newTable = (head: string[]) =>
  new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, at) => (at === 0 ? 'left' : 'right')),
  });

/** Every table of the run, one after another. */
export function writeReport(result: Result, asked: Asked): string {
  const parts: string[] = [];
  for (const scenario of asked.scenarios) {
    for (const connections of asked.connections) {
      const table = scenarioTable(result, asked.targets, scenario, connections);
      if (table !== undefined) parts.push(table);
    }
  }
  parts.push(memoryTable(result));
  return `${parts.join('\n\n')}\n`;
}

function scenarioTable(
  { figures }: Result,
  targets: readonly Target[],
  scenario: Scenario,
  connections: number,
): string | undefined {
  const { name, title, isStream, isPaced, chunks } = scenario;
  const rounds = (target: string, figure: FigureName) =>
    figures.rounds(target, name, connections, figure);
  const measured = targets.filter((target) => rounds(target.name, 'endMs').length > 0);
  if (measured.length === 0) return undefined;
  const table = newTable([
    'ms (added to direct)',
    'first byte',
    'last byte',
    'end',
    'end p99',
    'CPU',
    ...(isStream ? ['us a chunk'] : []),
    ...(isPaced ? ['gap p99'] : []),
  ]);
  for (const target of measured) {
    const isDirect = target.name === DIRECT;
    const added = (figure: FigureName): string => {
      const own = rounds(target.name, figure);
      return isDirect
        ? `(${shown(median(own.map(Number)), 2)})`
        : shown(medianDifference(own, rounds(DIRECT, figure)), 2);
    };
    const overPassThrough = medianDifference(
      rounds(target.name, 'cpuMs'),
      rounds(PASS_THROUGH, 'cpuMs'),
    );
    const cpu = isDirect ? undefined : median(rounds(target.name, 'cpuMs').map(Number));
    table.push([
      target.name,
      added('firstByteMs'),
      added('lastByteMs'),
      added('endMs'),
      added('endP99Ms'),
      shown(cpu, 3),
      ...(isStream ? [isDirect ? '' : shown((overPassThrough * 1_000) / chunks, 1)] : []),
      ...(isPaced ? [added('gapP99Ms')] : []),
    ]);
  }
  return `${title}, ${connections} at a time\n${table.toString()}`;
}

function memoryTable({ memory, settledUsd, answers }: Result): string {
  const table = newTable(['MB', 'idle', 'after', 'live heap', 'settled $']);
  for (const [name, { idleBytes, afterBytes, heapBytes }] of memory) {
    const cells = [idleBytes, afterBytes, heapBytes].map((bytes) => shown(bytes / MB, 1));
    table.push([name, ...cells, settledUsd.get(name) ?? '']);
  }
  return `memory, and what each cap has settled in ${answers} verified answers of all\n${table}`;
}
