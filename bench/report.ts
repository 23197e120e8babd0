/**
 * The report of a run as tables of text: what was reached first, then every figure.
 */
import Table from 'cli-table3';
import type { FigureName } from './figures.ts';
import type { Result } from './run.ts';
import type { Scenario } from './scenarios.ts';
import { median, medianDifference } from './statistics.ts';
import { DIRECT, type Target } from './targets.ts';
import { chunkCostUs, verdictsOf } from './verdicts.ts';

export interface Asked {
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
export function reportOf(result: Result, asked: Asked): string {
  const scenarioTables = asked.scenarios.flatMap((scenario) =>
    asked.connections.flatMap(
      (connections) => scenarioTable(result, asked.targets, scenario, connections) ?? [],
    ),
  );
  const targets = asked.targets.map(({ name, title }) => `${name}: ${title}`).join('\n');
  const parts = [targets, verdictTable(result), ...scenarioTables, memoryTable(result)];
  return `${parts.join('\n\n')}\n`;
}

function verdictTable(result: Result): string {
  const table = newTable(['what is to be reached', 'at most', 'is', 'reached', 'from']);
  for (const { rule, value, most, from } of verdictsOf(result)) {
    table.push([rule, shown(most, 1), shown(value, 2), value <= most ? 'yes' : 'NO', from]);
  }
  return `what is to be reached, as ratios and differences within this run\n${table.toString()}`;
}

function scenarioTable(
  result: Result,
  targets: readonly Target[],
  scenario: Scenario,
  connections: number,
): string | undefined {
  const { name, title, isStream, isPaced } = scenario;
  const isMeasured = (target: Target): boolean =>
    result.figures.rounds(target.name, name, connections, 'endMs').length > 0;
  const measured = targets.filter(isMeasured);
  if (measured.length === 0) return undefined;
  const table = newTable([
    'added ms (direct: in all)',
    'first byte',
    'last byte',
    'end',
    'end p99',
    'CPU ms',
    ...(isStream ? ['CPU us a chunk'] : []),
    ...(isPaced ? ['gap p99'] : []),
  ]);
  for (const target of measured) table.push(rowOf(result, target.name, scenario, connections));
  return `${title}, ${connections} at a time\n${table.toString()}`;
}

function rowOf(
  result: Result,
  target: string,
  { name, isStream, isPaced }: Scenario,
  connections: number,
): string[] {
  const isDirect = target === DIRECT;
  const rounds = (of: string, figure: FigureName) =>
    result.figures.rounds(of, name, connections, figure);
  const added = (figure: FigureName): string =>
    isDirect
      ? shown(median(rounds(target, figure).map(Number)), 2)
      : shown(medianDifference(rounds(target, figure), rounds(DIRECT, figure)), 2);
  const cpuMs = median(rounds(target, 'cpuMs').map(Number));
  return [
    target,
    added('firstByteMs'),
    added('lastByteMs'),
    added('endMs'),
    added('endP99Ms'),
    shown(cpuMs, 3),
    ...(isStream ? [shown(chunkCostUs(result, target, name, connections), 1)] : []),
    ...(isPaced ? [added('gapP99Ms')] : []),
  ];
}

function memoryTable({ memory, answers }: Result): string {
  const table = newTable(['memory, MB', 'idle', 'after', 'live heap after', 'slow reader']);
  for (const [name, { idleBytes, afterBytes, heapBytes, slowReaderBytes }] of memory) {
    const figures = [idleBytes, afterBytes, heapBytes, slowReaderBytes];
    table.push([name, ...figures.map((bytes) => shown(bytes / MB, 1))]);
  }
  return `after ${answers} answers, each verified\n${table.toString()}`;
}
