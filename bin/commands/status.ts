/**
 * `hardcap status`: what each cap has counted in its running window.
 *
 * The counter of a cap without a split is read by its key; those of a split cap, whose values
 * nobody lists, are found by the index of open counters.
 */
import type { Command } from 'commander';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { stateOf } from '../../lambda/adapters/ledger/counter-item.ts';
import { createDynamoMaintenance } from '../../lambda/adapters/ledger/dynamo-maintenance.ts';
import { type CounterTable, readItem } from '../../lambda/adapters/ledger/write-attempts.ts';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import { type Cap, counterKeyOf, limitAt, type Subject } from '../../lambda/domain/cap.ts';
import { ZERO_USD } from '../../lambda/domain/money.ts';
import type { CounterKey } from '../../lambda/domain/reservation.ts';
import { type Window, windowAt } from '../../lambda/domain/window.ts';
import type { CounterState, OpenCounter } from '../../lambda/ports/ledger.ts';
import { ageJson, ageText, readAge } from './catalogue-age-view.ts';
import { printable } from './malformed-view.ts';
import { openSession, type Session } from './session.ts';
import { listItems } from './settings-store.ts';
import { type CounterStatus, statusJson, statusTable } from './status-view.ts';
import { tellUnmatched } from './unmatched-models.ts';

const NOTHING: CounterState = {
  settledNanoUsd: ZERO_USD,
  committedNanoUsd: ZERO_USD,
  inFlight: 0,
};

/** Adds the `status` command. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('show what each cap has settled and reserved in its running window')
    .action(async (_options: unknown, command: Command) => showStatus(await openSession(command)));
}

async function showStatus(session: Session): Promise<void> {
  const { connection, output, nowMs } = session;
  const items = await listItems(connection, PARTITION.cap);
  const { caps, malformedCaps: malformed } = readCaps(items);
  const counters = await readCounters(session, caps);
  const unused = caps.filter((cap) => !counters.some((counter) => counter.cap === cap));
  const age = await readAge(connection, nowMs);
  const json = { ...statusJson(counters, unused, malformed, nowMs), catalogue: ageJson(age) };
  output.result(json, () => {
    if (items.length === 0) {
      return (
        `there are no caps in ${connection.name}; make one: ` +
        'hardcap cap set <id> --limit 5 --window daily'
      );
    }
    return caps.length === 0
      ? 'none of the caps can be read'
      : statusTable(counters, unused, nowMs);
  });
  if (age.isOld) output.notice(ageText(age));
  await tellUnmatched(session, caps);
  // After the table, where they are seen.
  for (const { capId, field, problem } of malformed) {
    output.notice(
      printable(
        `the cap "${capId}" cannot be read, so what it could cover is refused: ${field} ${problem}`,
      ),
    );
  }
}

async function readCounters(
  { connection, nowMs }: Session,
  caps: readonly Cap[],
): Promise<CounterStatus[]> {
  const ledger: CounterTable = {
    client: connection.client,
    tableName: connection.ledgerTable,
    clock: systemClock,
  };
  const isSplit = caps.some(({ splitBy }) => splitBy !== undefined);
  const open = isSplit ? await readOpenCounters(ledger) : [];
  const found = await Promise.all(
    caps.map(async (cap): Promise<CounterStatus[]> => {
      const window = windowAt(cap.window, nowMs);
      const status = { cap, window, limitNanoUsd: limitAt(cap, nowMs) };
      const shared = sharedCounterOf(cap, window);
      if (cap.splitBy !== undefined) {
        return splitCounters(open, shared).map((counter) => ({ ...status, ...counter }));
      }
      const item = await readItem(ledger, shared);
      return [{ ...status, state: item === undefined ? NOTHING : stateOf(item) }];
    }),
  );
  return found.flat();
}

async function readOpenCounters(ledger: CounterTable): Promise<OpenCounter[]> {
  const found: OpenCounter[] = [];
  for await (const counter of createDynamoMaintenance(ledger).openCounters()) found.push(counter);
  return found;
}

const NOBODY: Subject = {
  keyId: '',
  tags: {},
  requestTags: {},
  vendor: '',
  modelId: '',
  baseModelId: '',
  profileId: '',
};

/** The counter that the cap has, or would have if it were not split. */
function sharedCounterOf(cap: Cap, window: Window): CounterKey {
  const { splitBy: _split, ...unsplit } = cap;
  return counterKeyOf(unsplit, NOBODY, window.id);
}

const splitCounters = (open: readonly OpenCounter[], shared: CounterKey) =>
  open
    .filter(({ counter }) => counter.sk === shared.sk && counter.pk.startsWith(`${shared.pk}#`))
    .map(({ counter, state }) => ({
      splitValue: shownValue(counter.pk.slice(shared.pk.length + 1).replace(REQUEST_TAG, '')),
      state,
    }))
    .sort((a, b) => (a.splitValue < b.splitValue ? -1 : 1));

/** Stands before the value of a request's tag; one of a key cannot begin with it. */
const REQUEST_TAG = /^#/;

/** Control characters stay encoded: a terminal would obey them. */
const shownValue = (encoded: string): string =>
  encoded.replaceAll('%23', '#').replaceAll('%25', '%');
