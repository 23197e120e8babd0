/**
 * The caps that cover a key, and what each of them has left for it.
 *
 * Invariant: money is exact; what cannot be told without a request (the model, its tags) is said to
 *            be so, and never guessed.
 */
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { stateOf } from '../../lambda/adapters/ledger/counter-item.ts';
import { readItem } from '../../lambda/adapters/ledger/write-attempts.ts';
import {
  type CallerKey,
  type Cap,
  counterKeyOf,
  limitAt,
  type Subject,
  selects,
} from '../../lambda/domain/cap.ts';
import {
  formatUsd,
  maxUsd,
  type NanoUsd,
  subtractUsd,
  ZERO_USD,
} from '../../lambda/domain/money.ts';
import { type Window, windowAt } from '../../lambda/domain/window.ts';
import { stateText, windowText } from './cap-view.ts';
import { type Row, table } from './output.ts';
import type { Session } from './session.ts';

/** A cap that covers the key, for some of its requests at least. */
export interface KeyCap {
  readonly cap: Cap;
  readonly window: Window;
  /** The limit now, a raise included. */
  readonly limitNanoUsd: NanoUsd;
  /** Undefined: a request's model or tag names the counter, so there is more than one. */
  readonly counter?: { readonly settledNanoUsd: NanoUsd; readonly committedNanoUsd: NanoUsd };
}

/** The key as a request's subject, without what only a request tells. */
const subjectOf = ({ keyId, team, tags }: CallerKey): Subject => ({
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
  const ledger = { client, tableName: ledgerTable, clock: systemClock };
  return Promise.all(
    caps.map(async (cap): Promise<KeyCap> => {
      const window = windowAt(cap.window, nowMs);
      const covered = { cap, window, limitNanoUsd: limitAt(cap, nowMs) };
      if (!hasOneCounter(cap, key)) return covered;
      const item = await readItem(ledger, counterKeyOf(cap, subjectOf(key), window.id));
      const nothing = { settledNanoUsd: ZERO_USD, committedNanoUsd: ZERO_USD };
      return { ...covered, counter: item === undefined ? nothing : stateOf(item) };
    }),
  );
}

const remainingOf = (limit: NanoUsd, committed: NanoUsd): NanoUsd =>
  maxUsd(ZERO_USD, subtractUsd(limit, committed));

/** Exact, in decimal dollars. */
export const standingJson = ({ cap, window, limitNanoUsd, counter }: KeyCap, nowMs: number) => ({
  cap: cap.capId,
  action: cap.action,
  state: stateText(cap, nowMs),
  window: window.id,
  limitUsd: formatUsd(limitNanoUsd),
  ...(cap.splitBy !== undefined && { splitBy: cap.splitBy }),
  ...conditionsOf(cap),
  ...(counter === undefined
    ? { settledUsd: null, reservedUsd: null, remainingUsd: null }
    : {
        settledUsd: formatUsd(counter.settledNanoUsd),
        reservedUsd: formatUsd(subtractUsd(counter.committedNanoUsd, counter.settledNanoUsd)),
        remainingUsd: formatUsd(remainingOf(limitNanoUsd, counter.committedNanoUsd)),
      }),
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

function rowsOf({ cap, limitNanoUsd, counter }: KeyCap, nowMs: number): Row[] {
  const { capId, splitBy, action } = cap;
  const state = stateText(cap, nowMs);
  const conditions = Object.entries(conditionsOf(cap)).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(',') : JSON.stringify(value);
    return `${name === 'requestTags' ? 'request tags' : name} ${text}`;
  });
  const notes = [
    windowText(cap),
    ...(action === 'block' ? [] : [action]),
    ...(state === 'enabled' ? [] : [state]),
    ...(conditions.length === 0 ? [] : [`only for ${conditions.join('; ')}`]),
    ...(counter === undefined ? [`each ${splitBy} is counted apart: hardcap status`] : []),
  ];
  const shown = (amount: NanoUsd | undefined) => (amount === undefined ? '' : formatUsd(amount));
  return [
    [
      capId,
      shown(limitNanoUsd),
      shown(counter?.settledNanoUsd),
      shown(counter && subtractUsd(counter.committedNanoUsd, counter.settledNanoUsd)),
      shown(counter && remainingOf(limitNanoUsd, counter.committedNanoUsd)),
    ],
    `└ ${notes.join(', ')}`,
  ];
}
