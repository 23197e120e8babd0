/**
 * The names, values and placeholders of which random expressions are made.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import type { Random } from './seeded-random.ts';

/** Attributes that mostly hold numbers, strings, and values of any type. */
export const NUMBERS: readonly string[] = ['n0', 'n1', 'n2'];
export const TEXTS: readonly string[] = ['s0', 's1'];
export const ANY: readonly string[] = ['x0', 'x1'];

const NUMBER_TEXTS = [
  '0',
  '1',
  '-1',
  '2',
  '12.50',
  '0.000000001',
  '1E-9',
  '-0.5',
  '1e3',
  '00012.500',
  '1000000000',
  '123456789.123456789',
  '99999999999999999999',
] as const;
const TEXT_VALUES = ['a', 'b', 'ab', 'B', 'é', '\u{1F600}', '12.5'] as const;

export const randomNumber = (random: Random): NumberValue =>
  NumberValue.from(random.pick(NUMBER_TEXTS));
export const randomText = (random: Random): string => random.pick(TEXT_VALUES);

/** A value that both stores can test for equality. */
export function randomComparable(random: Random): unknown {
  const draw = random.next();
  if (draw < 0.4) return randomNumber(random);
  if (draw < 0.7) return randomText(random);
  if (draw < 0.8) return random.chance(0.5);
  if (draw < 0.85) return null;
  return draw < 0.93
    ? new Set(['b', 'a'])
    : new Set([NumberValue.from('1'), NumberValue.from('2.50')]);
}

/** A value of any type. */
export function randomValue(random: Random): unknown {
  if (random.chance(0.7)) return randomComparable(random);
  const parts = [randomNumber(random), randomText(random), random.chance(0.5), null];
  return random.chance(0.5) ? parts : { number: parts[0], list: [parts[1], { deep: parts[2] }] };
}

/** Writes paths and literals and remembers what their placeholders stand for. */
export class Words {
  readonly #random: Random;
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, unknown> = {};

  constructor(random: Random) {
    this.#random = random;
  }

  /** An attribute, bare or by a placeholder; one attribute may have two. */
  path(attribute: string): string {
    if (this.#random.chance(0.6)) return attribute;
    const name = `#${this.#random.pick(['', 'a_', 'B'])}${attribute}`;
    this.#names[name] = attribute;
    return name;
  }

  /** A placeholder of its own for a value. */
  literal(value: unknown): string {
    const name = `:v${Object.keys(this.#values).length}`;
    this.#values[name] = value;
    return name;
  }

  number(): string {
    return this.literal(randomNumber(this.#random));
  }

  numberValue(): NumberValue {
    return randomNumber(this.#random);
  }

  text(): string {
    return this.literal(randomText(this.#random));
  }

  /** The members of a command that explain what was written. */
  placeholders() {
    const [names, values] = [this.#names, this.#values];
    return {
      ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
      ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
    };
  }
}
