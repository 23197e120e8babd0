/**
 * How a page is left for another view of it: links of a browser, or CloudWatch's own actions.
 *
 * A custom widget may hold no script and no link to itself: CloudWatch calls the function again
 * for a `cwdb-action`, which acts for the element just before it.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html
 */
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
  html`<label for="${FIELD_ID}">Filter</label><input id="${FIELD_ID}" name="filter" type="text" ${''}value="${filter}" maxlength="200" autocomplete="off" spellcheck="false" ${''}aria-describedby="${HINT_ID}">`;

const hint = html`<span class="quiet" id="${HINT_ID}">a name or part of it, prod-*, key:alice or team:red</span>`;

/** Links and a form that ask the same address again. */
export const browserNavigation: Navigation = {
  to: ({ filter, page, chosen }, label, className, id) => {
    const query = new URLSearchParams({
      ...(filter === undefined || filter === '' ? {} : { filter }),
      ...(page === undefined || page === 1 ? {} : { page: String(page) }),
      ...(chosen === undefined ? {} : { chosen }),
    });
    const address = query.size === 0 ? '/' : `/?${query}`;
    return html`<a class="${className}" id="${id}" href="${address}">${label}</a>`;
  },
  filterForm: (filter) =>
    html`<form class="filter" method="get" action="/">${field(filter)}<button class="button" type="submit">Apply</button>${
      filter === '' ? NOTHING : browserNavigation.to({}, html`Clear`, 'button', 'hc-clear')
    }${hint}</form>`,
};

/** JSON that is text of an element: no character of it can end the element. */
const jsonText = (value: object): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** Buttons with actions that call the widget's own function, named by its ARN. */
export function widgetNavigation(functionArn: string): Navigation {
  const call = (event: object): Html =>
    html`<cwdb-action action="call" display="widget" endpoint="${functionArn}">${jsonText(event)}</cwdb-action>`;
  const to: Navigation['to'] = ({ filter = '', page = 1, chosen }, label, className, id) =>
    html`<button type="button" class="${className}" id="${id}">${label}</button>${call({
      filter,
      page,
      ...(chosen === undefined ? {} : { chosen }),
    })}`;
  return {
    to,
    // What the field holds comes with every call. The disabled button keeps Enter from leaving
    // the dashboard: a form with one that is disabled is not submitted by it.
    filterForm: (filter) =>
      html`<form class="filter">${field(filter)}<button type="submit" disabled hidden></button><button type="button" class="button">Apply</button>${call({})}${
        filter === '' ? NOTHING : to({}, html`Clear`, 'button', 'hc-clear')
      }${hint}</form>`,
  };
}
