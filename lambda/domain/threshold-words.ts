/**
 * What a person is told when a cap has reached a threshold: the numbers, who spent most, and the
 * command that raises it.
 */
import {
  dollars,
  durationText,
  instantArgument,
  instantText,
  percentOf,
  shownName,
  shownSplit,
  type Words,
  wordsOf,
} from './alert-text.ts';
import { type Cap, limitAt } from './cap.ts';
import {
  formatUsd,
  MAX_USD,
  maxUsd,
  minUsd,
  NANO_USD_PER_USD,
  type NanoUsd,
  nanoUsd,
  subtractUsd,
} from './money.ts';
import type { Window } from './window.ts';

/** A key or a model, and what it spent in the window. */
export interface Spender {
  readonly name: string;
  readonly settledNanoUsd: NanoUsd;
}

/** Who spent most, the dearest first; the names need not come to all that was spent. */
export interface TopSpenders {
  readonly keys: readonly Spender[];
  readonly models: readonly Spender[];
}

/** What is known of the counter that has reached the threshold. */
export interface ThresholdFacts {
  readonly cap: Cap;
  /** As in the counter's key. */
  readonly split?: string;
  readonly percent: number;
  /** The limit that the threshold is a part of. */
  readonly limitNanoUsd: NanoUsd;
  readonly settledNanoUsd: NanoUsd;
  readonly reservedNanoUsd: NanoUsd;
  readonly window: Window;
  readonly nowMs: number;
  /** Undefined: not known. */
  readonly top?: TopSpenders;
}

/** What is left of the limit; below zero where more was let through than it allows. */
export const remainingOf = (facts: ThresholdFacts): NanoUsd =>
  subtractUsd(subtractUsd(facts.limitNanoUsd, facts.settledNanoUsd), facts.reservedNanoUsd);

/** Subject and message of a threshold that was reached. */
export function thresholdWords(facts: ThresholdFacts): Words {
  const { cap, split, percent, limitNanoUsd, settledNanoUsd, window } = facts;
  const name = `cap ${cap.capId}${split === undefined ? '' : ` (${shownSplit(split)})`}`;
  const spent = percentOf(settledNanoUsd, limitNanoUsd);
  const limit = `${dollars(limitNanoUsd, 'down')}${EACH[cap.window.kind]}`;
  const part = spent === undefined ? `has spent ${dollars(settledNanoUsd)}` : `is at ${spent} %`;
  const head = `${name} ${part} of ${limit}`;
  const { timeZone } = cap.window;
  return wordsOf(`hardcap: ${head}`, [
    `The ${head} (alert at ${percent} %).`,
    '',
    `Limit:      ${limit}${raiseNote(facts)}`,
    `Spent:      ${dollars(settledNanoUsd)}`,
    `In flight:  ${dollars(facts.reservedNanoUsd)} reserved for requests under way`,
    `Remaining:  ${remainingText(facts)}`,
    window.endsAtMs === undefined
      ? undefined
      : `Since:      ${instantText(window.startsAtMs, timeZone)}`,
    `Resets:     ${resetText(facts)}`,
    '',
    ...spenderLines(facts),
    '',
    consequence(facts),
    ...actionLines(facts),
  ]);
}

const EACH = {
  hourly: ' an hour',
  daily: ' a day',
  weekly: ' a week',
  monthly: ' a month',
  lifetime: ' in all',
} as const;

function remainingText(facts: ThresholdFacts): string {
  const remaining = remainingOf(facts);
  if (remaining >= 0n) return dollars(remaining, 'down');
  return `none; ${dollars(nanoUsd(-remaining))} more than the limit are spent or in flight`;
}

function raiseNote({ cap, limitNanoUsd, nowMs }: ThresholdFacts): string {
  const { raised } = cap;
  if (raised === undefined || limitNanoUsd === cap.limitNanoUsd) return '';
  if (limitAt(cap, nowMs) !== limitNanoUsd) return '';
  const until = instantText(raised.untilMs, cap.window.timeZone);
  return `, raised from ${dollars(cap.limitNanoUsd, 'down')} until ${until}`;
}

function resetText({ cap, window: { endsAtMs }, nowMs }: ThresholdFacts): string {
  if (endsAtMs === undefined) return 'never: it is a cap of a lifetime';
  const at = instantText(endsAtMs, cap.window.timeZone);
  return endsAtMs <= nowMs ? `${at}: has reset` : `${at} (in ${durationText(endsAtMs - nowMs)})`;
}

/** A guess helps nobody at night: where it is not known, it says so. */
function spenderLines({ top, settledNanoUsd, window }: ThresholdFacts): string[] {
  if (top === undefined) {
    return window.endsAtMs === undefined
      ? ['Who spent most is not summed over the lifetime of a cap; the journal has each request.']
      : ['Who spent most is not known: the journal could not be read in the time for it.'];
  }
  const line = (spenders: readonly Spender[]) =>
    spenders.map((spender) => spenderText(spender, settledNanoUsd)).join(', ') || 'not known';
  return [`Most by key:    ${line(top.keys)}`, `Most by model:  ${line(top.models)}`];
}

function spenderText({ name, settledNanoUsd }: Spender, all: NanoUsd): string {
  const part = percentOf(settledNanoUsd, all);
  return `${shownName(name)} ${dollars(settledNanoUsd)}${part === undefined ? '' : ` (${part} %)`}`;
}

function consequence(facts: ThresholdFacts): string {
  const { cap, settledNanoUsd, limitNanoUsd, window, nowMs } = facts;
  if (hasEnded(window, nowMs)) return 'The window has ended: there is nothing to do.';
  if (cap.action === 'warn') return 'Nothing is refused: this cap only warns.';
  const until = window.endsAtMs === undefined ? 'it is raised' : 'it resets or is raised';
  if (settledNanoUsd >= limitNanoUsd) return `Requests that it covers are refused until ${until}.`;
  return cap.action === 'clamp'
    ? 'Requests go on while they fit into what remains; others are shortened, then refused.'
    : 'Requests go on while they fit into what remains; others are refused.';
}

const hasEnded = ({ endsAtMs }: Window, nowMs: number): boolean =>
  endsAtMs !== undefined && endsAtMs <= nowMs;

function actionLines(facts: ThresholdFacts): string[] {
  const { cap, window, nowMs } = facts;
  if (hasEnded(window, nowMs) || cap.action === 'warn') return [];
  return ['', ...raiseLines(facts), 'To see all caps:', '  hardcap status'];
}

const SSM_PREFIX = 'ssm:';

function raiseLines(facts: ThresholdFacts): string[] {
  const { cap, nowMs } = facts;
  const most = suggestedLimit(facts);
  const amount = formatUsd(most).replace(/\.00$/, '');
  const { parameter, capId } = cap;
  if (capId.startsWith(SSM_PREFIX)) return parameterLines(facts, amount);
  if (parameter === undefined) return tableLines(facts, amount);
  const { table } = parameter;
  if (table === undefined) return parameterLines(facts, amount);
  // No raise passes the parameter's limit, so each of the two that is too low must be raised.
  const isTableLow = limitAt({ ...cap, ...table }, nowMs) < most;
  return [
    ...(parameter.limitNanoUsd < most ? parameterLines(facts, amount) : []),
    ...(isTableLow ? tableLines(facts, amount) : []),
  ];
}

function tableLines({ cap, split, window }: ThresholdFacts, amount: string): string[] {
  const each = split === undefined ? '' : `, for each ${cap.splitBy ?? 'value'}`;
  if (window.endsAtMs === undefined) {
    return [`To raise it for good${each}:`, `  hardcap cap set ${cap.capId} --limit ${amount}`];
  }
  const until = instantArgument(window.endsAtMs, cap.window.timeZone);
  return [
    `To raise it until it resets${each}:`,
    `  hardcap cap raise ${cap.capId} --to ${amount} --until ${until} --reason "..."`,
  ];
}

const SSM_SOURCE = /^parameter (\/[A-Za-z0-9_./-]+)$/;

/** What a parameter says the command line cannot change: the sync would undo it. */
function parameterLines({ cap: { capId, parameter } }: ThresholdFacts, amount: string): string[] {
  const isJson = capId.startsWith(SSM_PREFIX);
  const source = parameter?.source ?? `parameter .../caps/${capId.slice(SSM_PREFIX.length)}`;
  const [, name] = SSM_SOURCE.exec(source) ?? [];
  const head = 'To raise its limit, change the parameter, which is read every minute:';
  if (isJson) return [head, `  set limitUsd to ${amount} in the ${shownName(source)}`];
  return name === undefined
    ? [head, `  set the ${shownName(source)} to ${amount}`]
    : [head, `  aws ssm put-parameter --name ${name} --value ${amount} --type String --overwrite`];
}

/** Half as much again as the limit, or as what was spent where that is more, in whole dollars. */
function suggestedLimit({ limitNanoUsd, settledNanoUsd }: ThresholdFacts): NanoUsd {
  const half = (maxUsd(limitNanoUsd, settledNanoUsd) * 3n) / 2n;
  const whole = (half + NANO_USD_PER_USD - 1n) / NANO_USD_PER_USD;
  return minUsd(nanoUsd(whole * NANO_USD_PER_USD), nanoUsd(MAX_USD * NANO_USD_PER_USD));
}
