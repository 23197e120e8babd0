/**
 * The expressions of a command: each text is read once, and bound to each command's names and
 * values.
 *
 * Invariant: a placeholder that is used is given, and one that is given is used.
 */
import { fromNative, type Value } from './attribute-values.ts';
import { type Condition, parseCondition } from './condition-expression.ts';
import type { Binding, References } from './expression-tokens.ts';
import { validationError } from './store-errors.ts';
import { type Action, parseUpdate } from './update-expression.ts';

export interface CompiledUpdate {
  readonly actions: readonly Action[];
  readonly references: References;
}

export interface CompiledCondition {
  readonly condition: Condition;
  readonly references: References;
}

/** The members of a command that give names and values to its expressions. */
export interface Placeholders {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

/** More texts than this are no program's: those of a generator, which does not come back to one. */
const MAX_KEPT = 5_000;

function onceForEachText<Compiled>(parse: (text: string) => Compiled): (text: string) => Compiled {
  const kept = new Map<string, Compiled>();
  return (text) => {
    let compiled = kept.get(text);
    if (compiled === undefined) {
      compiled = parse(text);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(text, compiled);
    }
    return compiled;
  };
}

/** An UpdateExpression. @throws ValidationException where the text is none. */
export const compileUpdate: (text: string) => CompiledUpdate = onceForEachText(parseUpdate);

/** A ConditionExpression. @throws ValidationException where the text is none. */
export const compileCondition: (text: string) => CompiledCondition = onceForEachText((text) =>
  parseCondition('ConditionExpression', text),
);

/** A KeyConditionExpression. @throws ValidationException where the text is none. */
export const compileKeyCondition: (text: string) => CompiledCondition = onceForEachText((text) =>
  parseCondition('KeyConditionExpression', text),
);

type Compiled = CompiledUpdate | CompiledCondition | undefined;

const NO_NAMES: Readonly<Record<string, string>> = {};

/**
 * The names and values of a command, when its expressions can do with them.
 *
 * @throws ValidationException where one is missing, is of no use, or does not fit its place
 */
export function bind(input: Placeholders, a: Compiled, b?: Compiled): Binding {
  const given = input.ExpressionAttributeNames;
  const values = valuesOf(input.ExpressionAttributeValues);
  if (given !== undefined) mustBeUsable('ExpressionAttributeNames', given, '#', a, b);
  if (values.size > 0 || input.ExpressionAttributeValues !== undefined) {
    mustBeUsable('ExpressionAttributeValues', values, ':', a, b);
  }
  const binding: Binding = { names: given ?? NO_NAMES, values };
  if (a !== undefined) mustBeGiven(a.references, binding);
  if (b !== undefined) mustBeGiven(b.references, binding);
  return binding;
}

function valuesOf(given: Readonly<Record<string, unknown>> | undefined): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const name in given) {
    // The document client drops what is undefined before DynamoDB sees it.
    if (given[name] !== undefined) values.set(name, fromNative(given[name]));
  }
  return values;
}

const FORM = { '#': /^#[A-Za-z0-9_]+$/, ':': /^:[A-Za-z0-9_]+$/ } as const;

function mustBeUsable(
  member: string,
  given: Readonly<Record<string, string>> | ReadonlyMap<string, Value>,
  sign: '#' | ':',
  a: Compiled,
  b: Compiled,
): void {
  const placeholders = given instanceof Map ? [...given.keys()] : Object.keys(given);
  if (placeholders.length === 0) throw validationError(`${member} must not be empty`);
  if (a === undefined && b === undefined) {
    throw validationError(`${member} can only be specified when using expressions`);
  }
  const used = sign === '#' ? 'names' : 'values';
  for (const placeholder of placeholders) {
    if (a?.references[used].has(placeholder) || b?.references[used].has(placeholder)) continue;
    if (!FORM[sign].test(placeholder)) {
      throw validationError(`${member} contains invalid key: Syntax error; key: "${placeholder}"`);
    }
    throw validationError(`Value provided in ${member} unused in expressions: ${placeholder}`);
  }
}

function mustBeGiven(references: References, binding: Binding): void {
  for (const name of references.names) {
    if (binding.names[name] !== undefined) continue;
    throw validationError(
      `An expression attribute name used in the document path is not defined: ${name}`,
    );
  }
  for (const name of references.values) {
    if (binding.values.has(name)) continue;
    throw validationError(
      `An expression attribute value used in expression is not defined: ${name}`,
    );
  }
  for (const rule of references.rules) rule(binding);
}
