/**
 * Random conditions that are well formed.
 */
import { ANY, NUMBERS, randomComparable, TEXTS, type Words } from './expression-words.ts';
import type { Random } from './seeded-random.ts';

const COMPARATORS = ['=', '<>', '<', '<=', '>', '>='] as const;
const MAX_DEPTH = 2;

/** The text of a condition; its placeholders are in `words`. */
export const randomCondition = (random: Random, words: Words): string =>
  either(random, words, MAX_DEPTH);

function either(random: Random, words: Words, depth: number): string {
  const draw = random.next();
  if (depth === 0 || draw < 0.3) return test(random, words);
  const part = () => either(random, words, depth - 1);
  const inParentheses = () => {
    const inner = part();
    // A second pair of parentheses round one part is refused.
    return inner.startsWith('(') ? inner : `(${inner})`;
  };
  const word = (text: string) => (random.chance(0.5) ? text : text.toUpperCase());
  if (draw < 0.45) return `${word('not')} ${inParentheses()}`;
  const operator = word(random.pick(['and', 'or']));
  // Without parentheses it is the rule of precedence that decides.
  const side = () => (random.chance(0.5) ? part() : inParentheses());
  return `${side()} ${operator} ${side()}`;
}

function test(random: Random, words: Words): string {
  const any = () => words.path(random.pick([...NUMBERS, ...TEXTS, ...ANY, 'pk', 'openKey']));
  const number = () => words.path(random.pick(NUMBERS));
  const text = () => words.path(random.pick(TEXTS));
  const order = () => random.pick(COMPARATORS);
  const equality = () => random.pick(['=', '<>']);
  const forms: (() => string)[] = [
    () => `attribute_exists(${any()})`,
    () => `attribute_not_exists( ${any()} )`,
    () => `${number()} ${order()} ${words.number()}`,
    () => `${words.number()}${order()}${number()}`,
    () => `${text()} ${order()} ${words.text()}`,
    () => `${number()} ${order()} ${words.text()}`,
    () => `${words.number()} ${order()} ${words.number()}`,
    () => `${any()} ${equality()} ${words.literal(randomComparable(random))}`,
    () => between(random, words),
    () => `${any()} in (${words.number()}, ${words.text()}, ${words.number()})`,
    () => `begins_with(${text()}, ${words.text()})`,
    () => `(attribute_exists(n0) and n0 ${order()} ${words.path('n1')})`,
    () => `(attribute_exists(s0) and s0 ${order()} ${words.path('s1')})`,
  ];
  return random.pick(forms)();
}

function between(random: Random, words: Words): string {
  if (random.chance(0.5)) {
    const bounds = `${words.literal(-1)} and ${words.literal(random.int(1_000))}`;
    return `${words.path(random.pick(NUMBERS))} between ${bounds}`;
  }
  const bounds = `${words.literal('B')} AND ${words.literal('b')}`;
  return `${words.path(random.pick(TEXTS))} BETWEEN ${bounds}`;
}
