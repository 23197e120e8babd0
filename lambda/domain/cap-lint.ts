/**
 * What looks wrong in a set of caps: what never holds, what holds nobody, what nobody needs.
 *
 * Never throws, and changes nothing. An `error` is what refuses requests; a `warning` is what
 * somebody may have meant.
 * Not here: caps that no key is under (key-lint.ts).
 */

import type { CallerKey } from './cap.ts';
import { type Cap, enforces, globMatches, limitAt, type MalformedCap, selects } from './cap.ts';
import { selectorsCover } from './cap-cover.ts';
import type { KnownModel } from './known-models.ts';
import { formatUsd, maxUsd, type NanoUsd } from './money.ts';

export type LintRule =
  | 'malformed'
  | 'key-uncovered'
  | 'key-partly-uncovered'
  | 'matches-no-key'
  | 'matches-no-model'
  | 'only-unpriced-models'
  | 'shadowed'
  | 'zero-limit'
  | 'disabled'
  | 'expired'
  | 'raise-ended'
  | 'raise-changes-nothing'
  | 'alert-cannot-fire'
  | 'warns-nobody'
  | 'default-above-maximum'
  | 'split-without-effect'
  | 'in-both-places';

/** One thing that looks wrong. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly rule: LintRule;
  /** Exactly one of the two is there. */
  readonly capId?: string;
  readonly keyId?: string;
  /** What it is and what to do. */
  readonly message: string;
}

export interface LintInput {
  readonly caps: readonly Cap[];
  readonly malformedCaps: readonly MalformedCap[];
  /** Those that can be read. */
  readonly keys: readonly CallerKey[];
  readonly models: readonly KnownModel[];
  readonly nowMs: number;
}

const isExpired = ({ expiresAtMs }: Pick<Cap, 'expiresAtMs'>, nowMs: number): boolean =>
  expiresAtMs !== undefined && nowMs >= expiresAtMs;

/** Whether a cap or key is enabled and has not expired. */
export const isInForce = (one: Pick<Cap, 'enabled' | 'expiresAtMs'>, nowMs: number): boolean =>
  one.enabled && !isExpired(one, nowMs);

/** Everything that looks wrong with the caps, in their order. */
export function lintCaps(input: LintInput): Finding[] {
  const malformed = input.malformedCaps.map(({ capId, field, problem }): Finding => {
    const message = `cannot be read, so what it could cover is refused: ${field} ${problem}`;
    return { level: 'error', rule: 'malformed', capId, message };
  });
  return [...malformed, ...input.caps.flatMap((cap) => lintCap(cap, input))];
}

function lintCap(cap: Cap, input: LintInput): Finding[] {
  const warn = (rule: LintRule, message: string | undefined): Finding[] =>
    message === undefined ? [] : [{ level: 'warning', rule, capId: cap.capId, message }];
  // Of a cap that holds nobody, nothing else matters.
  if (!cap.enabled) return warn('disabled', 'is disabled and holds nobody; enable or remove it');
  if (isExpired(cap, input.nowMs)) {
    return warn('expired', 'has expired and holds nobody; clear expiresAt or remove it');
  }
  return [
    ...warn('matches-no-key', noKey(cap, input)),
    ...modelFindings(cap, input, warn),
    ...warn('shadowed', shadow(cap, input)),
    ...warn('zero-limit', zero(cap, input)),
    ...raiseFindings(cap, input, warn),
    ...warn('alert-cannot-fire', deafAlerts(cap)),
    ...warn('warns-nobody', silentWarning(cap)),
    ...warn('split-without-effect', uselessSplit(cap)),
    ...warn('in-both-places', twoPlaces(cap, input)),
  ];
}

type Warn = (rule: LintRule, message: string | undefined) => Finding[];

/** Whether the cap could hold for the key, whatever the model and the request's tags. */
export function holdsForKey({ selectors }: Cap, key: CallerKey): boolean {
  const { vendors: _vendors, models: _models, requestTags: _requestTags, ...ofKey } = selectors;
  return selects(ofKey, {
    keyId: key.keyId,
    ...(key.team === undefined ? {} : { team: key.team }),
    tags: key.tags,
    requestTags: {},
    vendor: '',
    modelId: '',
    baseModelId: '',
    profileId: '',
  });
}

function noKey(cap: Cap, { keys }: LintInput): string | undefined {
  const { keys: named, teams, tags } = cap.selectors;
  if (named === undefined && teams === undefined && tags === undefined) return undefined;
  if (keys.some((key) => holdsForKey(cap, key))) return undefined;
  return 'covers no key that there is: look at its keys, teams and tags (hardcap key list)';
}

const matchesAny = (globs: readonly string[] | undefined, ...names: string[]): boolean =>
  globs === undefined || globs.some((glob) => names.some((name) => globMatches(glob, name)));

/** Whether the cap could hold for the model, whatever the key. */
export const holdsForModel = ({ selectors }: Cap, model: KnownModel): boolean =>
  matchesAny(selectors.vendors, model.vendor) &&
  matchesAny(selectors.models, model.modelId, model.profileId, model.baseModelId);

/** What a glob that begins so may match is in no list: profiles and models of the account. */
const OF_THE_ACCOUNT = 'arn:';

function modelFindings(cap: Cap, { models }: LintInput, warn: Warn): Finding[] {
  const { models: named, vendors } = cap.selectors;
  const isOfAccount = named?.some((glob) => glob.startsWith(OF_THE_ACCOUNT)) === true;
  const held = models.filter((model) => holdsForModel(cap, model));
  const priced = held.flatMap(({ maxOutputTokens }) => maxOutputTokens ?? []);
  if ((named ?? vendors) !== undefined && !isOfAccount && priced.length === 0) {
    return held.length === 0
      ? warn('matches-no-model', 'covers no model that hardcap knows (hardcap prices list --all)')
      : warn(
          'only-unpriced-models',
          'covers only models without a price, which are refused anyway',
        );
  }
  const { defaultMaxTokens } = cap;
  const most = priced.reduce((a, b) => Math.max(a, b), 0);
  if (defaultMaxTokens === undefined || isOfAccount || defaultMaxTokens <= most) return [];
  return warn(
    'default-above-maximum',
    `defaultMaxTokens ${defaultMaxTokens} is more than any model that it covers writes (${most})`,
  );
}

/** The most that the cap allows from now on. */
const mostOf = (cap: Cap, nowMs: number): NanoUsd => maxUsd(limitAt(cap, nowMs), cap.limitNanoUsd);

const isSameWindow = (a: Cap, b: Cap): boolean =>
  a.window.kind === b.window.kind &&
  (a.window.kind === 'lifetime' || a.window.timeZone === b.window.timeZone) &&
  (a.window.kind !== 'weekly' || a.window.weekStart === b.window.weekStart);

/** Whether `other` refuses whatever `cap` would refuse, as long as `cap` is in force. */
function shadows(other: Cap, cap: Cap, nowMs: number): boolean {
  const lastsAsLong =
    other.expiresAtMs === undefined ||
    (cap.expiresAtMs !== undefined && other.expiresAtMs >= cap.expiresAtMs);
  return (
    isInForce(other, nowMs) &&
    enforces(other) &&
    lastsAsLong &&
    (other.streaming === 'full' || cap.streaming === 'progressive') &&
    isSameWindow(other, cap) &&
    (other.splitBy === undefined || other.splitBy === cap.splitBy) &&
    mostOf(other, nowMs) <= cap.limitNanoUsd &&
    selectorsCover(other.selectors, cap.selectors)
  );
}

function shadow(cap: Cap, { caps, nowMs }: LintInput): string | undefined {
  // A default is used whatever the limit; a warn cap is there to be told of.
  if (!enforces(cap) || cap.defaultMaxTokens !== undefined) return undefined;
  const other = caps.find(
    (one) =>
      one.capId !== cap.capId &&
      shadows(one, cap, nowMs) &&
      // Of two that shadow each other, one is needed.
      (one.capId < cap.capId || !shadows(cap, one, nowMs)),
  );
  if (other === undefined) return undefined;
  return (
    `never refuses anything that "${other.capId}" does not refuse: that covers as much or more, ` +
    `at $${formatUsd(other.limitNanoUsd)} where this allows $${formatUsd(cap.limitNanoUsd)}`
  );
}

const zero = (cap: Cap, { nowMs }: LintInput): string | undefined =>
  enforces(cap) && mostOf(cap, nowMs) <= 0n
    ? 'has a limit of zero and refuses all that it covers'
    : undefined;

function raiseFindings(cap: Cap, { nowMs }: LintInput, warn: Warn): Finding[] {
  const { raised, limitNanoUsd } = cap.parameter?.table ?? cap;
  if (raised === undefined) return [];
  const end = `hardcap cap raise ${cap.capId} --end takes it away`;
  if (nowMs >= raised.untilMs) return warn('raise-ended', `still has a raise that ended; ${end}`);
  return raised.limitNanoUsd > limitNanoUsd
    ? []
    : warn('raise-changes-nothing', `has a raise that is not above its limit; ${end}`);
}

const FULL_PERCENT = 100;

/** What is settled stays under the limit of a cap that is hard. */
function deafAlerts(cap: Cap): string | undefined {
  if (!enforces(cap) || cap.streaming !== 'full') return undefined;
  const deaf = cap.alertPercents.filter((percent) => percent > FULL_PERCENT);
  if (deaf.length === 0) return undefined;
  const percents = deaf.map((percent) => `${percent} %`).join(', ');
  return `has alerts at ${percents}, which a ${cap.action} cap never reaches but after its limit is lowered`;
}

const silentWarning = (cap: Cap): string | undefined =>
  !enforces(cap) && cap.alertPercents.length === 0
    ? 'only warns, and has no alertPercents: nobody is told'
    : undefined;

const WILD = /[*?]/;

const isOne = (globs: readonly string[] | undefined): boolean =>
  globs?.length === 1 && !WILD.test(globs[0] ?? '');

const TAG_SPLIT = /^(tag|key-tag|request-tag):(.*)$/su;

function uselessSplit({ splitBy, selectors }: Cap): string | undefined {
  const lists = { key: 'keys', team: 'teams', vendor: 'vendors', model: 'models' } as const;
  if (splitBy === undefined) return undefined;
  const told = `is split by ${splitBy}, of which its selectors leave one value: one counter`;
  if (splitBy in lists) {
    return isOne(selectors[lists[splitBy as keyof typeof lists]]) ? told : undefined;
  }
  const [, kind, name = ''] = TAG_SPLIT.exec(splitBy) ?? [];
  const tags = kind === 'request-tag' ? selectors.requestTags : selectors.tags;
  return tags !== undefined && Object.hasOwn(tags, name) && isOne(tags[name]) ? told : undefined;
}

const SYNCED = 'ssm:';

function twoPlaces(cap: Cap, { caps }: LintInput): string | undefined {
  const { parameter } = cap;
  if (parameter?.table !== undefined) {
    return (
      `has a limit in the table ($${formatUsd(parameter.table.limitNanoUsd)}) and one in SSM ` +
      `($${formatUsd(parameter.limitNanoUsd)}, ${parameter.source}): the lower one holds`
    );
  }
  const twin = caps.find(({ capId }) => capId === SYNCED + cap.capId);
  return twin && `stands in the table, and beside it "${twin.capId}" from SSM: both hold`;
}
