/**
 * Condition expressions, compiled once by their text and run for every write.
 *
 * Not here: nested paths, `in`, `begins_with`, `attribute_type`: an expression that has them is
 * refused, so nothing is answered by a rule that is missing.
 */
import { compareDecimals } from './decimal.ts';
import { ExpressionTokens } from './expression-tokens.ts';

/** An attribute's value as it stands on the wire, such as `{ N: '1.5' }`. */
export type AttributeValue = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, AttributeValue>>;

/** What an expression is run on. */
export interface ExpressionInput {
  readonly item: Item;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, AttributeValue>>;
}

export type Operand = (input: ExpressionInput) => AttributeValue | undefined;
export type Condition = (input: ExpressionInput) => boolean;

/** The attribute that a word of an expression names. */
export function nameOf(word: string, { names }: ExpressionInput): string {
  const name = word.startsWith('#') ? names[word] : word;
  if (name === undefined) throw new RangeError(`no name for ${word}`);
  return name;
}

/** An attribute, or a value that came with the request. */
export function operandOf(word: string): Operand {
  if (!word.startsWith(':')) return (input) => input.item[nameOf(word, input)];
  return ({ values }) => {
    const value = values[word];
    if (value === undefined) throw new RangeError(`no value for ${word}`);
    return value;
  };
}

/** @throws RangeError where the text is none that is understood */
export function compileCondition(text: string): Condition {
  const tokens = new ExpressionTokens(text);
  const condition = readOr(tokens);
  if (!tokens.isAtEnd) throw new RangeError(`not understood: ${text}`);
  return condition;
}

function readOr(tokens: ExpressionTokens): Condition {
  const parts = [readAnd(tokens)];
  while (tokens.takeIf('or')) parts.push(readAnd(tokens));
  return parts.length === 1 && parts[0] ? parts[0] : (input) => parts.some((part) => part(input));
}

function readAnd(tokens: ExpressionTokens): Condition {
  const parts = [readTerm(tokens)];
  while (tokens.takeIf('and')) parts.push(readTerm(tokens));
  return (input) => parts.every((part) => part(input));
}

function readTerm(tokens: ExpressionTokens): Condition {
  if (tokens.takeIf('not')) {
    const inner = readTerm(tokens);
    return (input) => !inner(input);
  }
  if (tokens.takeIf('(')) {
    const inner = readOr(tokens);
    tokens.expect(')');
    return inner;
  }
  const word = tokens.take();
  const asked = FUNCTIONS[word.toLowerCase()];
  if (asked !== undefined) return asked(readArguments(tokens));
  const left = word.toLowerCase() === 'size' ? sizeOf(readArguments(tokens)) : operandOf(word);
  const comparison = tokens.take();
  if (comparison.toLowerCase() === 'between') {
    const from = operandOf(tokens.take());
    tokens.expect('and');
    const to = operandOf(tokens.take());
    return (input) =>
      compares('>=', left(input), from(input)) && compares('<=', left(input), to(input));
  }
  const right = operandOf(tokens.take());
  return (input) => compares(comparison, left(input), right(input));
}

function readArguments(tokens: ExpressionTokens): readonly string[] {
  tokens.expect('(');
  const words = tokens.list(() => tokens.take());
  tokens.expect(')');
  return words;
}

const FUNCTIONS: Readonly<Record<string, (words: readonly string[]) => Condition>> = {
  attribute_exists: ([path = '']) => {
    const operand = operandOf(path);
    return (input) => operand(input) !== undefined;
  },
  attribute_not_exists: ([path = '']) => {
    const operand = operandOf(path);
    return (input) => operand(input) === undefined;
  },
  contains: ([path = '', element = '']) => {
    const [whole, part] = [operandOf(path), operandOf(element)];
    return (input) => {
      const members = whole(input)?.SS;
      return Array.isArray(members) && members.includes(part(input)?.S);
    };
  },
};

function sizeOf([path = '']: readonly string[]): Operand {
  const operand = operandOf(path);
  return (input) => {
    const members = operand(input)?.SS;
    return Array.isArray(members) ? { N: String(members.length) } : undefined;
  };
}

const HOLDS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** Values of two types, or one that is absent, equal nothing and come before nothing. */
function compares(
  comparison: string,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  const holds = HOLDS[comparison];
  if (holds === undefined) throw new RangeError(`no comparison: ${comparison}`);
  const order = orderOf(left, right);
  return order === undefined ? comparison === '<>' : holds(order);
}

function orderOf(
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): number | undefined {
  if (typeof left?.N === 'string' && typeof right?.N === 'string') {
    return compareDecimals(left.N, right.N);
  }
  if (typeof left?.S === 'string' && typeof right?.S === 'string') {
    return left.S < right.S ? -1 : Number(left.S > right.S);
  }
  return undefined;
}
