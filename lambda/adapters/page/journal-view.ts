/**
 * The last requests as a table: who asked what, what became of it, and what it cost.
 */
import {
  MAX_JOURNAL_KEYS,
  type RecentRequests,
  shownCounter,
} from '../../application/recent-requests.ts';
import { shownUsd } from '../../domain/shown-usd.ts';
import type { RecentEntry } from '../../ports/board.ts';
import { type Html, html, idFor, NOTHING, nameHtml } from './html.ts';

/** The journal's end under a heading. */
export const journalView = ({ entries, isWhole }: RecentRequests): Html => html`<section
 aria-labelledby="hc-journal"><h2 id="hc-journal">Last requests</h2>${
   isWhole
     ? NOTHING
     : html`<p class="note">Of ${MAX_JOURNAL_KEYS} keys: there are more. Filter by key: to see
 others.</p>`
 }${
   entries.length === 0
     ? html`<p class="muted">None today or yesterday that the filter lets through.</p>`
     : table(entries)
 }</section>`;

const table = (entries: readonly RecentEntry[]): Html => html`<table role="table" class="journal">
<caption class="unseen">The last requests, the newest first</caption>
<thead role="rowgroup"><tr role="row">
<th role="columnheader" scope="col">Time (UTC) and key</th>
<th role="columnheader" scope="col">What became of it</th>
<th role="columnheader" scope="col">Model</th>
<th role="columnheader" scope="col" class="number">Tokens in</th>
<th role="columnheader" scope="col" class="number">Tokens out</th>
<th role="columnheader" scope="col" class="number">Reserved $</th>
<th role="columnheader" scope="col" class="number">Cost $</th>
</tr></thead><tbody role="rowgroup">${entries.map(row)}</tbody></table>`;

const TONES: Readonly<Record<string, string>> = {
  refused: 'bad',
  cut: 'bad',
  'settle-failed': 'bad',
  'charged-in-full': 'warn',
  expired: 'warn',
};

function row(entry: RecentEntry): Html {
  const { atMs, requestId, keyId, modelId, outcome, count } = entry;
  const iso = new Date(atMs).toISOString();
  return html`<tr role="row" id="${idFor('entry', `${requestId}-${atMs}`)}">
<th role="rowheader" scope="row" class="name"><time datetime="${iso}" title="${iso}"
>${iso.slice(11, 19)}</time> ${nameHtml(keyId)}</th>
<td role="cell" class="what"><span class="tag ${TONES[outcome] ?? ''}">${outcome}</span>${
    count > 1 ? html` <span class="muted">${count} times</span>` : NOTHING
  }${reasonHtml(entry)}</td>
<td role="cell" class="wide model">${nameHtml(modelId)}</td>
${number('In', entry.inputTokens?.toString())}
${number('Out', entry.outputTokens?.toString())}
${number('Reserved', shownUsd(entry.reservedNanoUsd, 'up'))}
${number('Cost', shownUsd(entry.costNanoUsd, 'up'))}</tr>`;
}

/** Of a refusal also which counter had no room: a key has several caps. */
function reasonHtml({ outcome, reason, counters: [counter] }: RecentEntry): Html {
  if (reason === undefined) return NOTHING;
  const by = outcome === 'refused' && counter !== undefined;
  return html`<span class="sub">${reason}${
    by ? html`, by ${nameHtml(shownCounter(counter))}` : NOTHING
  }</span>`;
}

const number = (label: string, figure = ''): Html =>
  html`<td role="cell" class="number" data-label="${label}">${figure}</td>`;
