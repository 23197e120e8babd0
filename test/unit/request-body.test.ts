/**
 * What a request body may look like, what is refused and why, and that numbers keep their digits.
 */
import { describe, expect, test } from 'vitest';
import { HardcapError } from '../../lambda/domain/errors.ts';
import {
  isJsonObject,
  type JsonValue,
  MAX_DEPTH,
  MAX_VALUES,
  numberOf,
  parseBody,
  serializeBody,
} from '../../lambda/domain/request-body.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const rewritten = (text: string): string => textOf(serializeBody(parseBody(bytesOf(text))));

function refusalOf(bytes: Uint8Array): string {
  try {
    parseBody(bytes);
  } catch (error) {
    if (error instanceof HardcapError && error.code === 'invalid_request') return error.message;
    throw error;
  }
  throw new Error('the body was not refused');
}

const refusal = (text: string): string => refusalOf(bytesOf(text));

describe('a body that is no JSON object in UTF-8', () => {
  test('refuses bytes that are not UTF-8', () => {
    const overlongSlash = Uint8Array.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d);

    expect(refusalOf(overlongSlash)).toContain('not valid UTF-8');
  });

  test('refuses a byte order mark, also before a good object', () => {
    expect(refusal('\ufeff{"a":1}')).toContain('byte order mark');
  });

  test.each(['[]', '"text"', '1', '1.0', 'null', 'true'])('refuses %s at the top', (text) => {
    expect(refusal(text)).toContain('must be a JSON object');
  });

  test.each([
    ['', 'Unexpected end'],
    ['{', 'position 1'],
    ['{"a":1,}', 'position 7'],
    ['{"a":01}', 'position 6'],
    ['{"a":1}{"a":1}', 'position 7'],
    ['{"a":"\\x"}', 'position 7'],
    ['{"a', 'Unterminated string'],
    ['{"a\\q":1,"a\\q":2}', 'Bad escaped character'],
    ['}]}{"a":1', 'Unexpected token'],
  ])('refuses %j and says where', (text, where) => {
    expect(refusal(text)).toContain(where);
  });

  test('quotes nothing of the body where the parser would', () => {
    const message = refusal(`{"prompt":"my secret words", "n": secret}`);

    expect(message).toBe("invalid_request: the body is not valid JSON: Unexpected token 's'");
  });
});

describe('a member given twice', () => {
  test.each([
    ['side by side', '{"max_tokens":1,"max_tokens":9}', '"max_tokens"', 16],
    ['at a distance', '{"a":1,"b":{"c":[1,2]},"a":2}', '"a"', 23],
    ['in an inner object', '{"x":[{"y":{"a":1,"a":1}}]}', '"a"', 18],
    ['with the same value', '{"a":1,"a":1}', '"a"', 7],
    ['with an empty name', '{"":1,"":2}', '""', 6],
    ['with space before the colon', '{"a" :1,"a"\t\r\n :2}', '"a"', 8],
    ['by another escape', '{"max_tokens":1,"max\\u005ftokens":9}', '"max_tokens"', 16],
    ['by two escapes of one letter', '{"\\u006B":1,"\\u006b":9}', '"k"', 12],
    ['by an escaped solidus', '{"a/b":1,"a\\/b":9}', '"a/b"', 9],
  ])('is refused %s, with its name and place', (_how, text, name, offset) => {
    const message = refusal(text);

    expect(message).toContain(`member ${name} is given twice`);
    expect(message).toContain(`at offset ${offset};`);
  });

  test('is no repeat where the objects differ', () => {
    const text = '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}],"c":"a"}';

    expect(rewritten(text)).toBe(text);
  });

  test('is no repeat where strings only look like members', () => {
    const text = JSON.stringify({ a: '{"a":1,"a":2}', b: ['a', 'a'], c: '\\', d: '\\"a":' });

    expect(rewritten(text)).toBe(text);
  });

  test('is no repeat where the case or the normal form differs', () => {
    const text = '{"a":1,"A":2,"\u00e9":3,"e\u0301":4}';

    expect(rewritten(text)).toBe(text);
  });

  test('shows at most 64 characters of a long name', () => {
    const name = 'n'.repeat(10_000);

    expect(refusal(`{"${name}":1,"${name}":2}`).length).toBeLessThan(200);
  });
});

describe('structure', () => {
  test.each(['{"__proto__":{"max_tokens":1}}', '{"a":{"\\u005f_proto__":1}}'])(
    'refuses a member named __proto__: %s',
    (text) => {
      expect(refusal(text)).toContain('__proto__');
    },
  );

  test('lets __proto__ pass as a value', () => {
    expect(rewritten('{"a":"__proto__"}')).toBe('{"a":"__proto__"}');
  });

  const nested = (depth: number): string =>
    `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

  test('takes 64 levels and refuses one more', () => {
    expect(MAX_DEPTH).toBe(64);
    expect(rewritten(nested(MAX_DEPTH))).toBe(nested(MAX_DEPTH));
    expect(refusal(nested(MAX_DEPTH + 1))).toContain(`deeper than ${MAX_DEPTH}`);
  });

  test('refuses a million open brackets by depth, without a stack overflow', () => {
    expect(refusal('['.repeat(1_000_000))).toContain('deeper than');
    expect(refusal('{"a":'.repeat(1_000_000))).toContain('deeper than');
  });

  test.each([
    ['elements', (count: number) => `{"a":[${Array(count).fill('0').join(',')}]}`, -1],
    ['empty arrays', (count: number) => `{"a":[${Array(count).fill('[]').join(',')}]}`, -1, 2],
    ['members', (count: number) => `{${Array.from({ length: count }, (_, n) => `"${n}":0`)}}`, 0],
  ])('threat 8: takes as many %s as there may be values, and refuses one more', (...row) => {
    const [, textOfCount, beside, each = 1] = row;
    const most = MAX_VALUES / each + beside;

    expect(MAX_VALUES).toBe(50_000);
    expect(() => parseBody(bytesOf(textOfCount(most)))).not.toThrow();
    expect(refusal(textOfCount(most + 1))).toContain(`more than ${MAX_VALUES} values`);
  });

  test('counts no commas inside strings as values', () => {
    const text = JSON.stringify({ a: ',[{'.repeat(MAX_VALUES) });

    expect(rewritten(text)).toBe(text);
  });

  test('counts levels that are open, not brackets', () => {
    const text = `{"a":[${Array(1_000).fill('{"b":[]}').join(',')}]}`;

    expect(rewritten(text)).toBe(text);
  });

  test('does not count brackets inside strings', () => {
    const text = JSON.stringify({ a: '[{'.repeat(1_000) });

    expect(rewritten(text)).toBe(text);
  });
});

describe('numbers', () => {
  test.each([
    '1.0',
    '1e400',
    '-1E+2',
    '12345678901234567890',
    '-0',
    '0.10',
    '1e3',
    '0.1',
    '-7',
    '1e+21',
    '5e-324',
  ])('keeps the text %s', (source) => {
    expect(rewritten(`{"a":${source},"b":[${source}]}`)).toBe(`{"a":${source},"b":[${source}]}`);
  });

  test('are plain where that loses nothing, also beside one that would', () => {
    expect(parseBody(bytesOf('{"a":4096,"b":1.0}')).a).toBe(4096);
  });

  test.each([
    ['4096', 4096],
    ['1.0', 1],
    ['1e3', 1000],
    ['1e400', Infinity],
    ['12345678901234567891', 12345678901234567891n],
  ])('numberOf reads %s', (source, value) => {
    expect(numberOf(parseBody(bytesOf(`{"a":${source}}`)).a)).toBe(Number(value));
  });

  test('numberOf is undefined for all that is no number', () => {
    const others: (JsonValue | undefined)[] = [undefined, null, true, '1', [1], { rawJSON: '1' }];

    expect(others.map(numberOf)).toEqual(others.map(() => undefined));
  });
});

describe('isJsonObject', () => {
  test('tells an object from a raw number that is one in JavaScript', () => {
    const body = parseBody(
      bytesOf('{"raw":1.0,"object":{"rawJSON":"1.0"},"array":[],"null":null}'),
    );

    expect(Object.values(body).map(isJsonObject)).toEqual([false, true, false, false]);
    expect(isJsonObject(undefined)).toBe(false);
  });
});

describe('strings', () => {
  test('keep lone surrogates and control characters as escapes', () => {
    const text = '{"a":"\\ud800","b":"\\u0000\\n"}';

    expect(rewritten(text)).toBe(text);
  });

  test('are written in their plain form, which is what is counted', () => {
    expect(rewritten('{"a" : "\\u0061\\/\\u00e9"}')).toBe('{"a":"a/é"}');
  });
});
