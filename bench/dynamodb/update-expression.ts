/**
 * Update expressions, compiled once by their text: SET, REMOVE and ADD of whole attributes.
 *
 * Invariant: every operand is read from the item as it was before the update.
 */
import {
  type AttributeValue,
  type ExpressionInput,
  nameOf,
  type Operand,
  operandOf,
} from './condition-expression.ts';
import { addDecimals, subtractDecimals } from './decimal.ts';
import { ExpressionTokens } from './expression-tokens.ts';

/** What becomes of one attribute; undefined: it is removed. */
export type Change = readonly [name: string, value: AttributeValue | undefined];
export type Update = (input: ExpressionInput) => readonly Change[];

type Action = (input: ExpressionInput) => Change;

/** @throws RangeError where the text is none that is understood */
export function compileUpdate(text: string): Update {
  const tokens = new ExpressionTokens(text);
  const actions: Action[] = [];
  while (!tokens.isAtEnd) {
    const read = CLAUSES[tokens.take().toLowerCase()];
    if (read === undefined) throw new RangeError(`not understood: ${text}`);
    actions.push(...tokens.list(() => read(tokens)));
  }
  return (input) => actions.map((action) => action(input));
}

const CLAUSES: Readonly<Record<string, (tokens: ExpressionTokens) => Action>> = {
  set: (tokens) => {
    const path = tokens.take();
    tokens.expect('=');
    const value = readSum(tokens);
    return (input) => [nameOf(path, input), present(value(input))];
  },
  remove: (tokens) => {
    const path = tokens.take();
    return (input) => [nameOf(path, input), undefined];
  },
  add: (tokens) => {
    const path = tokens.take();
    const [before, added] = [operandOf(path), operandOf(tokens.take())];
    return (input) => [nameOf(path, input), increased(before(input), present(added(input)))];
  },
};

function readSum(tokens: ExpressionTokens): Operand {
  const left = readValue(tokens);
  if (tokens.takeIf('+')) return calculated(left, readValue(tokens), addDecimals);
  if (tokens.takeIf('-')) return calculated(left, readValue(tokens), subtractDecimals);
  return left;
}

function readValue(tokens: ExpressionTokens): Operand {
  const word = tokens.take();
  if (word.toLowerCase() !== 'if_not_exists') return operandOf(word);
  tokens.expect('(');
  const standing = operandOf(tokens.take());
  tokens.expect(',');
  const otherwise = readValue(tokens);
  tokens.expect(')');
  return (input) => standing(input) ?? otherwise(input);
}

const calculated =
  (left: Operand, right: Operand, calculate: (a: string, b: string) => string): Operand =>
  (input) => ({ N: calculate(numberOf(left(input)), numberOf(right(input))) });

function increased(before: AttributeValue | undefined, added: AttributeValue): AttributeValue {
  if (Array.isArray(added.SS)) {
    const members = Array.isArray(before?.SS) ? before.SS : [];
    return { SS: [...new Set([...members, ...added.SS])] };
  }
  return { N: addDecimals(before === undefined ? '0' : numberOf(before), numberOf(added)) };
}

/** @throws RangeError as DynamoDB refuses it: an absent attribute or another type than a number */
function numberOf(value: AttributeValue | undefined): string {
  if (typeof value?.N !== 'string') throw new RangeError('an operand is no number');
  return value.N;
}

function present(value: AttributeValue | undefined): AttributeValue {
  if (value === undefined) throw new RangeError('an attribute of the expression is not there');
  return value;
}
