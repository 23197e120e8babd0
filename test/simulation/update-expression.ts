/**
 * Updates of an item: read from their text once, then worked out for many items.
 *
 * Invariant: every right-hand side reads the item as it was before the update.
 */
import type { Value } from './attribute-values.ts';
import { add, ExactNumber, subtract } from './exact-number.ts';
import { attributeOf, type Binding, type Literal, type Path, Tokens } from './expression-tokens.ts';
import { NotModelledError, validationError } from './store-errors.ts';

type Term =
  | Path
  | Literal
  | { readonly kind: 'if-not-exists'; readonly path: Path; readonly otherwise: Term };

type Source = Term | { readonly kind: 'plus' | 'minus'; readonly left: Term; readonly right: Term };

/** What becomes of one attribute. */
export type Action =
  | { readonly kind: 'set'; readonly path: Path; readonly source: Source }
  | { readonly kind: 'add'; readonly path: Path; readonly amount: Literal }
  | { readonly kind: 'remove'; readonly path: Path };

/** An update's meaning. @throws ValidationException where the text is none. */
export function parseUpdate(text: string) {
  const tokens = new Tokens('UpdateExpression', text);
  const actions = new UpdateParser(tokens).whole();
  const paths = actions.map(({ path }) => path);
  tokens.references.rules.push((binding) => mustBeApart(tokens, paths, binding));
  return { actions, references: tokens.references };
}

/** No two actions may be of one attribute: nothing would say which of them comes last. */
function mustBeApart(tokens: Tokens, paths: readonly Path[], binding: Binding): void {
  const names = paths.map((path) => attributeOf(path, binding));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw tokens.error(`Two document paths overlap with each other; both are [${twice}]`);
}

/**
 * What the attribute is after the action, undefined where it is then absent.
 *
 * @throws ValidationException where the item's own attributes do not allow it
 */
export function outcomeOf(
  action: Action,
  item: ReadonlyMap<string, Value>,
  binding: Binding,
): Value | undefined {
  switch (action.kind) {
    case 'remove':
      return undefined;
    case 'set':
      return workOut(action.source, item, binding);
    case 'add': {
      const amount = literalOf(action.amount, binding);
      const standing = item.get(attributeOf(action.path, binding));
      return standing === undefined ? amount : add(numberOf(standing), numberOf(amount));
    }
  }
}

function workOut(source: Source, item: ReadonlyMap<string, Value>, binding: Binding): Value {
  switch (source.kind) {
    case 'literal':
      return literalOf(source, binding);
    case 'path': {
      const value = item.get(attributeOf(source, binding));
      if (value !== undefined) return value;
      throw validationError(
        'The provided expression refers to an attribute that does not exist in the item',
      );
    }
    case 'if-not-exists':
      return (
        item.get(attributeOf(source.path, binding)) ?? workOut(source.otherwise, item, binding)
      );
    case 'plus':
    case 'minus': {
      const left = numberOf(workOut(source.left, item, binding));
      const right = numberOf(workOut(source.right, item, binding));
      return source.kind === 'plus' ? add(left, right) : subtract(left, right);
    }
  }
}

function literalOf(literal: Literal, binding: Binding): Value {
  const value = binding.values.get(literal.name);
  if (value === undefined) throw new Error(`${literal.name} was not bound before it was used`);
  return value;
}

function numberOf(value: Value): ExactNumber {
  if (value instanceof ExactNumber) return value;
  throw validationError('An operand in the update expression has an incorrect data type');
}

/** The type that an action gives its attribute whatever the item is; undefined where that varies. */
export function typeOfOutcome(action: Action, binding: Binding): Value['type'] | undefined {
  if (action.kind === 'remove') return undefined;
  return typeOf(action.kind === 'add' ? action.amount : action.source, binding);
}

function typeOf(source: Source, binding: Binding): Value['type'] | undefined {
  switch (source.kind) {
    case 'path':
      return undefined;
    case 'literal':
      return binding.values.get(source.name)?.type;
    case 'if-not-exists':
      return typeOf(source.otherwise, binding);
    default:
      return 'N';
  }
}

const SECTIONS = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const;

class UpdateParser {
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  whole(): Action[] {
    const actions: Action[] = [];
    const seen = new Set<string>();
    while (this.#tokens.peek() !== undefined) {
      const section = SECTIONS.find((word) => this.#tokens.accepts(word));
      if (section === undefined) throw this.#tokens.unexpected();
      if (seen.has(section)) {
        throw this.#tokens.error(`The "${section}" section can only be used once`);
      }
      seen.add(section);
      do actions.push(this.#action(section));
      while (this.#tokens.accepts(','));
    }
    return actions;
  }

  #action(section: (typeof SECTIONS)[number]): Action {
    const tokens = this.#tokens;
    if (section === 'DELETE') throw new NotModelledError('DELETE in an UpdateExpression');
    const path = tokens.path();
    if (section === 'REMOVE') return { kind: 'remove', path };
    if (section === 'SET') {
      tokens.expect('=');
      return { kind: 'set', path, source: this.#source() };
    }
    const amount = tokens.pathOrLiteral();
    if (amount.kind !== 'literal') throw tokens.unexpected();
    this.#mustBeNumber('ADD', amount);
    return { kind: 'add', path, amount };
  }

  #source(): Source {
    const tokens = this.#tokens;
    const left = this.#term();
    const sign = tokens.accepts('+') ? 'plus' : tokens.accepts('-') ? 'minus' : undefined;
    if (sign === undefined) return left;
    const right = this.#term();
    this.#mustBeNumber(sign, left);
    this.#mustBeNumber(sign, right);
    return { kind: sign, left, right };
  }

  #term(): Term {
    const tokens = this.#tokens;
    if (tokens.sees('(')) throw new NotModelledError('parentheses in an UpdateExpression');
    if (tokens.peek(1) !== '(') return tokens.pathOrLiteral();
    const name = tokens.take();
    if (name === 'list_append') throw new NotModelledError('the function list_append');
    if (name !== 'if_not_exists') throw tokens.error(`Invalid function name; function: ${name}`);
    tokens.expect('(');
    if (tokens.peek()?.startsWith(':')) {
      throw tokens.error('Operator or function requires a document path; operator: if_not_exists');
    }
    const path = tokens.path();
    tokens.expect(',');
    const otherwise = this.#term();
    tokens.expect(')');
    return { kind: 'if-not-exists', path, otherwise };
  }

  #mustBeNumber(operator: string, term: Term): void {
    if (term.kind !== 'literal') return;
    this.#tokens.references.rules.push(({ values }) => {
      const value = values.get(term.name);
      if (value === undefined || value instanceof ExactNumber) return;
      if (operator === 'ADD' && ['SS', 'NS', 'BS'].includes(value.type)) {
        throw new NotModelledError('ADD of a set');
      }
      throw this.#tokens.error(
        `Incorrect operand type for operator or function; operator: ${operator}, ` +
          `operand type: ${value.type}`,
      );
    });
  }
}
