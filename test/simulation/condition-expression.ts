/**
 * Conditions on an item: read from their text once, then asked of many items.
 *
 * A comparison with an attribute that is not there is false, but for `<>`, which is true: an
 * absent attribute differs from every value.
 */
import { areEqual, order, type Value } from './attribute-values.ts';
import { attributeOf, type Binding, type Literal, type Path, Tokens } from './expression-tokens.ts';
import { NotModelledError } from './store-errors.ts';

export type Operand = Path | Literal;
export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly inner: Condition }
  | { readonly kind: 'exists'; readonly path: Path; readonly isWanted: boolean }
  | { readonly kind: 'begins'; readonly operand: Operand; readonly prefix: Operand }
  | {
      readonly kind: 'compare';
      readonly comparator: Comparator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: 'between';
      readonly operand: Operand;
      readonly low: Operand;
      readonly high: Operand;
    }
  | { readonly kind: 'in'; readonly operand: Operand; readonly choices: readonly Operand[] };

/** A condition's meaning. @throws ValidationException where the text is none. */
export function parseCondition(parameter: string, text: string) {
  const tokens = new Tokens(parameter, text);
  const condition = new ConditionParser(tokens).whole();
  return { condition, references: tokens.references };
}

/** Whether it holds of an item; an item that is not there has no attributes. */
export function holds(
  condition: Condition,
  item: ReadonlyMap<string, Value>,
  binding: Binding,
): boolean {
  const read = (operand: Operand): Value | undefined =>
    operand.kind === 'path'
      ? item.get(attributeOf(operand, binding))
      : binding.values.get(operand.name);
  switch (condition.kind) {
    case 'and':
      return holds(condition.left, item, binding) && holds(condition.right, item, binding);
    case 'or':
      return holds(condition.left, item, binding) || holds(condition.right, item, binding);
    case 'not':
      return !holds(condition.inner, item, binding);
    case 'exists':
      return item.has(attributeOf(condition.path, binding)) === condition.isWanted;
    case 'compare':
      return compares(condition.comparator, read(condition.left), read(condition.right));
    case 'between': {
      const value = read(condition.operand);
      return (
        compares('>=', value, read(condition.low)) && compares('<=', value, read(condition.high))
      );
    }
    case 'in': {
      const value = read(condition.operand);
      return condition.choices.some((choice) => compares('=', value, read(choice)));
    }
    case 'begins': {
      const value = read(condition.operand);
      const prefix = read(condition.prefix);
      return value?.type === 'S' && prefix?.type === 'S' && value.text.startsWith(prefix.text);
    }
  }
}

function compares(comparator: Comparator, a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return comparator === '<>' && a !== b;
  if (comparator === '=') return areEqual(a, b);
  if (comparator === '<>') return !areEqual(a, b);
  const sign = order(a, b);
  if (sign === undefined) return false;
  switch (comparator) {
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    case '>':
      return sign > 0;
    case '>=':
      return sign >= 0;
  }
}

const COMPARATORS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);
const OPERAND_FUNCTIONS = new Set(['attribute_type', 'contains', 'size']);

class ConditionParser {
  readonly #tokens: Tokens;
  /** What stood in parentheses of its own: a second pair round it is refused. */
  readonly #inParentheses = new Set<Condition>();

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  whole(): Condition {
    const condition = this.#either();
    if (this.#tokens.peek() !== undefined) throw this.#tokens.unexpected();
    return condition;
  }

  #either(): Condition {
    let left = this.#both();
    while (this.#tokens.accepts('OR')) left = { kind: 'or', left, right: this.#both() };
    return left;
  }

  #both(): Condition {
    let left = this.#one();
    while (this.#tokens.accepts('AND')) left = { kind: 'and', left, right: this.#one() };
    return left;
  }

  #one(): Condition {
    const tokens = this.#tokens;
    if (tokens.accepts('NOT')) return { kind: 'not', inner: this.#one() };
    if (tokens.sees('(')) return this.#parenthesised();
    return tokens.peek(1) === '(' && !tokens.sees('(') ? this.#function() : this.#comparison();
  }

  #parenthesised(): Condition {
    const tokens = this.#tokens;
    if (tokens.peek(2) === ')') throw new NotModelledError('operands in parentheses');
    tokens.expect('(');
    const inner = this.#either();
    tokens.expect(')');
    if (this.#inParentheses.has(inner)) {
      throw tokens.error('The expression has redundant parentheses;');
    }
    this.#inParentheses.add(inner);
    return inner;
  }

  #function(): Condition {
    const tokens = this.#tokens;
    const name = tokens.take();
    if (OPERAND_FUNCTIONS.has(name)) throw new NotModelledError(`the function ${name}`);
    tokens.expect('(');
    let condition: Condition;
    if (name === 'attribute_exists' || name === 'attribute_not_exists') {
      if (tokens.peek()?.startsWith(':')) {
        throw tokens.error(`Operator or function requires a document path; operator: ${name}`);
      }
      condition = { kind: 'exists', path: tokens.path(), isWanted: name === 'attribute_exists' };
    } else if (name === 'begins_with') {
      const operand = tokens.pathOrLiteral();
      tokens.expect(',');
      const prefix = tokens.pathOrLiteral();
      this.#mustBeOf('begins_with', 'S', operand, prefix);
      condition = { kind: 'begins', operand, prefix };
    } else {
      throw tokens.error(`Invalid function name; function: ${name}`);
    }
    tokens.expect(')');
    return condition;
  }

  #comparison(): Condition {
    const tokens = this.#tokens;
    const operand = tokens.pathOrLiteral();
    if (tokens.accepts('BETWEEN')) return this.#between(operand);
    if (tokens.accepts('IN')) return this.#in(operand);
    if (!COMPARATORS.has(tokens.peek() ?? '')) throw tokens.unexpected();
    const comparator = tokens.take() as Comparator;
    const right = tokens.pathOrLiteral();
    if (comparator !== '=' && comparator !== '<>') this.#mustHaveOrder(comparator, operand, right);
    this.#mustDiffer(comparator, operand, right);
    return { kind: 'compare', comparator, left: operand, right };
  }

  #between(operand: Operand): Condition {
    const tokens = this.#tokens;
    const low = tokens.pathOrLiteral();
    tokens.expect('AND');
    const high = tokens.pathOrLiteral();
    this.#mustHaveOrder('BETWEEN', operand, low, high);
    tokens.references.rules.push(({ values }) => {
      const [from, to] = [values.get(low.name), values.get(high.name)];
      if (from === undefined || to === undefined) return;
      const sign = order(from, to);
      if (sign === undefined || sign > 0) {
        throw tokens.error('The BETWEEN operator requires bounds of one type, the lower one first');
      }
    });
    return { kind: 'between', operand, low, high };
  }

  #in(operand: Operand): Condition {
    const tokens = this.#tokens;
    tokens.expect('(');
    const choices = [tokens.pathOrLiteral()];
    while (tokens.accepts(',')) choices.push(tokens.pathOrLiteral());
    tokens.expect(')');
    return { kind: 'in', operand, choices };
  }

  /** Only strings, numbers and bytes have an order; this is tested where the value is given. */
  #mustHaveOrder(operator: string, ...operands: readonly Operand[]): void {
    this.#mustBeOf(operator, 'SNB', ...operands);
  }

  #mustBeOf(operator: string, types: string, ...operands: readonly Operand[]): void {
    const { references } = this.#tokens;
    for (const { kind, name } of operands) {
      if (kind !== 'literal') continue;
      references.rules.push(({ values }) => {
        const type = values.get(name)?.type;
        if (type === undefined || (type.length === 1 && types.includes(type))) return;
        throw this.#tokens.error(
          `Incorrect operand type for operator or function; operator: ${operator}, type: ${type}`,
        );
      });
    }
  }

  #mustDiffer(comparator: Comparator, left: Operand, right: Operand): void {
    if (left.kind !== 'path' || right.kind !== 'path') return;
    this.#tokens.references.rules.push((binding) => {
      const name = attributeOf(left, binding);
      if (name !== attributeOf(right, binding)) return;
      throw this.#tokens.error(
        'The first operand must be distinct from the remaining operands for this operator; ' +
          `operator: ${comparator}, first operand: [${name}]`,
      );
    });
  }
}
