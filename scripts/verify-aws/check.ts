/**
 * What a check is, what it finds, and what it is given to look at.
 *
 * Owns:      the three verdicts. `unseen` is no failure: something was not there to look at.
 * Invariant: a finding holds no key, no credential and no text that a model wrote.
 */
import type { AwsAccount } from './aws-account.ts';
import type { Caller } from './caller.ts';

export type Verdict = 'ok' | 'differs' | 'unseen';

export interface Finding {
  readonly verdict: Verdict;
  /** What was relied on when hardcap was written. */
  readonly expected: string;
  readonly seen: string;
  /** What to do about it, where it differs or could not be seen. */
  readonly todo?: string;
  /** What is too long for a table; `--json` has it. */
  readonly details?: readonly string[];
}

export interface Check {
  /** For `--only`, and the name in the table. */
  readonly id: string;
  /** Number of its section of docs/verify-on-aws.md; `-` is the one of the script's own checks. */
  readonly section: string;
  run(scene: Scene): Promise<Finding>;
}

/** The gateway under check, and how far the checks may go. */
export interface Scene {
  readonly caller: Caller;
  /** The region that the gateway calls by itself. */
  readonly region: string;
  /** Other regions that it is said to serve. */
  readonly otherRegions: readonly string[];
  readonly models: CheckedModels;
  /** On this machine: what AWS's own platform does is not to be seen. */
  readonly isLocal: boolean;
  readonly authType: 'none' | 'iam';
  /** Absent: no AWS credentials were found, or none were looked for. */
  readonly account?: AwsAccount;
  /** How many requests a latency is the median of. */
  readonly samples: number;
  /** Seconds to be idle between two requests, one after another. */
  readonly pausesSeconds: readonly number[];
  /** How many requests to send at a time; 0: not. */
  readonly parallel: number;
  /** How long to wait for CloudWatch's figures. */
  readonly metricsWaitMs: number;
  /** Certificates to trust besides the usual ones. */
  readonly trustedCertificates?: string;
}

/** Ids as callers write them. */
export interface CheckedModels {
  /** The cheapest, by a profile of the region's geography. */
  readonly cheap: string;
  /** The same one by its bare id. */
  readonly bareCheap: string;
  readonly claude: string;
  readonly bareClaude: string;
  /** For a refusal only: so dear that its bound is above a small cap. */
  readonly dear: string;
  readonly chat: string;
}

export const ok = (expected: string, seen: string): Finding => ({ verdict: 'ok', expected, seen });

export const differs = (expected: string, seen: string, todo: string): Finding => ({
  verdict: 'differs',
  expected,
  seen,
  todo,
});

export const unseen = (expected: string, seen: string, todo: string): Finding => ({
  verdict: 'unseen',
  expected,
  seen,
  todo,
});

/** On a local gateway; what was seen there all the same may stand beside it. */
export const onlyOnAws = (expected: string, seen?: string): Finding => ({
  verdict: 'unseen',
  expected,
  seen: seen === undefined ? 'only AWS can show it' : `only AWS can show it (${seen})`,
});

/** Runs what needs the account's side; without credentials it is unseen. */
export async function withAccount(
  scene: Scene,
  expected: string,
  look: (account: AwsAccount) => Promise<Finding>,
): Promise<Finding> {
  if (scene.account !== undefined) return look(scene.account);
  if (scene.isLocal) return onlyOnAws(expected);
  return unseen(
    expected,
    'no AWS credentials',
    'give credentials of the account (AWS_PROFILE, or aws sso login), and --stack',
  );
}
