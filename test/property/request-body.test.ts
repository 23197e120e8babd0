/**
 * For any JSON whatever: it is written again as it was meant, a repeat is always found, and
 * nothing but a refusal is ever thrown.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { parseBody, serializeBody } from '../../lambda/domain/request-body.ts';

/** JSON as text in two spellings: as a client might send it, and as it must go out. */
interface Spelled {
  readonly sent: string;
  readonly expected: string;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const escapeAll = (text: string): string =>
  `"${[...Array(text.length).keys()]
    .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('')}"`;

/** Any UTF-16 units, lone surrogates too, with the characters that JSON cares about often. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', '\\', '{', '}', '[', ']', ':', ',', 'u', 'e', '1', '\n'),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 8 },
  )
  .map((units) => units.join(''));

const spelledString = (text: string, isEscaped: boolean): Spelled => ({
  sent: isEscaped ? escapeAll(text) : JSON.stringify(text),
  expected: JSON.stringify(text),
});

// JavaScript moves members with whole-number names to the front, so expectations leave them out.
const anyName = anyText.filter((name) => !/^\d+$/.test(name) && name !== '__proto__');

const numberSource = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,24}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,20}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][+-]?\d{1,4}$/)),
  )
  .map((parts) => parts.join(''));

const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/);

const literal = fc.oneof(
  fc.constantFrom('null', 'true', 'false').map((text) => ({ sent: text, expected: text })),
  numberSource.map((text) => ({ sent: text, expected: text })),
  fc.tuple(anyText, fc.boolean()).map(([text, isEscaped]) => spelledString(text, isEscaped)),
);

const { object } = fc.letrec<{ value: Spelled; array: Spelled; object: Spelled }>((tie) => ({
  value: fc.oneof({ maxDepth: 5, depthSize: 'small' }, literal, tie('array'), tie('object')),
  array: fc.array(fc.tuple(space, tie('value')), { maxLength: 4 }).map((items) => ({
    sent: `[${items.map(([gap, item]) => gap + item.sent + gap).join(',')}]`,
    expected: `[${items.map(([, item]) => item.expected).join(',')}]`,
  })),
  object: fc
    .uniqueArray(fc.tuple(anyName, fc.boolean(), space, tie('value')), {
      maxLength: 4,
      selector: ([name]) => name,
    })
    .map((members) => ({
      sent: `{${members
        .map(([name, isEscaped, gap, value]) => {
          const { sent } = spelledString(name, isEscaped);
          return `${gap}${sent}${gap}:${gap}${value.sent}${gap}`;
        })
        .join(',')}}`,
      expected: `{${members
        .map(([name, , , value]) => `${JSON.stringify(name)}:${value.expected}`)
        .join(',')}}`,
    })),
}));

test('an escaped name is not taken for one that was read before', () => {
  // V8 remembers the shapes of objects; a name that begins like an escape used to stand in for it.
  parseBody(bytesOf('{"h":[],"\\\\":0}'));
  parseBody(bytesOf('{"q":[],"\\\\u006do":0}'));

  expect(Object.keys(parseBody(bytesOf('{"h":1,"\\n":2}')))).toEqual(['h', '\n']);
  expect(Object.keys(parseBody(bytesOf('{"q":1,"\\u006dodel_":2}')))).toEqual(['q', 'model_']);
});

test('any object goes out as it was meant, each number with its own digits', () => {
  fc.assert(
    fc.property(object, ({ sent, expected }) => {
      expect(textOf(serializeBody(parseBody(bytesOf(sent))))).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test('what went out reads as the same object again', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })), (value) => {
      fc.pre(!JSON.stringify(value).includes('__proto__'));
      const body = parseBody(bytesOf(JSON.stringify(value)));

      expect(parseBody(serializeBody(body))).toEqual(body);
      expect(JSON.parse(textOf(serializeBody(body)))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a repeated member is refused wherever it stands and however it is spelled', () => {
  fc.assert(
    fc.property(
      anyName,
      fc.boolean(),
      fc.boolean(),
      fc.array(object, { maxLength: 3 }),
      fc.array(fc.constantFrom('[', '{'), { maxLength: 20 }),
      (name, firstEscaped, secondEscaped, between, wrappers) => {
        const first = `${spelledString(name, firstEscaped).sent}:1`;
        const second = `${spelledString(name, secondEscaped).sent}:2`;
        const others = between.map(({ sent }, at) => `${JSON.stringify(`${name}~${at}`)}:${sent}`);
        const inner = `{${[first, ...others, second].join(',')}}`;
        const text = wrappers.reduce(
          (sent, wrapper) => (wrapper === '[' ? `[0,${sent}]` : `{"w":${sent}}`),
          inner,
        );

        expect(() => parseBody(bytesOf(`{"body":${text}}`))).toThrow(/is given twice/);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('bytes of any kind give an object or a refusal, and never anything else', () => {
  const fragments = fc
    .array(
      fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', '-', 'e', '\\u00', ' '),
    )
    .map((parts) => bytesOf(parts.join('')));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fragments), (bytes) => {
      try {
        parseBody(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(HardcapError);
        expect(error).toHaveProperty('code', 'invalid_request');
      }
    }),
    { numRuns: 5_000 },
  );
});
