/**
 * How a page is left for another view of it: links of a browser, or CloudWatch's own actions.
 *
 * A custom widget may hold no script and no link to itself: CloudWatch calls the function again
 * for a `cwdb-action`, which acts for the element just before it: "Interactivity in the custom
 * widget" of CloudWatch's user guide.
 */
import { MAX_FILTER_CHARACTERS } from '../../domain/cap-filter.ts';
import { type Html, html, NOTHING } from './html.ts';

/** A view of the board; what is absent is as at the start. */
export interface View {
  readonly filter?: string;
  readonly page?: number;
  /** Name of the row whose past windows are shown. */
  readonly chosen?: string;
}

export interface Navigation {
  /** Something to choose; `className` says how it looks. */
  to(view: View, label: Html, className: 'link' | 'button', id: string): Html;
  /** The field to filter by. */
  filterForm(filter: string): Html;
}

const FIELD_ID = 'hc-filter';
const HINT_ID = 'hc-filter-hint';

const field = (filter: string): Html =>
  html`<label for="${FIELD_ID}">Filter</label><input id="${FIELD_ID}" name="filter" type="text"
 value="${filter}" maxlength="${MAX_FILTER_CHARACTERS}" autocomplete="off" spellcheck="false"
 aria-describedby="${HINT_ID}">`;

const hint = html`<span class="quiet" id="${HINT_ID}">a name or part of it, prod-*, key:alice or
 team:red</span>`;

/** A way back to everything, where a filter leaves something out. */
const clear = (filter: string, to: Navigation['to']): Html =>
  filter === '' ? NOTHING : to({}, html`Clear`, 'button', 'hc-clear');

function address({ filter = '', page = 1, chosen }: View): string {
  const query = new URLSearchParams({
    ...(filter === '' ? {} : { filter }),
    ...(page === 1 ? {} : { page: String(page) }),
    ...(chosen === undefined ? {} : { chosen }),
  });
  return query.size === 0 ? '/' : `/?${query}`;
}

const toAddress: Navigation['to'] = (view, label, className, id) =>
  html`<a class="${className}" id="${id}" href="${address(view)}">${label}</a>`;

/** Links and a form that ask the same address again. */
export const browserNavigation: Navigation = {
  to: toAddress,
  filterForm: (filter) => {
    const apply = html`<button class="button" type="submit">Apply</button>`;
    const parts = [field(filter), apply, clear(filter, toAddress), hint];
    return html`<form class="filter" method="get" action="/">${parts}</form>`;
  },
};

/** JSON that is text of an element: no character of it can end the element. */
const jsonText = (value: object): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** Buttons with actions that call the widget's own function, named by its ARN. */
export function widgetNavigation(functionArn: string): Navigation {
  const call = (event: object): Html =>
    html`<cwdb-action action="call" display="widget" endpoint="${functionArn}"
>${jsonText(event)}</cwdb-action>`;
  const to: Navigation['to'] = ({ filter = '', page = 1, chosen }, label, className, id) => {
    const button = html`<button type="button" class="${className}" id="${id}">${label}</button>`;
    return html`${button}${call({ filter, page, ...(chosen === undefined ? {} : { chosen }) })}`;
  };
  // The disabled button keeps Enter from leaving the dashboard: a form is not submitted by it
  // where its first submit button is disabled.
  const keepsEnter = html`<button type="submit" disabled hidden></button>`;
  const apply = html`<button type="button" class="button">Apply</button>`;
  return {
    to,
    // What the field holds comes with every call.
    filterForm: (filter) => {
      const parts = [field(filter), keepsEnter, apply, call({}), clear(filter, to), hint];
      return html`<form class="filter">${parts}</form>`;
    },
  };
}
