/**
 * The fields that setting items are made of: what each may hold, and what to say where it does not.
 *
 * Invariant: money and counts are read from decimal text, never from a float; a field that cannot
 *            be read is a fault with a name, never a default.
 */
import { NumberValueImpl as NumberValue } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { SplitBy } from '../../domain/cap.ts';
import { MAX_USD, NANO_USD_PER_USD, type NanoUsd, parseUsd } from '../../domain/money.ts';
import { isTimeZone } from '../../domain/time-zone.ts';
import { readIsoInstantMs } from './iso-instant.ts';
import { nearName } from './near-name.ts';

/** The version of the items' schema: the `v` that every item carries. */
export const SETTINGS_VERSION = 1;

/** What is wrong with an item: the first attribute at fault, and what it should be. */
export interface Fault {
  readonly field: string;
  readonly problem: string;
}

const MAX_GLOB_CHARACTERS = 256;
const MAX_GLOBS = 200;
const MAX_NAME_CHARACTERS = 128;
const MAX_TAGS = 50;
/** The most tokens that a setting may name. */
export const MAX_TOKENS = 10_000_000;
const MAX_ALERT_PERCENT = 1_000;
const MAX_SHOWN_CHARACTERS = 60;
/** 2100-01-01: later epoch seconds are milliseconds by mistake, and would hold for ever. */
const MAX_EPOCH_SECONDS = 4_102_444_800;

/**
 * An attribute's value in one plain form: numbers of any kind as decimal text, sets as lists.
 *
 * The console writes selectors as lists or as string sets, and money as numbers or as text.
 */
export function plainValue(value: unknown): unknown {
  if (value instanceof NumberValue) return value.toString();
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Set || Array.isArray(value)) return [...value].map(plainValue);
  if (value === null || typeof value !== 'object') return value;
  if (ArrayBuffer.isView(value)) return null;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [plainName(name), plainValue(part)]),
  );
}

/** A record's parser leaves this name out in silence; under another one it is refused. */
const plainName = (name: string): string => (name === '__proto__' ? '(__proto__)' : name);

const isText = (value: unknown): value is string => typeof value === 'string';

/** Text that `read` understands, as what it gives; `problem` says what it should have been. */
export const readAs = <T>(read: (text: string) => T | undefined, problem: string) =>
  z.transform((input: unknown, { issues }): T => {
    const value = isText(input) ? read(input) : undefined;
    if (value !== undefined) return value;
    issues.push({ code: 'custom', message: problem, input });
    return z.NEVER;
  });

const USD_PROBLEM =
  'must be dollars as a decimal number such as 12.50, ' +
  `from 0 to ${MAX_USD}, with at most 9 decimal places`;

/** An amount of dollars that people may enter; undefined outside of 0 to MAX_USD. */
export function readEnteredUsd(text: string): NanoUsd | undefined {
  const amount = parseUsd(text);
  if (amount === undefined || amount < 0n || amount > MAX_USD * NANO_USD_PER_USD) return undefined;
  return amount;
}

const WHOLE_NUMBER = /^\d{1,15}$/;

/** A whole number within bounds; undefined for every other text. */
export const readWhole =
  (least: number, most: number) =>
  (text: string): number | undefined => {
    const value = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };

/** Epoch milliseconds of an ISO date-time with its offset, or of epoch seconds. */
export function readInstantMs(text: string): number | undefined {
  const seconds = readWhole(1, MAX_EPOCH_SECONDS)(text);
  if (seconds !== undefined) return seconds * 1_000;
  const instantMs = readIsoInstantMs(text);
  const isTooLate = instantMs !== undefined && instantMs > MAX_EPOCH_SECONDS * 1_000;
  return isTooLate ? undefined : instantMs;
}

const readText =
  (maxCharacters: number) =>
  (text: string): string | undefined =>
    text.length === 0 || text.length > maxCharacters || /\p{Cc}/u.test(text) ? undefined : text;

const TAG_NAME = /^[\p{L}\p{N} _.:/=+@-]{1,128}$/u;
const TAG_NAME_PROBLEM = 'is not a tag name: 1 to 128 letters, digits, spaces and _ . : / = + @ -';
const TAG_SPLIT = /^(?:tag|key-tag|request-tag):[\p{L}\p{N} _.:/=+@-]{1,128}$/u;
const SPLITS = new Set(['key', 'team', 'vendor', 'model']);

const isSplit = (text: string): text is SplitBy => SPLITS.has(text) || TAG_SPLIT.test(text);

const glob = readAs(
  readText(MAX_GLOB_CHARACTERS),
  `must be a pattern of 1 to ${MAX_GLOB_CHARACTERS} characters, * standing for any run of them`,
);

/** The attributes' forms, by what they hold. */
export const FIELD = {
  version: readAs(
    readWhole(SETTINGS_VERSION, SETTINGS_VERSION),
    `must be ${SETTINGS_VERSION}, the version of the item's form that this hardcap reads`,
  ),
  usd: readAs(readEnteredUsd, USD_PROBLEM),
  tokens: readAs(
    readWhole(1, MAX_TOKENS),
    `must be a whole number of tokens from 1 to ${MAX_TOKENS}`,
  ),
  instant: readAs(
    readInstantMs,
    'must be a date and time with its offset, such as 2026-12-31T23:59:00Z, or epoch seconds',
  ),
  timeZone: readAs(
    (text) => (isTimeZone(text) ? text : undefined),
    'must be a time zone by its IANA name, such as Europe/Paris or UTC',
  ),
  percents: z.array(
    readAs(
      readWhole(1, MAX_ALERT_PERCENT),
      `must be a whole number of percent from 1 to ${MAX_ALERT_PERCENT}`,
    ),
    'must be a list of whole numbers of percent',
  ),
  flag: z.boolean('must be a boolean, true or false (not text)'),
  name: readAs(
    readText(MAX_NAME_CHARACTERS),
    `must be text of 1 to ${MAX_NAME_CHARACTERS} characters without control characters`,
  ),
  modelId: readAs(
    (text) => (/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,511}$/.test(text) ? text : undefined),
    'must be a model id or ARN, as Bedrock is asked by it',
  ),
  splitBy: readAs(
    (text) => (isSplit(text) ? text : undefined),
    'must be key, team, vendor, model or tag:<name> (or key-tag:<name>, request-tag:<name>)',
  ),
  secretSha256: readAs(
    (text) => (/^[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : undefined),
    'must be the SHA-256 of the whole key, 64 hex digits',
  ),
  globs: z
    .array(glob, 'must be a list or a string set of patterns')
    .check(
      z.minLength(1, 'is empty and so matches nothing: name something, or remove the attribute'),
      z.maxLength(MAX_GLOBS, `may hold at most ${MAX_GLOBS} patterns`),
    ),
} as const;

/** One of these words; the problem lists them. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, `must be one of ${words.join(', ')}`);

/** A map from tag names to what `value` describes. */
export const tagMap = <Value extends z.core.$ZodType>(value: Value) =>
  z
    .record(z.string().check(z.regex(TAG_NAME)), value, 'must be a map of tags')
    .check(
      z.refine(
        (tags) => Object.keys(tags).length > 0 && Object.keys(tags).length <= MAX_TAGS,
        `must name 1 to ${MAX_TAGS} tags; remove the attribute where there are none`,
      ),
    );

/** What the items of a kind may hold, for what is said of one that does not parse. */
export interface Form {
  readonly attributes: readonly string[];
  /** The members of attributes that are maps of known members. */
  readonly members?: Readonly<Record<string, readonly string[]>>;
  /** Attributes that are named but whose value is not shown. */
  readonly secret?: ReadonlySet<string>;
}

/**
 * The fault to tell of an item that did not parse: the first one, but a name that is not known
 * goes before all, as it may be why another attribute is missing.
 */
export function firstFault(error: z.core.$ZodError, item: unknown, form: Form): Fault {
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  if (issue === undefined) return { field: '(item)', problem: 'cannot be read' };
  if (issue.code === 'unrecognized_keys') {
    const [name = ''] = issue.keys;
    const known = form.members?.[issue.path.join('.')] ?? form.attributes;
    return { field: [...issue.path, name].join('.') || '(an empty name)', ...unknown(name, known) };
  }
  const field = issue.path.join('.') || '(item)';
  if (issue.code === 'invalid_key') return { field, problem: TAG_NAME_PROBLEM };
  const value = valueAt(item, issue.path);
  if (value === undefined) return { field, problem: `is missing; it ${issue.message}` };
  if (form.secret?.has(field)) return { field, problem: issue.message };
  return { field, problem: `${issue.message}${shown(value)}` };
}

function unknown(name: string, known: readonly string[]): Pick<Fault, 'problem'> {
  const near = nearName(name, known);
  const advice =
    near === undefined
      ? 'remove it, or begin its name with x-'
      : `did you mean ${near}? If not, remove it, or begin its name with x-`;
  return {
    problem: `is not an attribute that hardcap knows; ${advice}. Known are ${known.join(', ')}`,
  };
}

function valueAt(item: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    item,
  );
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return '';
  const text = JSON.stringify(value);
  const isLong = text.length > MAX_SHOWN_CHARACTERS;
  return `; it is ${isLong ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}...` : text}`;
}
