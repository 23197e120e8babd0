/**
 * All settings that people made as one YAML file: how it is written, and how it is read back.
 *
 * Owns:      the file's form. Money is decimal text from the first character to the table: no
 *            number of the file is ever a float.
 * Invariant: what is written reads back as the same settings. A file is read whole, or refused
 *            with all its faults and their lines.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import {
  Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type ScalarTag,
  type Tags,
  type YAMLParseError,
} from 'yaml';
import { nearName } from '../../lambda/adapters/settings/near-name.ts';
import type { SettingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { formatUsd, parseUsd } from '../../lambda/domain/money.ts';
import {
  faultsOf,
  isNumeric,
  SECTIONS,
  type Section,
  SHOWN_ATTRIBUTES,
} from './settings-sections.ts';

/** The version of the file's form. */
export const FILE_VERSION = 1;

/** The items of a file by section and id; a section that the file has not is absent. */
export type FileSettings = ReadonlyMap<Section, ReadonlyMap<string, SettingItem>>;

/** One thing that is wrong with a file. */
export interface FileFault {
  readonly line: number;
  readonly text: string;
}

/** Plain decimals alone: what else looks like a number is text, which no amount may be. */
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** Numbers as their source text. Stands in place of the schema's own numbers. */
const EXACT_NUMBER: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: DECIMAL,
  identify: (value) => value instanceof NumberValue,
  resolve: (text) => NumberValue.from(text),
  stringify: ({ value }) => String(value),
};

const NUMBER_TAGS = new Set(['tag:yaml.org,2002:int', 'tag:yaml.org,2002:float']);

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  logLevel: 'error',
  // An id such as 007 is text, and so is true.
  stringKeys: true,
  customTags: (tags: Tags): Tags => [
    ...tags.filter((tag) => typeof tag === 'string' || !NUMBER_TAGS.has(tag.tag)),
    EXACT_NUMBER,
  ],
} as const;

/** The file of these settings, in a stable order. */
export function fileText(settings: FileSettings, comment: string): string {
  const document = new Document(
    {
      version: NumberValue.from(String(FILE_VERSION)),
      ...Object.fromEntries(
        [...settings].map(([section, items]) => [section, sectionOf(section, items)]),
      ),
    },
    OPTIONS,
  );
  document.commentBefore = comment
    .split('\n')
    .map((line) => (line === '' ? '' : ` ${line}`))
    .join('\n');
  for (const pair of isMap(document.contents) ? document.contents.items.slice(1) : []) {
    if (isScalar(pair.key)) pair.key.spaceBefore = true;
  }
  return document.toString({ lineWidth: 100 });
}

const sectionOf = (section: Section, items: ReadonlyMap<string, SettingItem>) =>
  new Map(
    [...items]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, item]) => [id, shownAttributes(section, item)]),
  );

/** In the order of the item's form; what hardcap does not know, after it. */
function shownAttributes(section: Section, item: SettingItem): Map<string, unknown> {
  const known = SHOWN_ATTRIBUTES[section].filter((name) => item[name] !== undefined);
  const others = Object.keys(item)
    .filter((name) => name.startsWith('x-'))
    .sort();
  return new Map([...known, ...others].map((name) => [name, shownValue(name, item[name])]));
}

function shownValue(name: string, value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') {
    return shownValue(name, NumberValue.from(String(value)));
  }
  if (value instanceof NumberValue) return shownNumber(name, value.toString());
  if (value instanceof Set) return [...value].sort().map((part) => shownValue(name, part));
  if (Array.isArray(value)) return value.map((part) => shownValue(name, part));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    members.map(([member, part]) => [
      member,
      shownValue(name === 'units' ? 'unitsUsd' : member, part),
    ]),
  );
}

/** Dollars with two decimals at least, as people write them; a number in any form, written out. */
function shownNumber(name: string, text: string): NumberValue | string {
  const amount =
    /Usd(?:PerMillion)?$/.test(name) || !DECIMAL.test(text) ? parseUsd(text) : undefined;
  const shown = amount === undefined ? text : formatUsd(amount);
  return DECIMAL.test(shown) ? NumberValue.from(shown) : shown;
}

/** What a file says, or all that is wrong with it. */
export function readFile(
  text: string,
):
  | { readonly settings: FileSettings; readonly lineOf: LineOf }
  | { readonly faults: readonly FileFault[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...OPTIONS, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) {
    return {
      faults: document.errors.map((fault) => ({
        line: lineCounter.linePos(fault.pos[0]).line,
        text: yamlFaultText(fault),
      })),
    };
  }
  const lineOf: LineOf = (path) => lineCounter.linePos(offsetOf(document.contents, path)).line;
  return readContents(plainContents(document), lineOf);
}

/** The first line of the parser's words; the rest shows the place, which the line tells. */
function yamlFaultText({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; a file has one, without ---';
  return message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'is no YAML';
}

/** The line of what stands at a path, or of what comes nearest to it. */
export type LineOf = (path: readonly string[]) => number;

/** @throws never; what refers to too much, or to itself, is no contents */
function plainContents(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 1_000 });
  } catch {
    return undefined;
  }
}

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof NumberValue);

const SECTION_NAMES = Object.keys(SECTIONS) as Section[];

function readContents(contents: unknown, lineOf: LineOf): ReturnType<typeof readFile> {
  if (!isMembers(contents)) {
    const text = 'the file must be a map of version, caps, keys, prices and aliases';
    return { faults: [{ line: 1, text }] };
  }
  const faults: FileFault[] = [...headFaults(contents, lineOf)];
  const settings = new Map<Section, Map<string, SettingItem>>();
  for (const section of SECTION_NAMES) {
    if (!(section in contents)) continue;
    const items = readSection(section, contents[section], lineOf);
    faults.push(...items.faults);
    settings.set(section, items.items);
  }
  if (faults.length > 0) return { faults: faults.sort((a, b) => a.line - b.line) };
  return { settings, lineOf };
}

function* headFaults(contents: Readonly<Record<string, unknown>>, lineOf: LineOf) {
  const { version } = contents;
  if (String(version) !== String(FILE_VERSION)) {
    const is = version === undefined ? 'is missing' : `is ${String(version)}`;
    yield {
      line: version === undefined ? 1 : lineOf(['version']),
      text: `version ${is}; this hardcap reads version: ${FILE_VERSION}`,
    };
  }
  for (const name of Object.keys(contents)) {
    if (name === 'version' || name in SECTIONS) continue;
    const near = nearName(name, SECTION_NAMES);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    const known = `The sections are ${SECTION_NAMES.join(', ')}`;
    yield { line: lineOf([name]), text: `"${name}" is no section of a file.${hint} ${known}` };
  }
}

function readSection(section: Section, value: unknown, lineOf: LineOf) {
  const faults: FileFault[] = [];
  const items = new Map<string, SettingItem>();
  // `caps:` with nothing below it is a section without items.
  const members = value === null ? {} : value;
  if (!isMembers(members)) {
    const text = `${section} must be a map from ids to their attributes`;
    return { items, faults: [{ line: lineOf([section]), text }] };
  }
  for (const [id, attributes] of Object.entries(members)) {
    const what = `${SECTIONS[section].word} ${id}`;
    if (!isMembers(attributes)) {
      faults.push({ line: lineOf([section, id]), text: `${what} must be a map of attributes` });
      continue;
    }
    const item = storedAttributes(attributes);
    items.set(id, item);
    for (const { field, problem } of faultsOf(section, id, item)) {
      const path = field === 'sk' ? [] : field in item ? [field] : field.split('.');
      const named = field === 'sk' ? 'the id' : field;
      faults.push({ line: lineOf([section, id, ...path]), text: `${what}: ${named} ${problem}` });
    }
  }
  return { items, faults };
}

const storedAttributes = (attributes: Readonly<Record<string, unknown>>): SettingItem =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, storedValue(name, value)]),
  );

/** A name such as 007 or 1.0 is the text that was written, and no number. */
function storedValue(name: string, value: unknown): unknown {
  if (value instanceof NumberValue) {
    return isNumeric(name) || name.startsWith('x-') ? value : value.toString();
  }
  if (Array.isArray(value)) return value.map((part) => storedValue(name, part));
  if (!isMembers(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([member, part]) => [member, storedValue(name, part)]),
  );
}

/** Where the deepest part of the path begins that is there. */
function offsetOf(contents: ParsedNode | null, path: readonly string[]): number {
  let node: unknown = contents;
  let offset = contents?.range[0] ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) =>
          isPair(item) &&
          String(isScalar(item.key) ? (item.key.source ?? item.key.value) : '') === part,
      );
      if (pair === undefined) return offset;
      offset = rangeStart(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = rangeStart(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

const rangeStart = (node: unknown): number | undefined =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
    ? Number(node.range[0])
    : undefined;
