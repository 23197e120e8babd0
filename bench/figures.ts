/**
 * The figures of one target in one round, and of all rounds: what the report is made from.
 */
import type { Sample } from './load.ts';
import type { ScenarioName } from './scenarios.ts';
import { median, percentile } from './statistics.ts';

/** Times are medians in milliseconds, unless they say otherwise. */
export interface RoundFigures {
  readonly firstByteMs: number;
  readonly lastByteMs: number;
  readonly endMs: number;
  readonly endP99Ms: number;
  /** 99th percentile of the time between chunks; NaN where it is not measured. */
  readonly gapP99Ms: number;
  /** Processor time of the target for one request; undefined of a direct call. */
  readonly cpuMs: number | undefined;
}

export type FigureName = keyof RoundFigures;

export function figuresOf(samples: readonly Sample[], cpuMs: number | undefined): RoundFigures {
  const ends = samples.map(({ endMs }) => endMs);
  return {
    firstByteMs: median(samples.map(({ firstByteMs }) => firstByteMs)),
    lastByteMs: median(samples.map(({ lastByteMs }) => lastByteMs)),
    endMs: median(ends),
    endP99Ms: percentile(ends, 99),
    gapP99Ms: percentile(
      samples.flatMap(({ gapsMs }) => gapsMs),
      99,
    ),
    cpuMs,
  };
}

/** All rounds of a run, by target, scenario and connections. */
export class Figures {
  readonly #rounds = new Map<string, RoundFigures[]>();

  add(target: string, scenario: ScenarioName, connections: number, figures: RoundFigures): void {
    const key = keyOf(target, scenario, connections);
    this.#rounds.set(key, [...(this.#rounds.get(key) ?? []), figures]);
  }

  /** One figure of every round; empty where it was not measured. */
  rounds(
    target: string,
    scenario: ScenarioName,
    connections: number,
    figure: FigureName,
  ): (number | undefined)[] {
    const rounds = this.#rounds.get(keyOf(target, scenario, connections)) ?? [];
    return rounds.map((figures) => figures[figure]);
  }
}

const keyOf = (target: string, scenario: ScenarioName, connections: number): string =>
  `${target}/${scenario}/${connections}`;
