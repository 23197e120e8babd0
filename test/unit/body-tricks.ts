/**
 * Bodies that two JSON parsers, or a parser and a price, could take in two ways; as data.
 *
 * Each tells what must become of it: the code that it is refused by, or the output limit that it
 * is priced and sent with.
 */

/** Which request a trick is one of. */
export type TrickShape = 'claude' | 'claude-converse' | 'nova' | 'nova-converse';

export interface Trick {
  readonly name: string;
  readonly shape: TrickShape;
  readonly body: string | Uint8Array;
  readonly becomes: 'invalid_request' | 'unpriced_field' | { readonly limit: number };
}

type Becomes = Trick['becomes'];

/** The models' own maximum, which is written where a body gives no limit. */
const MAXIMUM = 64_000;
const SENT: Becomes = { limit: 100 };
const TEXT_MESSAGE = '"messages":[{"role":"user","content":"hi"}]';
const BLOCK_MESSAGE = '"messages":[{"role":"user","content":[{"text":"hi"}]}]';

/** A body of each shape with these members beside its message. */
const claude = (members: string): string => `{${members},${TEXT_MESSAGE}}`;
const other = (members: string): string => `{${members},${BLOCK_MESSAGE}}`;
const withSchema = (schema: string): string =>
  claude(`"max_tokens":100,"tools":[{"name":"t","input_schema":${schema}}]`);
const withExtra = (members: string): string =>
  other(`"inferenceConfig":{"maxTokens":100},"additionalModelRequestFields":{${members}}`);

const each = (
  what: string,
  shape: TrickShape,
  becomes: Becomes,
  bodies: readonly (string | Uint8Array)[],
): Trick[] => bodies.map((body, at) => ({ name: `${what}, ${at + 1}`, shape, body, becomes }));

const LIMITS: readonly (readonly [value: string, becomes: Becomes])[] = [
  ...['100', '100.0', '1e2', '1E2', '1e+2', '0.1e3', '1000e-1', '100.000000', '10000E-2'].map(
    (value) => [value, SENT] as const,
  ),
  ['null', { limit: MAXIMUM }],
  ['1', { limit: 1 }],
  ['1.0', { limit: 1 }],
  ...[
    ['0', '-0', '0.0', '0e9', '-1', '-100', '1.5', '1e-1', '1e999', '-1e999', '1e-999', '100.5'],
    ['9007199254740992', '9007199254740993', '1e16', '18446744073709551716', '4294967396.5'],
    ['"100"', '"1e2"', '""', '" 100"', '"0x64"', '[]', '[100]', '{}', '{"rawJSON":"100"}'],
    ['true', 'false', 'NaN', 'Infinity', '-Infinity', 'nan', 'undefined', 'None', 'nil', 'NULL'],
    ['0100', '00', '-01', '+100', '.5', '100.', '1e', '1e+', '1_00', '1,00', '0x64', '0b1', '0o7'],
    ['100n', '100f', '1e2e2', '1.2.3', '--100', '- 100', '1 00', "'100'", '\u0661\u0660\u0660'],
    ['\uff11\uff10\uff10', '100\u0000', '100/**/', '100//', '(100)', '100;', '1e2.5', '$100'],
    ['9'.repeat(400), `1${'0'.repeat(20_000)}`],
  ]
    .flat()
    .map((value) => [value, 'invalid_request'] as const),
];

const LIMIT_PLACES: readonly (readonly [TrickShape, string, (value: string) => string])[] = [
  ['claude', 'max_tokens', (value) => claude(`"max_tokens":${value}`)],
  ['claude-converse', 'maxTokens', (value) => other(`"inferenceConfig":{"maxTokens":${value}}`)],
  ['nova', 'max_new_tokens', (value) => other(`"inferenceConfig":{"max_new_tokens":${value}}`)],
];

const limits = LIMIT_PLACES.flatMap(([shape, field, bodyOf]) =>
  LIMITS.map(([value, becomes]) => ({
    name: `${field} of ${value.slice(0, 24)}`,
    shape,
    body: bodyOf(value),
    becomes,
  })),
);

/** Names that some reader may take for the limit, and that no shape here has. */
const FALSE_NAMES = [
  ...['Max_Tokens', 'MAX_TOKENS', 'max_Tokens', 'maxtokens', 'max-tokens', 'MaxTokens'],
  ...['max_tokens ', ' max_tokens', 'max_tokens\\u0000', 'max_tokens\\t', 'max\u200b_tokens'],
  ...['m\u0430x_tokens', '\uff4dax_tokens', 'max_to\u212aens', 'max_token\u017f', 'max.tokens'],
  ...['max_completion_tokens', 'max_output_tokens', 'max_tokens_to_sample', 'max_gen_len'],
  ...['maxTokenCount', 'maxOutputTokens', 'max_tokens[]', 'n', 'num_generations', 'numResults'],
  ...['best_of', 'candidate_count', '', '0', '\\ud800', '\\u004dax_tokens', 'constructor'],
  ...[
    'toString',
    'valueOf',
    'hasOwnProperty',
    'prototype',
    'toJSON',
    'rawJSON',
    '__defineGetter__',
  ],
];

const names = FALSE_NAMES.flatMap((name) => [
  ...each(`"${name}" beside max_tokens`, 'claude', 'unpriced_field', [
    claude(`"max_tokens":100,"${name}":999`),
  ]),
  ...each(`"${name}" for inferenceConfig.maxTokens`, 'claude-converse', 'unpriced_field', [
    other(`"inferenceConfig":{"${name}":999}`),
  ]),
  ...each(`"${name}" in additionalModelRequestFields`, 'nova-converse', 'unpriced_field', [
    withExtra(`"${name}":999`),
  ]),
]);

const aliases: readonly Trick[] = [
  ...each('an alias of the limit in Converse', 'claude-converse', 'unpriced_field', [
    withExtra('"max_tokens":999'),
    withExtra('"maxTokens":999'),
    withExtra('"inferenceConfig":{"maxTokens":999}'),
    withExtra('"max_completion_tokens":999'),
    withExtra('"additionalModelRequestFields":{"max_tokens":999}'),
    other('"inferenceConfig":{"maxTokens":100},"max_tokens":999'),
    other('"inferenceConfig":{"maxTokens":100},"maxTokens":999'),
    other('"inferenceConfig":{"maxTokens":100},"InferenceConfig":{"maxTokens":999}'),
    other('"inferenceConfig":{"maxTokens":100},"inference_config":{"maxTokens":999}'),
    other('"inferenceConfig":{"maxTokens":100,"max_new_tokens":999}'),
    other('"inferenceConfig":{"maxTokens":100,"max_tokens":999}'),
  ]),
  ...each('an alias of the limit in Nova', 'nova', 'unpriced_field', [
    other('"inferenceConfig":{"maxTokens":100},"max_new_tokens":999'),
    other('"inferenceConfig":{"maxTokens":100,"max_tokens":999}'),
    other('"inferenceConfig":{"maxTokens":100},"max_tokens":999'),
  ]),
  ...each('an alias of the limit in Nova by Converse', 'nova-converse', 'unpriced_field', [
    withExtra('"inferenceConfig":{"maxTokens":999}'),
    withExtra('"inferenceConfig":{"max_new_tokens":999}'),
    withExtra('"max_new_tokens":999'),
  ]),
  ...each('two limits of Nova that differ', 'nova', 'invalid_request', [
    other('"inferenceConfig":{"maxTokens":100,"max_new_tokens":999}'),
    other('"inferenceConfig":{"max_new_tokens":999,"maxTokens":100.0}'),
  ]),
  ...each('two limits of Nova that agree', 'nova', SENT, [
    other('"inferenceConfig":{"maxTokens":100,"max_new_tokens":1e2}'),
  ]),
  ...each('a holder that is no object', 'claude-converse', 'invalid_request', [
    other('"inferenceConfig":[{"maxTokens":100}]'),
    other('"inferenceConfig":"{\\"maxTokens\\":100}"'),
    other('"inferenceConfig":100'),
    other('"inferenceConfig":{"maxTokens":100},"additionalModelRequestFields":[{"max_tokens":9}]'),
    other('"inferenceConfig":{"maxTokens":100},"additionalModelRequestFields":"{}"'),
  ]),
  ...each('a thinking budget that is no count', 'claude', 'invalid_request', [
    ...['"1024"', '1.5', '-1', '1e999', '0', '[1024]', 'true'].map((budget) =>
      claude(`"thinking":{"type":"enabled","budget_tokens":${budget}}`),
    ),
  ]),
];

const escapedNames: readonly Trick[] = [
  ...each('the limit by an escaped name', 'claude', SENT, [
    claude('"\\u006dax_tokens":100'),
    claude('"\\u006Dax_tokens":100'),
    claude('"max\\u005ftokens":100'),
    claude('"max\\u005Ftokens":1e2'),
    claude(
      [...'max_tokens']
        .map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
        .join('')
        .replace(/^/, '"')
        .concat('":100'),
    ),
  ]),
  ...each('the limit by a plain and an escaped name', 'claude', 'invalid_request', [
    claude('"max_tokens":100,"\\u006dax_tokens":999'),
    claude('"\\u006dax_tokens":999,"max_tokens":100'),
    claude('"max_token\\u0073":100,"max_token\\u0073":100'),
    claude('"max\\u005ftokens":100,"max\\u005Ftokens":999'),
  ]),
  ...each('members of Converse by escaped names', 'claude-converse', SENT, [
    other('"inference\\u0043onfig":{"max\\u0054okens":100}'),
    other('"inferenceConfig":{"\\u006d\\u0061xTokens":100.0}'),
  ]),
];

/** Objects and arrays down to the member that stands twice. */
const deepRepeat = (depth: number): string =>
  `${'{"a":['.repeat(depth)}{"k":1,"k":2}${']}'.repeat(depth)}`;

const repeats: readonly Trick[] = [
  ...each('a member that stands twice in Claude', 'claude', 'invalid_request', [
    claude('"max_tokens":100,"max_tokens":999'),
    claude('"max_tokens":999,"max_tokens":100'),
    claude('"max_tokens":100,"max_tokens":100'),
    claude('"max_tokens":100,"max_tokens":null'),
    claude(`"max_tokens":100,${TEXT_MESSAGE}`),
    claude('"max_tokens":100,"thinking":{"type":"enabled","budget_tokens":1024,"budget_tokens":9}'),
    claude('"max_tokens":100,"thinking":{"type":"disabled","type":"enabled"}'),
    claude('"max_tokens":100,"cache_control":{"type":"ephemeral","ttl":"5m","ttl":"1h"}'),
    claude('"max_tokens":100,"service_tier":"standard_only","service_tier":"priority"'),
    '{"max_tokens":100,"messages":[{"role":"user","content":"a","content":"b"}]}',
    '{"max_tokens":100,"messages":[{"role":"user","content":[{"type":"text","type":"image"}]}]}',
    '{"max_tokens":100,"messages":[{"role":"user","role":"assistant","content":"a"}]}',
    ...[1, 2, 3, 5, 8, 13, 21, 28].map((depth) => withSchema(deepRepeat(depth))),
    withSchema('{"":1,"":2}'),
    withSchema('{"a/b":1,"a\\/b":2}'),
    withSchema('{"\\ud83d\\ude00":1,"\u{1f600}":2}'),
    withSchema('{"\\ud800":1,"\\uD800":2}'),
    withSchema('{"1":1,"2":2,"1":3}'),
    withSchema('{"constructor":1,"constructor":2}'),
  ]),
  ...each('a member that stands twice in Converse', 'claude-converse', 'invalid_request', [
    other('"inferenceConfig":{"maxTokens":100,"maxTokens":999}'),
    other('"inferenceConfig":{"maxTokens":100},"inferenceConfig":{"maxTokens":999}'),
    other('"inferenceConfig":{"maxTokens":100},"inferenceConfig":null'),
    withExtra('"top_k":1,"top_k":2'),
    withExtra('"thinking":{"budget_tokens":1},"thinking":{"budget_tokens":2}'),
    other('"serviceTier":{"type":"default","type":"priority"}'),
  ]),
  ...each('what only looks like a repeat', 'claude', SENT, [
    withSchema('{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}'),
    withSchema('{"k":1,"K":2}'),
    withSchema('{"\u00e9":1,"e\u0301":2}'),
    withSchema('{"a":"\\"k\\":1,\\"k\\":2"}'),
    withSchema('{"01":1,"1":2,"1.0":3,"-0":4,"0":5}'),
    withSchema('{"4294967295":1,"4294967294":2,"a":3,"2":4}'),
  ]),
];

const prototypes: readonly Trick[] = [
  ...each('a member named __proto__', 'claude', 'invalid_request', [
    claude('"max_tokens":100,"__proto__":{"max_tokens":999}'),
    claude('"__proto__":{"max_tokens":100}'),
    claude('"max_tokens":100,"\\u005f_proto__":null'),
    withSchema('{"__proto__":1}'),
    withSchema('{"a":[{"__proto\\u005f_":{}}]}'),
    claude('"max_tokens":100,"metadata":{"__proto__":{}}'),
  ]),
  ...each('a name that every object of JavaScript has', 'claude', SENT, [
    ...['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', 'rawJSON', 'then'].map(
      (name) => withSchema(`{"${name}":{"${name}":1.0}}`),
    ),
    withSchema('{"length":-1,"size":1e9,"prototype":null,"__defineGetter__":true}'),
    withSchema('{"rawJSON":"999"}'),
  ]),
];

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const GOOD = claude('"max_tokens":100');
/** A body whose only string holds these bytes. */
const inString = (...values: readonly number[]): Uint8Array =>
  Buffer.concat([
    ascii('{"max_tokens":100,"messages":[{"role":"user","content":"'),
    bytes(...values),
    ascii('"}]}'),
  ]);
const utf16 = Buffer.from(GOOD, 'utf16le');

const encodings: readonly Trick[] = [
  ...each('what is no UTF-8 of its own', 'claude', 'invalid_request', [
    Buffer.from(`\ufeff${GOOD}`),
    Buffer.from(`\ufeff\ufeff${GOOD}`),
    Buffer.from(`${GOOD}\ufeff`),
    Buffer.from(`{\ufeff${GOOD.slice(1)}`),
    utf16,
    Buffer.from(utf16).swap16(),
    Buffer.from(`\ufeff${GOOD}`, 'utf16le'),
    Buffer.from(`\ufeff${GOOD}`, 'utf16le').swap16(),
    Buffer.concat([...GOOD].map((letter) => bytes(letter.charCodeAt(0), 0, 0, 0))),
    inString(0xc0, 0xaf),
    inString(0xc0, 0xa2),
    inString(0xc0, 0x80),
    inString(0xe0, 0x80, 0xa2),
    inString(0xf0, 0x80, 0x80, 0xa2),
    inString(0xed, 0xa0, 0x80),
    inString(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80),
    inString(0xf8, 0x88, 0x80, 0x80, 0x80),
    inString(0xf4, 0x90, 0x80, 0x80),
    inString(0x80),
    inString(0xe2, 0x82),
    inString(0xff),
    inString(0xfe),
    inString(0xe9),
    bytes(0x1f, 0x8b, 0x08, 0x00),
    Buffer.from('+AHsAIg-max_tokens+ACI-:1}'),
  ]),
  ...each('a control character that JSON wants escaped', 'claude', 'invalid_request', [
    ...[0x00, 0x01, 0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x1b, 0x1f].map((code) => inString(code)),
  ]),
  ...each('characters that need no escape', 'claude', SENT, [
    inString(0x7f),
    inString(0xc2, 0x85),
    inString(0xe2, 0x80, 0xa8, 0xe2, 0x80, 0xa9),
    inString(0xef, 0xbb, 0xbf),
    inString(0xef, 0xbf, 0xbe, 0xef, 0xbf, 0xbf),
    inString(0xf4, 0x8f, 0xbf, 0xbf),
    inString(0xe2, 0x80, 0xae, 0xe2, 0x81, 0xa6),
  ]),
];

const inText = (literal: string): string =>
  `{"max_tokens":100,"messages":[{"role":"user","content":"${literal}"}]}`;

const strings: readonly Trick[] = [
  ...each('an escape that is none', 'claude', 'invalid_request', [
    ...[
      '\\x41',
      "\\'",
      '\\u{41}',
      '\\u12',
      '\\uzzzz',
      '\\U00000041',
      '\\v',
      '\\0',
      '\\a',
      '\\ ',
    ].map(inText),
    ...['\\u 041', '\\u+041', '\\u-041', '\\u004', '\\', '\\u', '\\\n'].map(inText),
  ]),
  ...each('an escape that is one', 'claude', SENT, [
    ...['\\u0041', '\\/', '\\\\', '\\"', '\\b\\f\\n\\r\\t', '\\u0000', '\\u2028', '\\uFEFF'].map(
      inText,
    ),
    ...['\\ud83d\\ude00', '\\ud800', '\\udc00\\ud800', '\\ud83d\u{1f600}', '\\ud83dx'].map(inText),
    ...['\\u005c\\u0022', '\\u0022,\\u0022max_tokens\\u0022:999', '\\\\u0022'].map(inText),
  ]),
];

const syntax: readonly Trick[] = [
  ...each('what some parsers let pass', 'claude', 'invalid_request', [
    ...['', ' ', '\n', '{', '}', '{}}', '[]', '[{}]', '""', '0', 'null', 'true', 'undefined'],
    ...['{"max_tokens"}', '{,}', '{"max_tokens":}', '{:100}', '{"max_tokens" 100}'],
    `${GOOD.slice(0, -1)},}`,
    `${GOOD.slice(0, -1)},,"stream":true}`,
    `{,${GOOD.slice(1)}`,
    GOOD.replace('"hi"}]', '"hi"},]'),
    GOOD.replace('"hi"}]', '"hi"}}'),
    GOOD.replace('"max_tokens":', '"max_tokens"='),
    GOOD.replace('"max_tokens":', '"max_tokens"::'),
    GOOD.replaceAll('"', "'"),
    GOOD.replaceAll('"', '`'),
    GOOD.replaceAll('"', '\u201c'),
    GOOD.replace('"max_tokens"', 'max_tokens'),
    `/* {"max_tokens":1} */${GOOD}`,
    `// comment\n${GOOD}`,
    `# comment\n${GOOD}`,
    `<!-- -->${GOOD}`,
    `{/**/${GOOD.slice(1)}`,
    `${GOOD}//`,
    `${GOOD}/**/`,
    `${GOOD}${GOOD}`,
    `${GOOD}\n${GOOD}`,
    `${GOOD},${GOOD}`,
    `${GOOD};`,
    `${GOOD}\u0000`,
    `\u0000${GOOD}`,
    `${GOOD}x`,
    `${GOOD} {"max_tokens":999}`,
    `)]}',\n${GOOD}`,
    `callback(${GOOD})`,
    `\u001e${GOOD}`,
    `${GOOD}\u00a0`,
    `\u2028${GOOD}`,
    `{\u3000${GOOD.slice(1)}`,
    `{\f${GOOD.slice(1)}`,
    `{\v${GOOD.slice(1)}`,
    JSON.stringify(GOOD),
    GOOD.slice(0, -1),
    GOOD.slice(1),
    `[${GOOD}]`,
    `max_tokens=100&messages=`,
    `--- \nmax_tokens: 100`,
  ]),
  ...each('white space that is JSON', 'claude', SENT, [
    ` \t\r\n${GOOD}\n\r\t `,
    GOOD.replaceAll(':', ' : ').replaceAll(',', '\r\n,\t'),
    GOOD.replaceAll('{', '{ ').replaceAll(']', '\n]'),
  ]),
];

const manyMembers = (count: number): string =>
  `{${Array.from({ length: count }, (_, at) => `"m${at}":0`).join(',')}}`;

const sizes: readonly Trick[] = [
  ...each('too deep or too many', 'claude', 'invalid_request', [
    withSchema('['.repeat(62) + ']'.repeat(62)),
    withSchema(`${'{"a":'.repeat(62)}0${'}'.repeat(62)}`),
    '['.repeat(100_000),
    '{"a":'.repeat(100_000),
    claude(`"max_tokens":100,"${'x'.repeat(10)}":${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    withSchema(`[${'0,'.repeat(50_000)}0]`),
    withSchema(`[${'[],'.repeat(30_000)}0]`),
    withSchema(manyMembers(50_001)),
  ]),
  ...each('deep, many or long, and allowed', 'claude', SENT, [
    withSchema(`{"a":${'['.repeat(60)}${']'.repeat(60)}}`),
    withSchema(manyMembers(2_000)),
    withSchema(`{"${'n'.repeat(100_000)}":1}`),
    withSchema(`{"${'\\u006e'.repeat(5_000)}":1}`),
    withSchema(`[${'9'.repeat(5_000)},0.${'0'.repeat(5_000)}1,1e${'9'.repeat(50)}]`),
    withSchema('[-0,-0.0,0e0,1E+2,1e-400,5e-324,0.1,12345678901234567890,3.0]'),
  ]),
  ...each('a long name that is not known', 'claude', 'unpriced_field', [
    claude(`"max_tokens":100,"${'max_tokens'.repeat(10_000)}":999`),
  ]),
];

const dearer: readonly Trick[] = [
  ...each('a value that moves the price, spelled oddly', 'claude', 'unpriced_field', [
    claude('"max_tokens":100,"service_tier":"PRIORITY"'),
    claude('"max_tokens":100,"service_tier":["priority"]'),
    claude('"max_tokens":100,"service_tier":"default\\u0000"'),
    claude('"max_tokens":100,"speed":"fast"'),
    claude('"max_tokens":100,"speed":"\\u0066ast"'),
    claude('"max_tokens":100,"speed":true'),
    '{"max_tokens":100,"messages":[{"role":"user","content":[{"type":"Text","text":"a"}]}]}',
    claude('"max_tokens":100,"tools":[{"type":"web_search_20250305","name":"s"}]'),
    claude('"max_tokens":100,"tools":[{"type":"\\u0077eb_search_20250305","name":"s"}]'),
  ]),
];

/** Every trick. */
export const BODY_TRICKS: readonly Trick[] = [
  ...limits,
  ...names,
  ...aliases,
  ...escapedNames,
  ...repeats,
  ...prototypes,
  ...encodings,
  ...strings,
  ...syntax,
  ...sizes,
  ...dearer,
];
