/**
 * Three JSON parsers that share no code, each made to tell what it read in one spelling.
 *
 * Invariant: numbers stand by their source text, members in the order of their names, so that two
 *            readings are equal exactly when the parsers understood the same.
 */
import { type AnyNode, parse as parseMomoa } from '@humanwhocodes/momoa';
import { parse as parseLossless } from 'lossless-json';

/** Reads a JSON text into its one spelling. @throws where the parser refuses it */
export type JsonReader = (text: string) => string;

class NumberText {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

function spell(value: unknown): string {
  if (value instanceof NumberText) return value.source;
  if (Array.isArray(value)) return `[${value.map(spell).join(',')}]`;
  if (value instanceof Map) return spellMembers([...value]);
  if (typeof value === 'object' && value !== null) return spellMembers(Object.entries(value));
  return JSON.stringify(value);
}

const spellMembers = (members: readonly (readonly [string, unknown])[]): string =>
  `{${members
    .map(([name, value]) => `${JSON.stringify(name)}:${spell(value)}`)
    .sort()
    .join(',')}}`;

const byEngine: JsonReader = (text) =>
  spell(
    JSON.parse(text, (_name, value, { source }) =>
      typeof value === 'number' && source !== undefined ? (new NumberText(source) as never) : value,
    ),
  );

const byLossless: JsonReader = (text) =>
  spell(parseLossless(text, null, { parseNumber: (source) => new NumberText(source) }));

function momoaValue(node: AnyNode, text: string): unknown {
  switch (node.type) {
    case 'Document':
      return momoaValue(node.body, text);
    case 'Object':
      return new Map(
        node.members.map(({ name, value }) => [
          name.type === 'String' ? name.value : name.name,
          momoaValue(value, text),
        ]),
      );
    case 'Array':
      return node.elements.map(({ value }) => momoaValue(value, text));
    case 'Number':
      return new NumberText(text.slice(node.loc.start.offset, node.loc.end.offset));
    case 'String':
    case 'Boolean':
      return node.value;
    default:
      return null;
  }
}

const byMomoa: JsonReader = (text) => spell(momoaValue(parseMomoa(text), text));

/** The engine's own, lossless-json, and the syntax tree of momoa. */
export const JSON_READERS: Readonly<Record<string, JsonReader>> = {
  engine: byEngine,
  lossless: byLossless,
  momoa: byMomoa,
};
