/**
 * Writes the tables of docs/settings.md, out of the schemas that read the settings and the words in
 * settings-words.ts. The prose around them is the page's own.
 *
 * `npm run docs:settings` writes; a test fails where what is committed differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { PRICE_SHAPE } from '../lambda/adapters/settings/price-item.ts';
import { ITEM_SHAPES } from '../lambda/adapters/settings/setting-items.ts';
import { ENV } from '../lambda/contract.ts';
import {
  allowed,
  CONFIGURATION_KEYS,
  type Configuration,
  DEFAULT_CONFIGURATION,
} from '../lib/configuration.ts';
import {
  ALIAS_WORDS,
  type AttributeWords,
  CAP_WORDS,
  DEPLOYMENT_WORDS,
  FREE_WORDS,
  KEY_WORDS,
  PRICE_WORDS,
} from './settings-words.ts';

const pageUrl = new URL('../docs/settings.md', import.meta.url);

type Shape = Readonly<Record<string, z.core.$ZodType>>;

const cell = (text: string): string => text.replaceAll('|', '\\|');
const line = (columns: readonly string[]): string => `| ${columns.map(cell).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');

/** What the schema says of a value that it does not take. */
function formOf(field: z.core.$ZodType): string {
  const { success, error } = z.safeParse(field, Symbol('of no form'));
  if (success) throw new Error('a field of the settings takes anything');
  return error.issues[0]?.message.replace(/^must be /, '') ?? '';
}

/** Whether an item may do without it. */
const isOptional = (field: z.core.$ZodType): boolean =>
  z.safeParse(z.object({ field }), {}).success;

/** @throws Error where the words say what holds without an attribute that must be there */
function absentCell(name: string, field: z.core.$ZodType, { absent }: AttributeWords): string {
  if (isOptional(field) === (absent !== undefined)) return absent ?? 'malformed';
  throw new Error(`settings-words.ts and the schema differ on whether ${name} may be absent`);
}

function attributeTable(shape: Shape, words: Readonly<Record<string, AttributeWords>>): string {
  const rows = Object.entries(shape).map(([name, field]) => {
    const told = words[name];
    if (told === undefined) throw new Error(`settings-words.ts has no words for ${name}`);
    return [`\`${name}\``, told.what, formOf(field), absentCell(name, field, told)];
  });
  const free = Object.entries(FREE_WORDS).map(([name, { what, absent }]) => [
    `\`${name}\``,
    what,
    'anything',
    absent,
  ]);
  return table(['Attribute', 'What it is', 'Form', 'Where it is absent'], [...rows, ...free]);
}

/** As it is written after `-c <name>=`. */
function defaultCell(key: keyof Configuration): string {
  const value = DEFAULT_CONFIGURATION[key];
  const isEmpty = typeof value === 'object' && Object.keys(value).length === 0;
  const text = isEmpty ? '' : String(value);
  return text === '' ? 'nothing' : `\`${text}\``;
}

const variables: Readonly<Record<string, string>> = ENV;

const deploymentTable = (): string =>
  table(
    ['Name', 'What it does', 'Allowed', 'Default', 'Variable'],
    CONFIGURATION_KEYS.map((key) => [
      `\`${key}\``,
      DEPLOYMENT_WORDS[key],
      allowed(key),
      defaultCell(key),
      variables[key] === undefined ? '' : `\`${variables[key]}\``,
    ]),
  );

const TABLES: Readonly<Record<string, () => string>> = {
  caps: () => attributeTable(ITEM_SHAPES.cap, CAP_WORDS),
  keys: () => attributeTable(ITEM_SHAPES.key, KEY_WORDS),
  prices: () => attributeTable(PRICE_SHAPE, PRICE_WORDS),
  aliases: () => attributeTable(ITEM_SHAPES.alias, ALIAS_WORDS),
  deployment: deploymentTable,
};

/** The page with the tables of the code in it. @throws Error where a mark is missing */
export function withTables(page: string): string {
  return Object.entries(TABLES).reduce((text, [name, tableText]) => {
    const begin = `<!-- docs:settings ${name} begins -->`;
    const end = `<!-- docs:settings ${name} ends -->`;
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`settings.md has no "${begin}" before "${end}"`);
    return `${text.slice(0, from + begin.length)}\n\n${tableText()}\n\n${text.slice(to)}`;
  }, page);
}

/** What is committed, and what should be. */
export function settingsPage(): { readonly written: string; readonly expected: string } {
  const written = readFileSync(pageUrl, 'utf8');
  return { written, expected: withTables(written) };
}

if (import.meta.main) writeFileSync(pageUrl, settingsPage().expected);
