/**
 * The page of the local gateway: the widget's board, the last requests, and a script that keeps
 * both fresh.
 *
 * Invariant: it asks nobody but the gateway itself; its policy lets no other script or style in.
 */
import { createHash } from 'node:crypto';
import type { Board } from '../../application/cap-board.ts';
import type { RecentRequests } from '../../application/recent-requests.ts';
import { boardView } from './board-view.ts';
import { Html, html } from './html.ts';
import { journalView } from './journal-view.ts';
import { browserNavigation } from './navigation.ts';
import { styleSheet } from './style.ts';

const PAGE_STYLE = `
body{margin:0;background:#ffffff}
@media (prefers-color-scheme:dark){body{background:#10161e}}
.hc{max-width:1280px;margin:0 auto;min-height:100vh}
.hc .top{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 16px;margin:4px 0 16px}
.hc h1{margin:0;font-size:18px;font-weight:600}
.hc .live{margin-left:auto}
.hc .live.gone{color:var(--fullText);font-weight:600}
`;
const STYLE = styleSheet('auto') + PAGE_STYLE;

const sourceOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page's headers; only this very style and script may run in it. */
export const pageHeaders = (script: string): Readonly<Record<string, string>> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src ${sourceOf(STYLE)}`,
    `script-src ${sourceOf(script)}`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
});

/** What is read for the page; a part that could not be read is a text that says why. */
export interface PageContent {
  readonly filter: string;
  readonly board: Board | string;
  readonly requests: RecentRequests | string;
}

/** How the page lives on. */
export interface PageLife {
  /** Runs in the page. */
  readonly script: string;
  /** Milliseconds between two readings. */
  readonly refreshMs: number;
}

const problem = (what: string, why: string): Html => html`<div class="alert" role="alert"><strong
>${what} could not be read.</strong>${why}</div>`;

/** The part that changes; the script asks for it alone. */
export const livePart = ({ board, requests }: PageContent): string =>
  html`<div id="hc-live">${
    typeof board === 'string' ? problem('The caps', board) : boardView(board, browserNavigation)
  }${typeof requests === 'string' ? problem('The journal', requests) : journalView(requests)}</div>`
    .markup;

/** The whole document. */
export function localPage(content: PageContent, { script, refreshMs }: PageLife): string {
  const head = html`<meta charset="utf-8"><meta name="viewport"
 content="width=device-width, initial-scale=1"><title>hardcap</title>${element('style', STYLE)}`;
  const top = html`<header class="top"><h1>hardcap</h1><span class="muted">caps of this
 gateway</span><span class="live quiet" id="hc-state" role="status" data-refresh-ms="${refreshMs}"
></span></header>`;
  const main = [top, browserNavigation.filterForm(content.filter), new Html(livePart(content))];
  const code = element('script', script);
  return html`<!doctype html>
<html lang="en"><head>${head}</head><body><main class="hc">${main}</main>${code}</body></html>`
    .markup;
}

/** Its text goes out as it is: its hash is in the page's policy. */
const element = (name: 'style' | 'script', text: string): Html =>
  new Html(`<${name}>${text}</${name}>`);
