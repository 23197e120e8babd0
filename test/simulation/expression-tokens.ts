/**
 * The words of an expression, one after another, and what an expression refers to.
 */
import type { Value } from './attribute-values.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import { NotModelledError, validationError } from './store-errors.ts';

/** What a command gives beside its expressions; names as `#name`, values as `:value`. */
export interface Binding {
  readonly names: Readonly<Record<string, string>>;
  readonly values: ReadonlyMap<string, Value>;
}

/** A top-level attribute, bare or by its placeholder. */
export interface Path {
  readonly kind: 'path';
  /** `#name`, or the attribute's own name. */
  readonly name: string;
}

/** A value that the command gives. */
export interface Literal {
  readonly kind: 'literal';
  /** `:value` */
  readonly name: string;
}

/** What a text says before any command gives it names and values. */
export interface References {
  readonly names: Set<string>;
  readonly values: Set<string>;
  /** Rules that need the command's names or values: each throws a ValidationException. */
  readonly rules: ((binding: Binding) => void)[];
}

/** The attribute that a path means; the names are known to be there. */
export const attributeOf = (path: Path, binding: Binding): string =>
  path.name.charCodeAt(0) === HASH ? (binding.names[path.name] ?? path.name) : path.name;

const HASH = '#'.charCodeAt(0);
const TOKEN = /\s*([#:][A-Za-z0-9_]+|[A-Za-z][A-Za-z0-9_]*|[0-9]+|<=|>=|<>|[=<>+\-(),.[\]])/y;
const BARE = /^[A-Za-z]/;

/** Reads one expression's text from its beginning to its end. */
export class Tokens {
  readonly references: References = { names: new Set(), values: new Set(), rules: [] };
  readonly #parameter: string;
  readonly #tokens: readonly string[];
  #next = 0;

  /**
   * @param parameter the member of the command that holds the text, for messages
   * @throws ValidationException where the text is empty or has a sign of no expression
   */
  constructor(parameter: string, text: string) {
    this.#parameter = parameter;
    const tokens: string[] = [];
    TOKEN.lastIndex = 0;
    const end = text.trimEnd().length;
    while (TOKEN.lastIndex < end) {
      const at = TOKEN.lastIndex;
      const match = TOKEN.exec(text);
      if (match?.[1] === undefined) throw this.error(`Syntax error; near: "${text.slice(at)}"`);
      tokens.push(match[1]);
    }
    if (tokens.length === 0) throw this.error('The expression can not be empty;');
    this.#tokens = tokens;
  }

  /** The token that comes `ahead` after the next; undefined past the end. */
  peek(ahead = 0): string | undefined {
    return this.#tokens[this.#next + ahead];
  }

  /** Whether the next token is this word, in any case, or this sign. */
  sees(word: string): boolean {
    return this.peek()?.toUpperCase() === word;
  }

  /** Takes the next token where it is this word or sign. */
  accepts(word: string): boolean {
    const isSeen = this.sees(word);
    if (isSeen) this.#next += 1;
    return isSeen;
  }

  /** Takes this word or sign. @throws ValidationException where another comes. */
  expect(word: string): void {
    if (!this.accepts(word)) throw this.unexpected();
  }

  /** Takes whatever comes. @throws ValidationException at the end. */
  take(): string {
    const token = this.peek();
    if (token === undefined) throw this.unexpected();
    this.#next += 1;
    return token;
  }

  /** Takes a path. @throws ValidationException where none comes, or a reserved word. */
  path(): Path {
    const name = this.peek();
    if (name === undefined || !(name.startsWith('#') || BARE.test(name))) throw this.unexpected();
    this.#next += 1;
    const following = this.peek();
    if (following === '.' || following === '[') {
      throw new NotModelledError(`paths into documents (${name}${following})`);
    }
    if (name.startsWith('#')) this.references.names.add(name);
    else if (RESERVED_WORDS.has(name.toUpperCase())) {
      throw this.error(`Attribute name is a reserved keyword; reserved keyword: ${name}`);
    }
    return { kind: 'path', name };
  }

  /** Takes a literal or a path. @throws ValidationException where neither comes. */
  pathOrLiteral(): Path | Literal {
    const name = this.peek();
    if (name?.startsWith(':') !== true) return this.path();
    this.#next += 1;
    this.references.values.add(name);
    return { kind: 'literal', name };
  }

  /** The ValidationException of this expression with that message. */
  error(message: string): Error {
    return validationError(`Invalid ${this.#parameter}: ${message}`);
  }

  /** The ValidationException for the token that comes next. */
  unexpected(): Error {
    return this.error(`Syntax error; token: ${JSON.stringify(this.peek() ?? '<EOF>')}`);
  }
}
