/**
 * What a check of `hardcap doctor` is, and what it finds.
 *
 * Invariant: a finding that is not ok says what to do. None holds a secret or a hash.
 */
import type { Scene } from './scene.ts';

export type Level = 'ok' | 'warning' | 'failure';

export interface Finding {
  readonly level: Level;
  /** What was seen, in one sentence. */
  readonly seen: string;
  /** What to do about it. */
  readonly fix?: string;
  /** What is too long for a table; `--json` has it. */
  readonly details?: readonly string[];
}

/** What must be there to look at. */
export type Need = 'tables' | 'gateway' | 'account' | 'stack';

export interface Check {
  /** Its name in the table. */
  readonly id: string;
  readonly needs: Need;
  /** How bad it is where it could not be looked at. @default warning */
  readonly unseen?: Exclude<Level, 'ok'>;
  /** At least one finding. */
  run(scene: Scene): Promise<readonly Finding[]>;
}

export const ok = (seen: string, details?: readonly string[]): Finding => ({
  level: 'ok',
  seen,
  ...(details !== undefined && details.length > 0 && { details }),
});

export const warning = (seen: string, fix: string, details?: readonly string[]): Finding => ({
  level: 'warning',
  seen,
  fix,
  ...(details !== undefined && details.length > 0 && { details }),
});

export const failure = (seen: string, fix: string): Finding => ({ level: 'failure', seen, fix });

const SHOWN = 5;

/** The first few of many names, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
