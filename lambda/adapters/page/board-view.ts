/**
 * A board of caps as markup: what stands out first, then every row, then the past windows.
 *
 * Not here: the style sheet, and the frame that a page or a widget puts around it.
 */
import { type Board, MAX_COUNTERS } from '../../application/cap-board.ts';
import type { MalformedCap } from '../../domain/cap.ts';
import { capTable } from './cap-table.ts';
import { historyView } from './history-view.ts';
import { type Html, html, NOTHING, nameHtml } from './html.ts';
import type { Navigation } from './navigation.ts';

const MAX_MALFORMED = 20;

/** Everything of a board but the field to filter by. */
export function boardView(board: Board, navigation: Navigation): Html {
  const rows =
    board.rows.length === 0
      ? [html`<p class="muted">${emptyText(board)}</p>`]
      : [capTable(board, navigation), pager(board, navigation)];
  return html`${[
    malformedAlert(board.malformed),
    figures(board),
    unreadNote(board),
    ...rows,
    historyView(board.histories, board.chosen),
  ]}`;
}

function malformedAlert(malformed: readonly MalformedCap[]): Html {
  if (malformed.length === 0) return NOTHING;
  const rest = malformed.length - MAX_MALFORMED;
  const whose =
    malformed.length === 1
      ? 'A cap cannot be read: requests that it could cover are refused.'
      : `${malformed.length} caps cannot be read: requests that they could cover are refused.`;
  const items = malformed.slice(0, MAX_MALFORMED).map(malformedItem);
  if (rest > 0) items.push(html`<li>and ${rest} more</li>`);
  return html`<div class="alert" role="alert" id="hc-malformed"><strong>${whose}</strong><ul
>${items}</ul></div>`;
}

const malformedItem = ({ capId, field, problem }: MalformedCap): Html =>
  html`<li>${nameHtml(capId)}: ${nameHtml(`${field} ${problem}`)}</li>`;

function figures({ levels, inFlight }: Board): Html {
  const atLimit = levels.over + levels.full;
  return html`<dl class="figures" id="hc-figures">${[
    figure('at or over limit', atLimit, atLimit > 0 ? 'full' : ''),
    figure('near limit', levels.near, levels.near > 0 ? 'near' : ''),
    figure('with room', levels.room, ''),
    ...(levels.off > 0 ? [figure('off', levels.off, '')] : []),
    // A request has one on each counter that it counts on.
    figure('reservations in flight', inFlight, ''),
  ]}</dl>`;
}

const figure = (label: string, value: number, className: string): Html =>
  html`<div class="${className}"><dt>${label}</dt><dd>${value}</dd></div>`;

function unreadNote({ unread }: Board): Html {
  if (unread === 0) return NOTHING;
  return html`<p class="note" role="note" id="hc-unread">${unread} more counters were not read: a
 board reads ${MAX_COUNTERS}. Filter to see them.</p>`;
}

function emptyText({ capCount, malformed, filter }: Board): string {
  if (capCount === 0) return 'There are no caps: every request is refused until there is one.';
  if (capCount === malformed.length) return 'None of the caps can be read.';
  return filter === '' ? 'There is nothing to show.' : `No cap matches "${filter}".`;
}

function pager({ page, pages, skipped, rows, total, filter }: Board, navigation: Navigation): Html {
  if (pages === 1) return NOTHING;
  const step = (target: number, label: Html, id: string): Html =>
    target < 1 || target > pages
      ? NOTHING
      : navigation.to({ filter, page: target }, label, 'button', id);
  const range = `${skipped + 1} to ${skipped + rows.length} of ${total}`;
  return html`<nav class="pager" aria-label="Pages">${[
    step(page - 1, html`Previous`, 'hc-previous'),
    step(page + 1, html`Next`, 'hc-next'),
    html`<span class="muted">${range}</span>`,
  ]}</nav>`;
}
