/**
 * The decision before any money moves: who asks, for what model, at what most, under which caps.
 *
 * Pure: settings view and request in, admission or HardcapError out. Deciding twice on equal
 * settings gives equal charges, which is how a refreshed reading is compared with an old one.
 */
import { equalHashes, hashKey } from '../domain/caller-key.ts';
import {
  allowsModel,
  applies,
  type CallerKey,
  type Cap,
  counterKeyOf,
  dependsOnRequestTag,
  enforces,
  isNamedByCaller,
  limitAt,
  type MalformedCap,
  type Subject,
  selects,
} from '../domain/cap.ts';
import { findModel, type Model } from '../domain/catalogue.ts';
import { HardcapError } from '../domain/errors.ts';
import { type Prepared, prepareRequest } from '../domain/estimate.ts';
import { aliasedModelId } from '../domain/model-alias.ts';
import { isApplicationProfile } from '../domain/model-id.ts';
import { formatUsd, type NanoUsd } from '../domain/money.ts';
import type { Operation } from '../domain/operation.ts';
import type { ProfileModel } from '../domain/profile-model.ts';
import { type Cover, firstCover, TRANCHE_TOKENS } from '../domain/progressive.ts';
import type { JsonObject } from '../domain/request-body.ts';
import type { RequestTags } from '../domain/request-tags.ts';
import type { CounterKey } from '../domain/reservation.ts';
import type { Window, WindowClock } from '../domain/window.ts';
import type { CounterOpening } from '../ports/ledger.ts';
import type { MalformedKey, SettingsView } from '../ports/settings.ts';

/** One cap's part in a request: the counter it counts on and the limit that holds now. */
export interface Charge {
  readonly cap: Cap;
  readonly counter: CounterKey;
  readonly window: Window;
  readonly limitNanoUsd: NanoUsd;
  /** False for a warn cap: it counts, and refuses nothing. */
  readonly enforced: boolean;
  /** Present where the caller's own word names the counter: what bounds how many it opens. */
  readonly opening?: CounterOpening;
  /** What is reserved at first on a progressive counter; absent: the whole bound. */
  readonly firstNanoUsd?: NanoUsd;
}

export interface Admission {
  readonly key: CallerKey;
  readonly subject: Subject;
  readonly model: Model;
  readonly prepared: Prepared;
  /** In counter-key order. */
  readonly charges: readonly Charge[];
  readonly fit: Fit;
  /** What its progressive counters reserve at first; absent where it reserves its whole bound. */
  readonly first?: Cover;
}

/** What was found and done to make a request fit where its first bound did not. */
export interface Fit {
  /** What Bedrock counted, and the bound on the input that follows from it. */
  readonly counted?: { readonly inputTokens: number; readonly mostInputTokens: number };
  /** What the output limit is lowered to, thinking included. */
  readonly mostOutputTokens?: number;
}

/** A request as it was asked for. */
export const AS_ASKED: Fit = {};

export interface AskedRequest {
  readonly operation: Operation;
  /** The id as the client gave it, decoded once. */
  readonly modelId: string;
  /** What the client wrote, where its door made `modelId` of it: an alias goes by this name. */
  readonly namedAs?: string;
  /** Where Bedrock is called: the source region decides prices. */
  readonly region: string;
  /** The model behind the application inference profile that is asked for. */
  readonly profile?: ProfileModel;
  /** The ARN of that profile, where an alias was asked for in its place. */
  readonly profileArn?: string;
  /** Absent: none. */
  readonly tags?: RequestTags;
  /** The most that the caller will have it cost; it never raises what the key allows. */
  readonly maxRequestNanoUsd?: NanoUsd;
  readonly body: JsonObject;
  /** Lower-cased request headers. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface AdmissionRules {
  readonly allowUncovered: boolean;
  readonly allowFields: ReadonlySet<string>;
  /** How many counters a key may open in a UTC day by tags of its requests. */
  readonly maxTagCounters: number;
  readonly windows: WindowClock;
  /** Output tokens that a progressive counter reserves at a time. @default TRANCHE_TOKENS */
  readonly trancheTokens?: number;
}

const isMalformedKey = (key: CallerKey | MalformedKey): key is MalformedKey => 'problem' in key;

/** Compared against where there is no such key, so that both answers take the same path. */
const NO_KEY_HASH = hashKey('no such key');

/**
 * The caller's key, if it is the one that the settings know and may be used at `nowMs`.
 *
 * @throws HardcapError unknown_key (unknown, wrong, disabled or expired alike), settings_malformed
 */
export function authenticate(view: SettingsView, keyText: string, nowMs: number): CallerKey {
  const { key } = view;
  if (key !== undefined && isMalformedKey(key)) {
    throw new HardcapError(
      'settings_malformed',
      `settings_malformed: the key item "${key.keyId}" cannot be read: ${key.field}: ${key.problem}`,
      { details: { item: `KEY/${key.keyId}`, field: key.field } },
    );
  }
  const hash = hashKey(keyText);
  // Both, and before anything is decided: how long it takes tells nothing.
  const isCurrent = equalHashes(key?.secretSha256 ?? NO_KEY_HASH, hash);
  const isPrevious = equalHashes(key?.previous?.secretSha256 ?? NO_KEY_HASH, hash);
  if (key === undefined || !(isCurrent || isPrevious)) {
    throw new HardcapError('unknown_key', 'unknown_key: this hardcap key is not known');
  }
  if (!isCurrent) refuseOutlived(key, nowMs);
  if (!key.enabled || (key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs)) {
    const state = key.enabled ? 'has expired' : 'is disabled';
    throw new HardcapError('unknown_key', `unknown_key: the hardcap key "${key.keyId}" ${state}`);
  }
  return key;
}

/** The secret of before the last rotation works until its overlap ends; what has no end is none. */
function refuseOutlived({ keyId, previous }: CallerKey, nowMs: number): void {
  if (previous !== undefined && nowMs < previous.untilMs) return;
  throw new HardcapError(
    'unknown_key',
    `unknown_key: the hardcap key "${keyId}" has a new secret, and this old one no longer works`,
  );
}

type NamedModel = Pick<AskedRequest, 'modelId' | 'namedAs' | 'profile' | 'profileArn'>;

/**
 * The id that Bedrock is asked for: by an operator's alias, else as the door has it.
 *
 * @throws HardcapError settings_malformed
 */
export const modelIdOf = (
  { aliases, prices }: Pick<SettingsView, 'aliases' | 'prices'>,
  { namedAs, modelId }: Pick<AskedRequest, 'namedAs' | 'modelId'>,
): string => aliasedModelId(namedAs ?? modelId, aliases, prices) ?? modelId;

/**
 * Finds the model and tests that the key may use it.
 *
 * @throws HardcapError model_not_priced, model_not_allowed, settings_malformed
 */
export function chooseModel(
  view: SettingsView,
  key: CallerKey,
  asked: NamedModel & Pick<AskedRequest, 'region' | 'tags'>,
): { model: Model; subject: Subject } {
  const modelId = modelIdOf(view, asked);
  const isOfProfile = isApplicationProfile(modelId) && (asked.profileArn ?? modelId) === modelId;
  const profile = isOfProfile ? asked.profile : undefined;
  const model = findModel(modelId, view.prices, asked.region, profile);
  const subject: Subject = {
    keyId: key.keyId,
    ...(key.team === undefined ? {} : { team: key.team }),
    tags: key.tags,
    requestTags: asked.tags ?? {},
    vendor: model.vendor,
    modelId: model.modelId,
    baseModelId: model.baseModelId,
    profileId: model.profileId,
  };
  if (!allowsModel(key, subject)) {
    throw new HardcapError(
      'model_not_allowed',
      `model_not_allowed: the key "${key.keyId}" may not use ${model.modelId}; ` +
        `its models are ${(key.models ?? []).join(', ')}`,
      { details: { model: model.modelId } },
    );
  }
  return { model, subject };
}

/**
 * Decides on a request of an authenticated key, by one reading of the settings.
 *
 * @throws HardcapError with the code of the first thing that refuses it
 */
export function decide(
  view: SettingsView,
  key: CallerKey,
  asked: AskedRequest,
  rules: AdmissionRules,
  nowMs: number,
  fit: Fit = AS_ASKED,
): Admission {
  const admission = estimate(view, key, asked, rules, nowMs, fit);
  refuseOverRequestLimit(requestLimitOf(key, asked), admission.prepared);
  return admission;
}

/**
 * The decision before the bound on one request is looked at.
 *
 * @throws HardcapError as `decide` does, but for request_too_dear
 */
export function estimate(
  view: SettingsView,
  key: CallerKey,
  asked: AskedRequest,
  rules: AdmissionRules,
  nowMs: number,
  fit: Fit,
): Admission {
  const { model, subject } = chooseModel(view, key, asked);
  const caps = coveringCaps(view, subject, rules, nowMs);
  const defaultMaxTokens = smallestDefault(key, caps);
  const prepared = prepareRequest({
    operation: asked.operation,
    model,
    body: asked.body,
    headers: asked.headers,
    allowFields: rules.allowFields,
    ...(defaultMaxTokens === undefined ? {} : { defaultMaxTokens }),
    ...(fit.mostOutputTokens === undefined ? {} : { mostOutputTokens: fit.mostOutputTokens }),
    ...(fit.counted && { mostInputTokens: fit.counted.mostInputTokens }),
  });
  const { trancheTokens = TRANCHE_TOKENS } = rules;
  const first = firstCover(asked.operation, model, prepared, trancheTokens);
  const charges = chargesOf(caps, subject, rules, nowMs, first);
  return { key, subject, model, prepared, charges, fit, ...(first && { first }) };
}

/**
 * The caps that hold for this subject.
 *
 * @throws HardcapError settings_malformed, no_cap_applies
 */
export function coveringCaps(
  view: SettingsView,
  subject: Subject,
  rules: AdmissionRules,
  nowMs: number,
): readonly Cap[] {
  refuseMalformed(view.malformedCaps, subject);
  const caps = view.caps.filter((cap) => applies(cap, subject, nowMs));
  // What selects or splits by a tag of the request could be dodged by not sending it.
  const covers = (cap: Cap) => enforces(cap) && !dependsOnRequestTag(cap, subject);
  if (rules.allowUncovered || caps.some(covers)) return caps;
  throw new HardcapError(
    'no_cap_applies',
    `no_cap_applies: no enabled block or clamp cap covers the key "${subject.keyId}" with ` +
      `${subject.modelId}; set one (hardcap cap set), as a request without a cap has no limit`,
  );
}

function refuseMalformed(malformed: readonly MalformedCap[], subject: Subject): void {
  const covering = malformed.find(
    ({ selectors }) => selectors === undefined || selects(selectors, subject),
  );
  if (covering === undefined) return;
  throw new HardcapError(
    'settings_malformed',
    `settings_malformed: the cap item "${covering.capId}" cannot be read: ` +
      `${covering.field}: ${covering.problem}; what it could cover is refused until it is mended`,
    { details: { item: `CAP/${covering.capId}`, field: covering.field } },
  );
}

function smallestDefault(key: CallerKey, caps: readonly Cap[]): number | undefined {
  if (key.defaultMaxTokens !== undefined) return key.defaultMaxTokens;
  const defaults = caps.flatMap(({ defaultMaxTokens }) => defaultMaxTokens ?? []);
  return defaults.length === 0 ? undefined : Math.min(...defaults);
}

/** A request's header that bounds what it may cost. */
export const MAX_USD_HEADER = 'x-hardcap-max-usd';

/** The bound on one request, and whose it is. */
export interface RequestLimit {
  readonly mostNanoUsd: NanoUsd;
  /** `maxRequestUsd` of the key, or the request's header. */
  readonly name: 'maxRequestUsd' | typeof MAX_USD_HEADER;
  /** Who allows it, in words. */
  readonly by: string;
}

/** The smaller of what the key and the request itself allow it to cost; undefined: neither does. */
export function requestLimitOf(
  key: CallerKey,
  asked: Pick<AskedRequest, 'maxRequestNanoUsd'>,
): RequestLimit | undefined {
  const ofKey = key.maxRequestNanoUsd;
  const ofRequest = asked.maxRequestNanoUsd;
  if (ofRequest !== undefined && (ofKey === undefined || ofRequest < ofKey)) {
    return { mostNanoUsd: ofRequest, name: MAX_USD_HEADER, by: 'its own header' };
  }
  if (ofKey === undefined) return undefined;
  return { mostNanoUsd: ofKey, name: 'maxRequestUsd', by: `the key "${key.keyId}"` };
}

function refuseOverRequestLimit(limit: RequestLimit | undefined, { boundNanoUsd }: Prepared): void {
  if (limit === undefined || boundNanoUsd <= limit.mostNanoUsd) return;
  const { mostNanoUsd, name, by } = limit;
  throw new HardcapError(
    'request_too_dear',
    `request_too_dear: this request may cost up to $${formatUsd(boundNanoUsd)}, ${by} ` +
      `allows $${formatUsd(mostNanoUsd)} a request (${name}); ask for fewer tokens`,
    { details: { limit: name } },
  );
}

function chargesOf(
  caps: readonly Cap[],
  subject: Subject,
  rules: AdmissionRules,
  nowMs: number,
  first: Cover | undefined,
): Charge[] {
  return caps
    .map((cap): Charge => {
      const window = rules.windows.at(cap.window, nowMs);
      return {
        cap,
        counter: counterKeyOf(cap, subject, window.id),
        window,
        limitNanoUsd: limitAt(cap, nowMs),
        enforced: enforces(cap),
        ...(isNamedByCaller(cap, subject) && {
          opening: { keyId: subject.keyId, mostADay: rules.maxTagCounters },
        }),
        ...(first && isProgressive(cap) && { firstNanoUsd: first.nanoUsd }),
      };
    })
    .sort((a, b) => compareText(a.counter.pk, b.counter.pk));
}

/** A warn cap refuses no extension, so it has no use for any. */
const isProgressive = (cap: Cap): boolean => enforces(cap) && cap.streaming === 'progressive';

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What a reservation made by this admission rests on; equal texts mean that it still stands.
 *
 * The window's id is left out, its rule is not: a request keeps the window that it was reserved in
 * when the next one begins, but a cap that was given another window has another counter.
 */
export const standingOf = (admission: Admission): string =>
  `${admission.prepared.boundNanoUsd} ${termsOf(admission)}`;

/** The caps and the price that an admission is decided by, whatever its bound. */
export const termsOf = ({ model, charges }: Admission): string =>
  JSON.stringify([
    model.modelId,
    model.price.version,
    charges.map(({ cap, counter, limitNanoUsd }) => [
      counter.pk,
      cap.window.kind,
      cap.window.timeZone,
      cap.window.weekStart,
      limitNanoUsd.toString(),
      cap.action,
      cap.streaming,
    ]),
  ]);
