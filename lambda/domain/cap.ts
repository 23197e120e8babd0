/**
 * A cap: which requests it covers, which counter each of them counts on, and its limit now.
 */
import { createHash } from 'node:crypto';
import { maxUsd, minUsd, type NanoUsd } from './money.ts';
import type { CounterKey } from './reservation.ts';
import type { WindowRule } from './window.ts';

export type CapAction = 'block' | 'clamp' | 'warn';

/** Globs (`*` and `?`), each list an "any of"; an absent list selects all. */
export interface Selectors {
  readonly keys?: readonly string[];
  readonly teams?: readonly string[];
  readonly vendors?: readonly string[];
  readonly models?: readonly string[];
  /** Tags of the key by name; all named tags must match. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  /** Tags of the request by name; all named tags must match. */
  readonly requestTags?: Readonly<Record<string, readonly string[]>>;
}

/** `tag:` is the key's tag where it has one of that name, else the request's. */
export type SplitBy =
  | 'key'
  | 'team'
  | 'vendor'
  | 'model'
  | `tag:${string}`
  | `key-tag:${string}`
  | `request-tag:${string}`;

export interface Cap {
  readonly capId: string;
  readonly limitNanoUsd: NanoUsd;
  readonly window: WindowRule;
  readonly selectors: Selectors;
  readonly splitBy?: SplitBy;
  readonly action: CapAction;
  readonly streaming: 'full' | 'progressive';
  /** A temporary raise: holds while `untilMs` is ahead, and only if it is higher. */
  readonly raised?: { readonly limitNanoUsd: NanoUsd; readonly untilMs: number };
  readonly alertPercents: readonly number[];
  readonly defaultMaxTokens?: number;
  readonly enabled: boolean;
  /** Epoch milliseconds from which the cap no longer applies. */
  readonly expiresAtMs?: number;
  readonly note?: string;
  /** Present where an SSM parameter says its limit, or all of it. */
  readonly parameter?: CapParameter;
}

/** The part of a parameter in a cap, for people: what holds is in the cap itself. */
export interface CapParameter {
  /** Where it is, in words: `parameter /hardcap/caps/staging`. */
  readonly source: string;
  readonly limitNanoUsd: NanoUsd;
  /** What the table says of a cap of both; absent where the parameter stands alone. */
  readonly table?: Pick<Cap, 'limitNanoUsd' | 'raised'>;
}

/** A cap item that cannot be read. It refuses what it could cover. */
export interface MalformedCap {
  readonly capId: string;
  /** The first attribute at fault and what it should be. */
  readonly field: string;
  readonly problem: string;
  /** Absent where the selectors themselves cannot be read: it could cover all. */
  readonly selectors?: Selectors;
}

/** A caller's key as people set it. */
export interface CallerKey {
  readonly keyId: string;
  readonly secretSha256: string;
  /** The hash of the secret before the last rotation; it works until `untilMs`. */
  readonly previous?: { readonly secretSha256: string; readonly untilMs: number };
  readonly enabled: boolean;
  readonly team?: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Allow-list of model id globs; absent allows all. */
  readonly models?: readonly string[];
  readonly maxRequestNanoUsd?: NanoUsd;
  readonly defaultMaxTokens?: number;
  readonly expiresAtMs?: number;
}

/** What of a request the selectors and splits look at. */
export interface Subject {
  readonly keyId: string;
  readonly team?: string;
  readonly tags: Readonly<Record<string, string>>;
  /** What the caller says of this request: a namespace of its own, beside the key's tags. */
  readonly requestTags: Readonly<Record<string, string>>;
  readonly vendor: string;
  /** The id as asked for, such as `us.anthropic.claude-haiku-4-5-20251001-v1:0`. */
  readonly modelId: string;
  /** The id without its profile prefix; model globs match either. */
  readonly baseModelId: string;
  /** The id with its profile prefix and without ARN: a profile has two spellings, a cap one. */
  readonly profileId: string;
}

/** The shared value of a split whose subject has no such attribute. */
export const NO_VALUE = '-';

/** Whether a glob of `*` (any run) and `?` (any one character) matches the whole text. */
export function globMatches(glob: string, text: string): boolean {
  // Two-pointer match with one backtrack point: linear in practice, never exponential.
  let g = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (g < glob.length && (glob[g] === '?' || (glob[g] === text[t] && glob[g] !== '*'))) {
      g += 1;
      t += 1;
    } else if (g < glob.length && glob[g] === '*') {
      star = g;
      resume = t;
      g += 1;
    } else if (star >= 0) {
      g = star + 1;
      resume += 1;
      t = resume;
    } else {
      return false;
    }
  }
  while (g < glob.length && glob[g] === '*') g += 1;
  return g === glob.length;
}

const anyMatches = (globs: readonly string[] | undefined, ...texts: string[]): boolean =>
  globs === undefined || globs.some((glob) => texts.some((text) => globMatches(glob, text)));

const modelNames = (subject: Subject): string[] => [
  subject.modelId,
  subject.profileId,
  subject.baseModelId,
];

type Tags = Readonly<Record<string, string>>;

/** Own tags only: a cap may name a tag `constructor`, which every object inherits. */
const tagValue = (tags: Tags, name: string): string =>
  Object.hasOwn(tags, name) ? (tags[name] ?? NO_VALUE) : NO_VALUE;

const tagsMatch = (selected: Selectors['tags'], tags: Tags): boolean =>
  Object.entries(selected ?? {}).every(([name, globs]) => anyMatches(globs, tagValue(tags, name)));

/** Whether the selectors select this request. */
export function selects(selectors: Selectors, subject: Subject): boolean {
  return (
    anyMatches(selectors.keys, subject.keyId) &&
    anyMatches(selectors.teams, subject.team ?? NO_VALUE) &&
    anyMatches(selectors.vendors, subject.vendor) &&
    anyMatches(selectors.models, ...modelNames(subject)) &&
    tagsMatch(selectors.tags, subject.tags) &&
    tagsMatch(selectors.requestTags, subject.requestTags)
  );
}

/** Whether the cap holds at `atMs` for this request. */
export const applies = (cap: Cap, subject: Subject, atMs: number): boolean =>
  cap.enabled &&
  (cap.expiresAtMs === undefined || atMs < cap.expiresAtMs) &&
  selects(cap.selectors, subject);

/** Whether the cap can stop a request; a warn cap only counts. */
export const enforces = (cap: Cap): boolean => cap.action !== 'warn';

/** The limit at `atMs`: a temporary raise counts while it lasts, and never lowers. */
export const limitAt = (cap: Cap, atMs: number): NanoUsd =>
  cap.raised !== undefined && atMs < cap.raised.untilMs
    ? maxUsd(cap.limitNanoUsd, cap.raised.limitNanoUsd)
    : cap.limitNanoUsd;

/**
 * The cap with a parameter's limit beside its own: the lower one holds, on the same counter, and no
 * raise passes it. For every time: limitAt(result) = min(limitAt(cap), the parameter's limit).
 */
export function underParameter(cap: Cap, parameter: Omit<CapParameter, 'table'>): Cap {
  const { limitNanoUsd, raised } = cap;
  const most = parameter.limitNanoUsd;
  return {
    ...cap,
    limitNanoUsd: minUsd(limitNanoUsd, most),
    ...(raised && { raised: { ...raised, limitNanoUsd: minUsd(raised.limitNanoUsd, most) } }),
    parameter: { ...parameter, table: { limitNanoUsd, ...(raised && { raised }) } },
  };
}

/** Whether a key may use a model. */
export const allowsModel = (key: CallerKey, subject: Subject): boolean =>
  anyMatches(key.models, ...modelNames(subject));

const TAG_SPLIT = /^(tag|key-tag|request-tag):(.*)$/su;

/** The name of the request's tag that the cap splits this subject by; undefined where by none. */
function splittingRequestTag({ splitBy }: Cap, subject: Subject): string | undefined {
  const [, kind, name = ''] = TAG_SPLIT.exec(splitBy ?? '') ?? [];
  const isRequests =
    kind === 'request-tag' || (kind === 'tag' && !Object.hasOwn(subject.tags, name));
  return isRequests ? name : undefined;
}

/**
 * Whether a tag of the request decides if the cap holds for it, or on which counter: a caller gets
 * round such a cap by leaving the tag out.
 */
export const dependsOnRequestTag = (cap: Cap, subject: Subject): boolean =>
  cap.selectors.requestTags !== undefined || splittingRequestTag(cap, subject) !== undefined;

/** The value of the request's tag that names the counter; undefined where none does. */
function requestValue(cap: Cap, subject: Subject): string | undefined {
  const name = splittingRequestTag(cap, subject);
  const value = name === undefined ? NO_VALUE : tagValue(subject.requestTags, name);
  return value === NO_VALUE ? undefined : value;
}

/** Whether the caller's own word names the counter, so that it could name ever new ones. */
export const isNamedByCaller = (cap: Cap, subject: Subject): boolean =>
  requestValue(cap, subject) !== undefined;

function splitValue(splitBy: SplitBy, subject: Subject): string {
  switch (splitBy) {
    case 'key':
      return subject.keyId;
    case 'team':
      return subject.team ?? NO_VALUE;
    case 'vendor':
      return subject.vendor;
    case 'model':
      return subject.baseModelId;
    default:
      return tagValue(subject.tags, TAG_SPLIT.exec(splitBy)?.[2] ?? '');
  }
}

const COUNTER_PREFIX = 'COUNTER#';
/** Far below DynamoDB's 2,048 bytes of a partition key, and still readable in the console. */
const MAX_SPLIT_VALUE_BYTES = 1_024;
const SHOWN_OF_LONG_VALUE = 64;

/** `%`, `#`, control characters and lone surrogates, which UTF-8 would make all alike. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be encoded.
const TO_ENCODE = /[%#\u0000-\u001f\u007f-\u009f\p{Surrogate}]/gu;

const encodeUnit = (character: string): string => {
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
  return hex.length === 2 ? `%${hex}` : `%u${hex}`;
};

/** A split value as part of a key: unequal values stay unequal, however odd or long. */
function encodeSplitValue(value: string): string {
  const encoded = value.replace(TO_ENCODE, encodeUnit);
  if (Buffer.byteLength(encoded) <= MAX_SPLIT_VALUE_BYTES) return encoded;
  // "%~" is no code that encodeUnit writes, so a shortened value equals no other's.
  const hash = createHash('sha256').update(encoded).digest('hex');
  return `${encoded.slice(0, SHOWN_OF_LONG_VALUE).toWellFormed()}%~${hash}`;
}

/**
 * The counter that this request counts on under this cap, in the window named `windowId`.
 *
 * Injective in cap, split value, and whose word the value is: `#` stands before a request's tag,
 * so that no caller can count on the counter of a key's tag. A cap id and an encoded value hold no
 * `#`; the partition key is < 1,200 bytes.
 */
export const counterKeyOf = (cap: Cap, subject: Subject, windowId: string): CounterKey => ({
  pk: `${COUNTER_PREFIX}${cap.capId}${splitSuffix(cap, subject)}`,
  sk: windowId,
});

function splitSuffix(cap: Cap, subject: Subject): string {
  if (cap.splitBy === undefined) return '';
  const ofRequest = requestValue(cap, subject);
  if (ofRequest !== undefined) return `##${encodeSplitValue(ofRequest)}`;
  if (splittingRequestTag(cap, subject) !== undefined) return `#${NO_VALUE}`;
  return `#${encodeSplitValue(splitValue(cap.splitBy, subject))}`;
}
