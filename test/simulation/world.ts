/**
 * What everything in one simulated run shares: time, randomness, the table, and the judge.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cap } from '../../lambda/domain/cap.ts';
import type { Actor } from './actor.ts';
import type { WriteFault } from './faulty-table.ts';
import type { Oracle } from './oracle.ts';
import type { Scheduler } from './scheduler.ts';
import type { Random } from './seeded-random.ts';
import type { SimulatedTable } from './simulated-table.ts';

/** Settings as they stood from one time to the next. */
export interface SettingsVersion {
  readonly fromMs: number;
  readonly caps: readonly Cap[];
  readonly isKeyEnabled: boolean;
}

export interface World {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly table: SimulatedTable;
  readonly oracle: Oracle;
  /** Every rollover run so far. */
  readonly rollovers: Actor[];
  /** The newest is last. */
  readonly settings: SettingsVersion[];
  /** How often each kind of fault was met. */
  readonly faults: Map<string, number>;
  /** Set for the end of a run, when the books must come to rest. */
  isCalm: boolean;
  /** Where what goes wrong is written down beforehand, and not drawn. */
  readonly script: Script | undefined;
  /** Lines of what happened, kept only where a run is traced. */
  readonly trace: string[] | undefined;
}

/** What befalls a request of the table. */
export type Scripted =
  | { readonly kind: 'fault'; readonly fault: WriteFault }
  /** The sender dies before it has left, or right after it took effect. */
  | { readonly kind: 'death'; readonly isApplied: boolean }
  /** It takes effect and is answered at this time of the world's. */
  | { readonly kind: 'at'; readonly atMs: number };

/** What befalls an actor's request of this number, from 1; undefined: nothing. */
export type Script = (actor: string, number: number) => Scripted | undefined;

/** One request of the plan, on whose behalf code runs. */
export interface RequestRun {
  readonly name: string;
  readonly startedAtMs: number;
}

/** Which request the running code belongs to; undefined in a rollover. */
export const currentRun = new AsyncLocalStorage<RequestRun>();

export function countFault(world: World, kind: string): void {
  world.faults.set(kind, (world.faults.get(kind) ?? 0) + 1);
}

export function note(world: World, line: string): void {
  world.trace?.push(`${world.scheduler.nowMs} ${line}`);
}
