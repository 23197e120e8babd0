/**
 * Input by bytes is a bound: real tokenizers make no more tokens of a text than it is counted as.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { prepareRequest } from '../../lambda/domain/estimate.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';
import { CODE, LANGUAGES, ODD } from '../helpers/texts.ts';
import { createTokenizers } from '../helpers/tokenizers.ts';

const TOKENIZERS = createTokenizers();
const MODEL = findModel('global.anthropic.claude-sonnet-4-6', new Map());

const boundOf = (body: JsonObject): number =>
  prepareRequest({
    operation: 'invoke',
    model: MODEL,
    body: { max_tokens: 1, ...body },
    headers: {},
    allowFields: new Set(),
  }).inputTokens;

const withText = (text: string): JsonObject => ({ messages: [{ role: 'user', content: text }] });
const BOUND_OF_NOTHING = boundOf(withText(''));

/** What the text alone adds to the bound: its overhead is no help to it. */
const countedAs = (text: string): number => boundOf(withText(text)) - BOUND_OF_NOTHING;

/** Each tokenizer that makes more tokens of the text than it is counted as, by name. */
function tokenizersPast(text: string): string[] {
  const counted = countedAs(text);
  return TOKENIZERS.filter(({ count, prefixTokens }) => count(text) > counted + prefixTokens).map(
    ({ name }) => name,
  );
}

describe('a text', () => {
  it.each([...LANGUAGES, ...CODE, ...ODD])(
    'threat 16: of $name is counted as at least the tokens that any tokenizer makes of it',
    ({ text }) => {
      expect(tokenizersPast(text)).toEqual([]);
      expect(tokenizersPast(`${text}\ufdfa\r\u0323\u0304${text}`)).toEqual([]);
    },
  );

  it('threat 16: of any characters is counted so', () => {
    const character = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
      fc.constantFrom(...ODD.map(({ text }) => text.slice(0, 12))),
      fc.constantFrom(...LANGUAGES).map(({ text }) => text.slice(0, 20)),
    );
    fc.assert(
      fc.property(fc.array(character, { maxLength: 12 }), (parts) => {
        expect(tokenizersPast(parts.join(''))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('threat 16: of one character of any block, many times, is counted so', () => {
    for (let block = 0; block < 0x32000; block += 0x100) {
      const text = String.fromCodePoint(block + 0x41, block + 0x7a, block + 0x41).repeat(4);

      expect(tokenizersPast(text), block.toString(16)).toEqual([]);
    }
  });
});

describe('a tool', () => {
  it('threat 16: is counted as at least its schema, written out wide', () => {
    const properties = Object.fromEntries(
      LANGUAGES.map(({ name, text }, at) => [
        `${name}_${at}`,
        { type: at % 2 === 0 ? 'string' : 'array', description: text, enum: ['a', 'b'], items: {} },
      ]),
    );
    const tool = {
      name: 'report',
      description: 'All.',
      input_schema: { type: 'object', properties },
    };
    const bound = boundOf({ ...withText(''), tools: [tool] }) - BOUND_OF_NOTHING;
    const wide = JSON.stringify(tool, null, 2);

    for (const { count, name } of TOKENIZERS) {
      expect(count(wide), name).toBeLessThanOrEqual(bound);
    }
  });
});
