/**
 * The past windows of a few caps: a column for each window, and its limit as a line over it.
 */
import type { CapHistory, HistoryWindow } from '../../application/window-history.ts';
import { shownUsd } from '../../domain/shown-usd.ts';
import { nameOf } from './cap-table.ts';
import { type Html, html, NOTHING } from './html.ts';
import { windowName } from './words.ts';

const HEIGHT = 72;
const COLUMN = 20;
const GAP = 6;
/** Room above the highest, so that a line at the top can be seen. */
const HEADROOM = 6;
const NEAR_PERCENT = 80n;

/** The histories of a board, with a heading; nothing where there are none. */
export const historyView = (histories: readonly CapHistory[], chosen: string | undefined): Html =>
  histories.length === 0 && chosen === undefined
    ? NOTHING
    : html`<section aria-labelledby="hc-histories"><h2 id="hc-histories">Past windows</h2>${
        histories.length === 0
          ? html`<p class="muted">The chosen cap is not among those that are shown.</p>`
          : html`<div class="histories">${histories.map(historyFigure)}</div>`
      }</section>`;

function historyFigure({ name, standing, windows }: CapHistory): Html {
  const [oldest] = windows;
  const newest = windows.at(-1);
  const kind = standing.cap.window.kind;
  return html`<figure id="hc-history-${name}"><figcaption>${nameOf(standing)}<span class="sub">settled in each ${kind} window, against its limit</span></figcaption>${
    windows.length < 2 || oldest === undefined || newest === undefined
      ? html`<p class="muted">${kind === 'lifetime' ? 'A lifetime has one window.' : 'This is the first window that anything is kept of.'}</p>`
      : html`${columns(windows)}<div class="ends"><span>${windowName(oldest.window)}</span><span>now</span></div>${figures(windows)}`
  }</figure>`;
}

const largest = (windows: readonly HistoryWindow[]): bigint =>
  windows.reduce((most, { settledNanoUsd, limitNanoUsd = 0n }) => {
    const higher = settledNanoUsd > limitNanoUsd ? settledNanoUsd : limitNanoUsd;
    return higher > most ? higher : most;
  }, 1n);

function columns(windows: readonly HistoryWindow[]): Html {
  const most = largest(windows);
  const width = windows.length * (COLUMN + GAP) - GAP;
  const yOf = (amount: bigint): number =>
    HEIGHT - Number((amount * BigInt(HEIGHT - HEADROOM) * 100n) / most) / 100;
  return html`<svg role="img" aria-label="${spoken(windows)}" viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none"><line class="base" x1="0" x2="${width}" y1="${HEIGHT}" y2="${HEIGHT}"></line>${windows.map(
    ({ settledNanoUsd, limitNanoUsd, isRunning }, index) => {
      const x = index * (COLUMN + GAP);
      const y = yOf(settledNanoUsd);
      const classes = `column ${levelOf(settledNanoUsd, limitNanoUsd)}${isRunning ? ' running' : ''}`;
      return html`<rect class="${classes}" x="${x}" y="${y}" width="${COLUMN}" height="${HEIGHT - y}"></rect>${
        limitNanoUsd === undefined
          ? NOTHING
          : html`<line class="limit" x1="${x - GAP / 2}" x2="${x + COLUMN + GAP / 2}" y1="${yOf(limitNanoUsd)}" y2="${yOf(limitNanoUsd)}"></line>`
      }`;
    },
  )}</svg>`;
}

function levelOf(settled: bigint, limit: bigint | undefined): 'full' | 'near' | 'room' {
  if (limit === undefined) return 'room';
  if (settled >= limit) return 'full';
  return settled * 100n >= limit * NEAR_PERCENT ? 'near' : 'room';
}

function spoken(windows: readonly HistoryWindow[]): string {
  const reached = windows.filter(
    ({ settledNanoUsd, limitNanoUsd }) => levelOf(settledNanoUsd, limitNanoUsd) === 'full',
  ).length;
  return `${windows.length} windows, the running one last; the limit was reached in ${reached} of them`;
}

const figures = (windows: readonly HistoryWindow[]): Html =>
  html`<details><summary>Figures</summary><table role="table"><thead><tr><th scope="col">Window</th><th scope="col" class="number">Settled $</th><th scope="col" class="number">Limit $</th></tr></thead><tbody>${windows
    .toReversed()
    .map(
      ({ window, settledNanoUsd, limitNanoUsd, isRunning }) =>
        html`<tr><th scope="row">${windowName(window)}${isRunning ? ' (now)' : ''}</th><td class="number">${shownUsd(settledNanoUsd, 'up')}</td><td class="number">${limitNanoUsd === undefined ? 'not used' : shownUsd(limitNanoUsd, 'down')}</td></tr>`,
    )}</tbody></table></details>`;
