/**
 * The past windows of a few caps: a column for each window, and its limit as a line over it.
 */
import {
  type CapHistory,
  HISTORY_WINDOWS,
  type HistoryWindow,
} from '../../application/window-history.ts';
import { nameOf } from './cap-table.ts';
import { type Html, html, idFor, NOTHING } from './html.ts';
import { columnUsd, windowName } from './words.ts';

const HEIGHT = 72;
const COLUMN = 20;
const GAP = 6;
/** Room above the highest, so that a line at the top can be seen. */
const HEADROOM = 6;
const NEAR_PERCENT = 80n;
/** Parts of a pixel that heights are computed in, all of which a float holds exactly. */
const SUBPIXELS = 16n;

/** The histories of a board, with a heading; nothing where there are none. */
export function historyView(histories: readonly CapHistory[], chosen: string | undefined): Html {
  if (histories.length === 0 && chosen === undefined) return NOTHING;
  const content =
    histories.length === 0
      ? html`<p class="muted">The chosen cap is not among those that are shown.</p>`
      : html`<div class="histories">${histories.map(historyFigure)}</div>`;
  return html`<section aria-labelledby="hc-histories" id="hc-past"><h2 id="hc-histories">Past
 windows</h2>${content}</section>`;
}

function historyFigure({ name, standing, windows }: CapHistory): Html {
  const [oldest] = windows;
  const { kind } = standing.cap.window;
  const limit = columnUsd(standing.limitNanoUsd, 'down');
  const words = `settled in each ${kind} window; the limit is ${limit}`;
  const caption = html`${nameOf(standing)}<span class="sub">${words}</span>`;
  const content =
    windows.length < 2 || oldest === undefined
      ? [html`<p class="muted">${onlyWindowText(kind)}</p>`]
      : [columns(windows), ends(windows.length, windowName(oldest.window)), figures(windows)];
  const parts = [html`<figcaption>${caption}</figcaption>`, ...content];
  return html`<figure id="${idFor('history', name)}">${parts}</figure>`;
}

const onlyWindowText = (kind: string): string =>
  kind === 'lifetime'
    ? 'A lifetime has one window.'
    : 'This is the first window that anything is kept of.';

const ends = (count: number, oldest: string): Html =>
  html`<div class="ends"><span>${count} since ${oldest}</span><span>now</span></div>`;

const largest = (windows: readonly HistoryWindow[]): bigint =>
  windows.reduce((most, { settledNanoUsd, limitNanoUsd = 0n }) => {
    const higher = settledNanoUsd > limitNanoUsd ? settledNanoUsd : limitNanoUsd;
    return higher > most ? higher : most;
  }, 1n);

/** The running window stands at the right, so that the columns of all figures are alike. */
function columns(windows: readonly HistoryWindow[]): Html {
  const most = largest(windows);
  const width = HISTORY_WINDOWS * (COLUMN + GAP) - GAP;
  const first = HISTORY_WINDOWS - windows.length;
  const yOf = (amount: bigint): number =>
    HEIGHT - Number((amount * BigInt(HEIGHT - HEADROOM) * SUBPIXELS) / most) / Number(SUBPIXELS);
  const parts = windows.flatMap(({ settledNanoUsd, limitNanoUsd, isRunning }, index) => {
    const x = (first + index) * (COLUMN + GAP);
    const level = levelOf(settledNanoUsd, limitNanoUsd);
    const drawn = column(isRunning ? `${level} running` : level, x, yOf(settledNanoUsd));
    if (limitNanoUsd === undefined) return [drawn];
    const half = GAP / 2;
    return [drawn, line('limit', x - half, x + COLUMN + half, yOf(limitNanoUsd))];
  });
  return html`<svg role="img" aria-label="${spoken(windows)}" viewBox="0 0 ${width} ${HEIGHT}"
 preserveAspectRatio="none">${[line('base', 0, width, HEIGHT), ...parts]}</svg>`;
}

const column = (className: string, x: number, y: number): Html =>
  html`<rect class="column ${className}" x="${x}" y="${y}" width="${COLUMN}"
 height="${HEIGHT - y}"></rect>`;

const line = (className: string, from: number, to: number, y: number): Html =>
  html`<line class="${className}" x1="${from}" x2="${to}" y1="${y}" y2="${y}"></line>`;

function levelOf(settled: bigint, limit: bigint | undefined): 'full' | 'near' | 'room' {
  if (limit === undefined) return 'room';
  if (settled >= limit) return 'full';
  return settled * 100n >= limit * NEAR_PERCENT ? 'near' : 'room';
}

function spoken(windows: readonly HistoryWindow[]): string {
  const reached = windows.filter(
    ({ settledNanoUsd, limitNanoUsd }) => levelOf(settledNanoUsd, limitNanoUsd) === 'full',
  ).length;
  return (
    `${windows.length} windows, the running one last; ` +
    `the limit was reached in ${reached} of them`
  );
}

const figures = (windows: readonly HistoryWindow[]): Html =>
  html`<details><summary>Figures</summary><table><thead><tr><th scope="col">Window</th>
<th scope="col" class="number">Settled $</th><th scope="col" class="number">Limit $</th></tr>
</thead><tbody>${windows.toReversed().map(figureRow)}</tbody></table></details>`;

function figureRow({ window, settledNanoUsd, limitNanoUsd, isRunning }: HistoryWindow): Html {
  const limit = limitNanoUsd === undefined ? 'not used' : columnUsd(limitNanoUsd, 'down');
  const name = `${windowName(window)}${isRunning ? ' (now)' : ''}`;
  const settled = columnUsd(settledNanoUsd, 'up');
  return html`<tr><th scope="row">${name}</th><td class="number">${settled}</td>
<td class="number">${limit}</td></tr>`;
}
