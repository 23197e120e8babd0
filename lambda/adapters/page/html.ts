/**
 * HTML by tagged templates: text is escaped, and only what a template made is markup.
 *
 * Invariant: no value of a person or a caller becomes markup, in text or in a quoted attribute.
 *            Templates quote every attribute, and put no value into a script or a style.
 */

/** Markup that may go out as it is. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

type Value = string | number | bigint | Html | readonly Html[] | undefined;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Controls, and marks that turn the direction of what follows: a name could pose as another. */
const UNSHOWABLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Text as it may stand in an element or a quoted attribute. */
export const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(UNSHOWABLE, '\ufffd')
    .replace(/[&<>"'`]/g, (character) => ESCAPES[character] ?? '');

function markupOf(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'object') return value.map(({ markup }) => markup).join('');
  return escaped(String(value));
}

/** Markup of a template; its values are escaped unless they are markup themselves. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  let markup = parts[0] ?? '';
  values.forEach((value, index) => {
    markup += markupOf(value) + (parts[index + 1] ?? '');
  });
  return new Html(markup);
}

export const NOTHING = new Html('');

/** A person's or caller's word: isolated, so that its script's direction stays within it. */
export const nameHtml = (text: string): Html => html`<bdi>${text}</bdi>`;

/** An id of the document for a name, which may hold spaces. */
export const idFor = (part: string, name: string): string =>
  `hc-${part}-${encodeURIComponent(name.toWellFormed())}`;
