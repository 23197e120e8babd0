/**
 * The caps that cover a key, and what each of them has left for it.
 *
 * Invariant: the JSON is exact, what people see is rounded to their harm; what cannot be told without a request (the model, its tags) is said to
 *            be so, and never guessed.
 */

import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { stateOf } from '../../lambda/adapters/ledger/counter-item.ts';
import { readItem } from '../../lambda/adapters/ledger/write-attempts.ts';
import {
  type CounterStanding,
  remainingOf,
  reservedOf,
} from '../../lambda/application/counter-standing.ts';
import {
  type CallerKey,
  type Cap,
  counterKeyOf,
  limitAt,
  type Subject,
  selects,
} from '../../lambda/domain/cap.ts';
import { formatUsd, ZERO_USD } from '../../lambda/domain/money.ts';
import { shownUsd } from '../../lambda/domain/shown-usd.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import type { CounterState } from '../../lambda/ports/ledger.ts';
import { originJson } from './cap-parameter.ts';
import { stateText, windowText } from './cap-view.ts';
import { type Row, table } from './output.ts';
import type { Session } from './session.ts';

/** A cap that covers the key, for some of its requests at least. */
export interface KeyCap extends Pick<CounterStanding, 'cap' | 'window' | 'limitNanoUsd'> {
  /** Undefined: a request's model or tag names the counter, so there is more than one. */
  readonly standing?: CounterStanding;
}

/** The key as a request's subject, without what only a request tells. */
export const subjectOf = ({ keyId, team, tags }: CallerKey): Subject => ({
  keyId,
  ...(team === undefined ? {} : { team }),
  tags,
  requestTags: {},
  vendor: '',
  modelId: '',
  baseModelId: '',
  profileId: '',
});

/** Caps that select this key, whatever it asks for. */
export function capsOfKey(key: CallerKey, caps: readonly Cap[]): Cap[] {
  const subject = subjectOf(key);
  return caps.filter(({ selectors: { keys, teams, tags } }) =>
    selects({ ...(keys && { keys }), ...(teams && { teams }), ...(tags && { tags }) }, subject),
  );
}

/** Whether the key alone names the cap's counter. */
function hasOneCounter({ splitBy }: Cap, { tags }: CallerKey): boolean {
  if (splitBy === undefined || splitBy === 'key' || splitBy === 'team') return true;
  if (splitBy.startsWith('key-tag:')) return true;
  return splitBy.startsWith('tag:') && Object.hasOwn(tags, splitBy.slice('tag:'.length));
}

/** What stands on the counters, each read by its key. */
export function readStanding(
  { connection, nowMs }: Pick<Session, 'connection' | 'nowMs'>,
  caps: readonly Cap[],
  key: CallerKey,
): Promise<KeyCap[]> {
  const { client, ledgerTable } = connection;
  const ledger = { dynamo: documentCalls(client), tableName: ledgerTable, clock: systemClock };
  return Promise.all(
    caps.map(async (cap): Promise<KeyCap> => {
      const window = windowAt(cap.window, nowMs);
      const covered = { cap, window, limitNanoUsd: limitAt(cap, nowMs) };
      if (!hasOneCounter(cap, key)) return covered;
      const counter = counterKeyOf(cap, subjectOf(key), window.id);
      const item = await readItem(ledger, counter);
      const state = item === undefined ? NOTHING : stateOf(item);
      return { ...covered, standing: { ...covered, counter, state } };
    }),
  );
}

const NOTHING: CounterState = {
  settledNanoUsd: ZERO_USD,
  committedNanoUsd: ZERO_USD,
  inFlight: 0,
};

/** Exact, in decimal dollars. */
export const standingJson = ({ cap, window, limitNanoUsd, standing }: KeyCap, nowMs: number) => ({
  cap: cap.capId,
  action: cap.action,
  state: stateText(cap, nowMs),
  window: window.id,
  limitUsd: formatUsd(limitNanoUsd),
  ...(cap.splitBy !== undefined && { splitBy: cap.splitBy }),
  ...conditionsOf(cap),
  ...originJson(cap),
  settledUsd: standing === undefined ? null : formatUsd(standing.state.settledNanoUsd),
  reservedUsd: standing === undefined ? null : formatUsd(reservedOf(standing)),
  remainingUsd: standing === undefined ? null : formatUsd(remainingOf(standing)),
  resetsAt: window.endsAtMs === undefined ? null : new Date(window.endsAtMs).toISOString(),
});

/** What of a request the cap looks at beside the key. */
const conditionsOf = ({ selectors: { vendors, models, requestTags } }: Cap) => ({
  ...(vendors && { vendors }),
  ...(models && { models }),
  ...(requestTags && { requestTags }),
});

/** A row for each cap, and under it what it looks at beside the key. */
export const standingTable = (caps: readonly KeyCap[], nowMs: number): string =>
  table(
    [
      { title: 'CAP', width: 26 },
      { title: 'LIMIT', width: 12, align: 'right' },
      { title: 'SETTLED', width: 14, align: 'right' },
      { title: 'RESERVED', width: 13, align: 'right' },
      { title: 'REMAINING', width: 15, align: 'right' },
    ],
    caps.flatMap((cap) => rowsOf(cap, nowMs)),
  );

function rowsOf({ cap, limitNanoUsd, standing }: KeyCap, nowMs: number): Row[] {
  const { capId, splitBy, action } = cap;
  const state = stateText(cap, nowMs);
  const conditions = Object.entries(conditionsOf(cap)).map(([name, value]) => {
    if (Array.isArray(value)) return `${name} ${value.join(',')}`;
    const tags = Object.entries(value).map(([tag, values]) => `${tag}=${values.join(',')}`);
    return `request tags ${tags.join('; ')}`;
  });
  const notes = [
    windowText(cap),
    ...(action === 'block' ? [] : [action]),
    ...(state === 'enabled' ? [] : [state]),
    ...(conditions.length === 0 ? [] : [`only for ${conditions.join('; ')}`]),
    ...(standing === undefined ? [`each ${splitBy} is counted apart: hardcap status`] : []),
  ];
  const amounts =
    standing === undefined
      ? ['', '', '']
      : [
          shownUsd(standing.state.settledNanoUsd, 'up'),
          shownUsd(reservedOf(standing), 'up'),
          shownUsd(remainingOf(standing), 'down'),
        ];
  return [[capId, shownUsd(limitNanoUsd, 'down'), ...amounts], `└ ${notes.join(', ')}`];
}
