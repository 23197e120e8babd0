/**
 * The measured figures behind docs/cost.md: a test counts each of them anew and fails where one
 * of them is no longer true.
 */
import { readFileSync } from 'node:fs';

/** Operations by their names, and the request units that DynamoDB bills for them. */
export interface DynamodbUse {
  readonly operations: Readonly<Record<string, number>>;
  readonly writeUnits: number;
  readonly readUnits: number;
}

export interface CostFigures {
  /** By request; a refusal with the entry that the first of a second writes. */
  readonly requests: Readonly<Record<RequestName, DynamodbUse>>;
  /** Of one run of the rollover function. */
  readonly rollover: Readonly<Record<RolloverName, DynamodbUse>>;
  /** The most bytes of a journal entry under one cap, as DynamoDB counts them. */
  readonly journalBytes: number;
  /** The most bytes that one invocation prints, Lambda's own lines not included. */
  readonly logBytes: Readonly<Record<LogName, number>>;
}

export type RequestName =
  | 'admitted, 1 cap'
  | 'admitted, 2 caps'
  | 'admitted, 4 caps'
  | 'admitted stream, 1 cap'
  | 'first of a window, 1 cap'
  | 'admitted by settings that are too old, 1 cap'
  | 'refused, 1 cap'
  | 'refused by 1 of 4 caps'
  | 'refused by 1 of 4 caps, again'
  | 'refused by all of 4 caps'
  | 'larger than its cap'
  | 'larger than 1 of 4 caps'
  | 'a key of the right form that does not exist'
  | 'that key again within the settings age'
  | 'no key, or none of the right form'
  | 'CountTokens';

export type RolloverName = 'nothing open' | '10 open counters of 10 caps';

export type LogName =
  | 'admitted'
  | 'refused'
  | 'garbage'
  | 'a key that does not exist'
  | 'a rollover run';

const url = new URL('../docs/cost-figures.json', import.meta.url);

export const COST_FIGURES: CostFigures = JSON.parse(readFileSync(url, 'utf8'));
