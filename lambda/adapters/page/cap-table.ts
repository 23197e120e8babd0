/**
 * The rows of a board as one table: a bar, its figures, and words for what the colours say.
 */
import type { Board, BoardRow } from '../../application/cap-board.ts';
import {
  type CounterStanding,
  type Level,
  overOf,
  percentOf,
  remainingOf,
  reservedOf,
} from '../../application/counter-standing.ts';
import { type Html, html, idFor, NOTHING, nameHtml } from './html.ts';
import type { Navigation } from './navigation.ts';
import {
  actionWords,
  columnUsd,
  instantText,
  levelWord,
  percentText,
  resetWords,
  splitWords,
  windowWords,
} from './words.ts';

type CounterRow = Extract<BoardRow, { kind: 'counter' }>;
type UnusedRow = Extract<BoardRow, { kind: 'unused' }>;

/** The roles say again what a table is: a narrow page lays it out as no table. */
export const capTable = (board: Board, navigation: Navigation): Html => html`<table role="table">
<caption class="unseen">Caps and what their running windows have used, in US dollars, those nearest
to their limits first</caption>
<thead role="rowgroup"><tr role="row">
<th role="columnheader" scope="col">Cap</th>
<th role="columnheader" scope="col">Used</th>
<th role="columnheader" scope="col" class="number">Settled $</th>
<th role="columnheader" scope="col" class="number">Reserved $</th>
<th role="columnheader" scope="col" class="number">Remaining $</th>
<th role="columnheader" scope="col" class="number">Limit $</th>
</tr></thead>
<tbody role="rowgroup">${board.rows.map((row) =>
  row.kind === 'counter' ? counterRow(row, board, navigation) : unusedRow(row, board.atMs),
)}</tbody></table>${legend}`;

const swatch = (className: string): Html =>
  html`<svg aria-hidden="true" viewBox="0 0 10 10"><rect class="${className}" width="10" height="10"
></rect></svg>`;

const legend = html`<p class="quiet" id="hc-legend"><span class="key">${swatch('settled')}settled
</span><span class="key">${swatch('reserved')}reserved for requests that run</span></p>`;

function counterRow(row: CounterRow, board: Board, navigation: Navigation): Html {
  const { standing, level, name } = row;
  const { cap, state, limitNanoUsd } = standing;
  const over = overOf(standing);
  const view = { filter: board.filter, page: board.page, chosen: name };
  const flying = state.inFlight === 0 ? '' : `${state.inFlight} in flight`;
  const overWords = over > 0n ? `${columnUsd(over, 'up')} over` : '';
  const words = actionWords(cap, limitNanoUsd).map(
    (word) => html` <span class="tag">${word}</span>`,
  );
  const used = [
    html`<span>${percentText(percentOf(standing))}</span>`,
    levelTag(level, standing, board.atMs),
  ];
  return html`<tr role="row" class="${level}" id="${idFor('row', name)}">${[
    header([
      navigation.to(view, nameOf(standing), 'link', idFor('name', name)),
      sub([html`${windowWords(cap)}, `, resetTime(standing, board.atMs), ...words]),
    ]),
    html`<td role="cell" class="use"><div class="row">${used}</div>${bar(standing, level)}</td>`,
    amount('Settled', columnUsd(state.settledNanoUsd, 'up')),
    amount('Reserved', columnUsd(reservedOf(standing), 'up'), flying),
    amount('Remaining', columnUsd(remainingOf(standing), 'down'), overWords),
    amount('Limit', columnUsd(limitNanoUsd, 'down')),
  ]}</tr>`;
}

function unusedRow({ cap, window, name }: UnusedRow, nowMs: number): Html {
  const why =
    `Nobody has used it in this window: a counter for each ${cap.splitBy} begins with ` +
    'its first request.';
  return html`<tr role="row" class="off" id="${idFor('row', name)}">${[
    header([nameHtml(cap.capId), sub([html`${windowWords(cap)}, ${resetWords(window, nowMs)}`])]),
    html`<td role="cell" class="wide muted" colspan="4">${why}</td>`,
    amount('Limit each', columnUsd(cap.limitNanoUsd, 'down')),
  ]}</tr>`;
}

const header = (parts: readonly Html[]): Html =>
  html`<th role="rowheader" scope="row" class="name">${parts}</th>`;

const sub = (parts: readonly Html[]): Html => html`<span class="sub">${parts}</span>`;

/** The name of a row: the cap, and whose counter of it. */
export function nameOf(standing: CounterStanding): Html {
  const split = splitWords(standing);
  return split === undefined
    ? nameHtml(standing.cap.capId)
    : html`${nameHtml(standing.cap.capId)} <span class="split">${nameHtml(split)}</span>`;
}

function resetTime({ window }: CounterStanding, nowMs: number): Html {
  const words = resetWords(window, nowMs);
  if (window.endsAtMs === undefined) return html`${words}`;
  const iso = new Date(window.endsAtMs).toISOString();
  return html`<time datetime="${iso}" title="${instantText(window.endsAtMs)}">${words}</time>`;
}

function levelTag(level: Level, { cap }: CounterStanding, nowMs: number): Html {
  const word = levelWord(level, cap, nowMs);
  return word === '' ? NOTHING : html`<span class="tag level">${word}</span>`;
}

const amount = (label: string, figure: string, below = ''): Html =>
  html`<td role="cell" class="number" data-label="${label}">${figure}${
    below === '' ? NOTHING : html`<span class="sub">${below}</span>`
  }</td>`;

const TENTHS = 1_000n;

/** Tenths of a percent of the limit, of which a bar shows at most all. */
const partOf = (amount: bigint, limit: bigint): number => {
  const tenths = limit <= 0n ? TENTHS : (amount * TENTHS) / limit;
  return Number(tenths > TENTHS ? TENTHS : tenths) / 10;
};

/** What it shows stands in the cells beside it. */
function bar({ state, limitNanoUsd }: CounterStanding, level: Level): Html {
  const settled =
    limitNanoUsd <= 0n && level !== 'off' ? 100 : partOf(state.settledNanoUsd, limitNanoUsd);
  const committed = partOf(state.committedNanoUsd, limitNanoUsd);
  const reserved = Math.max(committed - settled, 0);
  const part = (className: string, from: number, width: number): Html =>
    html`<rect class="${className}" x="${widthOf(from)}" width="${widthOf(width)}" height="100%"
></rect>`;
  return html`<svg class="bar" aria-hidden="true" focusable="false">${[
    part('track', 0, 100),
    part('settled', 0, settled),
    part('reserved', settled, reserved),
  ]}</svg>`;
}

const widthOf = (percent: number): string => `${Number(percent.toFixed(1))}%`;
