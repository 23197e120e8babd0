/**
 * Random commands from a grammar of expressions, well formed and not, on the items of one
 * partition.
 *
 * Not here: what the reference itself gets wrong: equality of lists and maps, the order of
 *           anything but numbers and strings, strings whose order differs in UTF-8 and UTF-16, two
 *           absent attributes compared with each other, an ADD to what another clause reads.
 */
import {
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import {
  ANY,
  NUMBERS,
  randomNumber,
  randomText,
  randomValue,
  TEXTS,
  Words,
} from './expression-words.ts';
import type { Step } from './ledger-scripts.ts';
import { malformed } from './malformed-requests.ts';
import { randomCondition } from './random-condition.ts';
import type { Random } from './seeded-random.ts';

/** `count` steps on the items of that partition key, of which the first often fills one. */
export const expressionScript = (random: Random, pk: string, count: number): Step[] =>
  Array.from({ length: count }, (_, index) =>
    index === 0 && random.chance(0.7) ? filling(random, pk) : step(random, pk),
  );

function filling(random: Random, pk: string): Step {
  const names = [...NUMBERS, ...TEXTS, ...ANY].filter(() => random.chance(0.85));
  const attributes = names.map((name) => [name, valueFor(random, name)] as const);
  const Item = { pk, sk: 'a', ...Object.fromEntries(attributes) };
  return { kind: 'put', command: new PutCommand({ TableName: 'ledger', Item }) };
}

function step(random: Random, pk: string): Step {
  const Key = { pk, sk: random.pick(['a', 'a', 'b']) };
  const draw = random.next();
  if (draw < 0.55) return { kind: 'update', command: new UpdateCommand(update(random, Key)) };
  if (draw < 0.7) return malformed(random, Key, update(random, Key));
  if (draw < 0.8) return { kind: 'put', command: new PutCommand(put(random, Key)) };
  if (draw < 0.88) return { kind: 'delete', command: new DeleteCommand(remove(random, Key)) };
  if (draw < 0.94) {
    return { kind: 'get', command: new GetCommand({ TableName: 'ledger', Key }) };
  }
  return { kind: 'query', command: queryOf(random, pk) };
}

type Key = { readonly pk: string; readonly sk: string };

function update(random: Random, Key: Key) {
  const words = new Words(random);
  const UpdateExpression = updateExpression(random, words);
  const hasCondition = random.chance(0.6);
  return {
    TableName: 'ledger',
    Key,
    UpdateExpression,
    ...(hasCondition ? { ConditionExpression: randomCondition(random, words) } : {}),
    ...words.placeholders(),
    ReturnValues: random.pick([
      'NONE',
      'ALL_OLD',
      'UPDATED_OLD',
      'ALL_NEW',
      'UPDATED_NEW',
    ] as const),
  };
}

function updateExpression(random: Random, words: Words): string {
  const targets = shuffled(random, [...NUMBERS, ...TEXTS, ...ANY, 'openKey']);
  const sets: string[] = [];
  const adds: string[] = [];
  const removes: string[] = [];
  const added = random.chance(0.3) ? random.pick([...NUMBERS, ...ANY]) : undefined;
  const readable = [...NUMBERS, ...TEXTS, ...ANY].filter((name) => name !== added);
  if (added !== undefined) adds.push(`${words.path(added)} ${words.number()}`);
  for (const target of targets.slice(0, 1 + random.int(4))) {
    if (target === added) continue;
    if (random.chance(0.25)) removes.push(words.path(target));
    else sets.push(`${words.path(target)} = ${source(random, words, target, readable)}`);
  }
  const sections = [
    ['SET', sets],
    ['ADD', adds],
    ['REMOVE', removes],
  ] as const;
  const written = sections
    .filter(([, clauses]) => clauses.length > 0)
    .map(
      ([name, clauses]) =>
        `${random.chance(0.8) ? name : name.toLowerCase()} ${clauses.join(', ')}`,
    );
  return shuffled(random, written).join(' ');
}

function source(random: Random, words: Words, target: string, readable: readonly string[]): string {
  if (target === 'openKey') {
    const text = words.text();
    return random.chance(0.5) ? text : `if_not_exists(openKey, ${text})`;
  }
  if (random.chance(0.3)) return words.literal(valueFor(random, target));
  if (random.chance(0.1)) return words.path(random.pick(readable));
  const term = (): string => {
    const draw = random.next();
    const path = words.path(random.pick(random.chance(0.9) ? NUMBERS_OF(readable) : readable));
    if (draw < 0.3) return words.number();
    if (draw < 0.5) return path;
    return `if_not_exists(${path}, ${random.chance(0.8) ? words.number() : words.path(random.pick(readable))})`;
  };
  return random.chance(0.2) ? term() : `${term()} ${random.pick(['+', '-'])} ${term()}`;
}

const NUMBERS_OF = (readable: readonly string[]): string[] =>
  readable.filter((name) => NUMBERS.includes(name));

function valueFor(random: Random, target: string): unknown {
  if (NUMBERS.includes(target)) return randomNumber(random);
  return TEXTS.includes(target) ? randomText(random) : randomValue(random);
}

function put(random: Random, key: Key) {
  const words = new Words(random);
  const condition = random.chance(0.5) ? randomCondition(random, words) : undefined;
  const attributes: Record<string, unknown> = {};
  for (const name of NUMBERS) if (random.chance(0.5)) attributes[name] = words.numberValue();
  for (const name of TEXTS) if (random.chance(0.5)) attributes[name] = randomText(random);
  for (const name of ANY) if (random.chance(0.5)) attributes[name] = randomValue(random);
  if (random.chance(0.3)) attributes.openKey = random.chance(0.9) ? 'open' : 7;
  return {
    TableName: 'ledger',
    Item: { ...key, ...attributes },
    ...(condition === undefined ? {} : { ConditionExpression: condition, ...words.placeholders() }),
    ...(random.chance(0.4) ? { ReturnValues: 'ALL_OLD' as const } : {}),
  };
}

function remove(random: Random, Key: Key) {
  const words = new Words(random);
  const condition = random.chance(0.5) ? randomCondition(random, words) : undefined;
  return {
    TableName: 'ledger',
    Key,
    ...(condition === undefined ? {} : { ConditionExpression: condition, ...words.placeholders() }),
    ...(random.chance(0.4) ? { ReturnValues: 'ALL_OLD' as const } : {}),
  };
}

function queryOf(random: Random, pk: string): QueryCommand {
  const hasSort = random.chance(0.5);
  return new QueryCommand({
    TableName: 'ledger',
    KeyConditionExpression: hasSort ? 'pk = :pk and sk > :sk' : 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk, ...(hasSort ? { ':sk': 'a' } : {}) },
    ConsistentRead: true,
  });
}

function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const rest = [...items];
  return items.map(() => rest.splice(random.int(rest.length), 1)[0] as Item);
}
