/**
 * The words of a DynamoDB expression, one after another.
 */

const WORD = /\s*(<=|>=|<>|[=<>(),+-]|[#:]?[A-Za-z_][A-Za-z0-9_]*)/y;

/** A reader over the words of one expression; keywords are compared in lower case. */
export class ExpressionTokens {
  readonly #words: string[] = [];
  readonly #text: string;
  #at = 0;

  /** @throws RangeError where the text holds what the ledger's expressions never do */
  constructor(text: string) {
    this.#text = text;
    WORD.lastIndex = 0;
    const end = text.trimEnd().length;
    while (WORD.lastIndex < end) {
      const found = WORD.exec(text)?.[1];
      if (found === undefined) throw new RangeError(`not understood: ${text}`);
      this.#words.push(found);
    }
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#words.length;
  }

  /** Whether the next word is this one; it stays. */
  isNext(word: string): boolean {
    return this.#words[this.#at]?.toLowerCase() === word;
  }

  /** Takes the next word where it is this one. */
  takeIf(word: string): boolean {
    if (!this.isNext(word)) return false;
    this.#at += 1;
    return true;
  }

  /** @throws RangeError at the end of the expression */
  take(): string {
    const word = this.#words[this.#at];
    if (word === undefined) throw new RangeError(`ends too early: ${this.#text}`);
    this.#at += 1;
    return word;
  }

  /** @throws RangeError where the next word is another */
  expect(word: string): void {
    if (!this.takeIf(word)) throw new RangeError(`no "${word}" where one belongs: ${this.#text}`);
  }

  /** Elements read by `read`, with commas between them. */
  list<Element>(read: () => Element): Element[] {
    const elements = [read()];
    while (this.takeIf(',')) elements.push(read());
    return elements;
  }
}
