/**
 * `hardcap cap list`: every cap, and what is wrong with those that cannot be read.
 */
import type { Command } from 'commander';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { isMalformed, PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import type { Cap, MalformedCap } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { originText } from './cap-parameter.ts';
import { capJson, raiseText, selectorText, stateText, windowText } from './cap-view.ts';
import { malformedText, printable } from './malformed-view.ts';
import { type Row, table } from './output.ts';
import { openSession, type Session } from './session.ts';
import { listItems } from './settings-store.ts';
import { tellUnmatched } from './unmatched-models.ts';

/** Adds `cap list`. */
export function addListCommand(cap: Command): void {
  cap
    .command('list')
    .description('show all caps')
    .action(async (_options: unknown, command: Command) => listCaps(await openSession(command)));
}

async function listCaps(session: Session): Promise<void> {
  const { connection, output, nowMs } = session;
  const { caps, malformedCaps } = readCaps(await listItems(connection, PARTITION.cap));
  const read = [...caps, ...malformedCaps];
  const json = read.map((cap) => (isMalformed(cap) ? malformedJson(cap) : capJson(cap)));
  output.result(json, () =>
    read.length === 0
      ? `there are no caps in ${connection.name}; make one: ` +
        'hardcap cap set <id> --limit 5 --window daily'
      : capTable(read, nowMs),
  );
  await tellUnmatched(session, caps);
}

const malformedJson = ({ capId, field, problem }: MalformedCap) => ({
  id: capId,
  malformed: { field, problem },
});

function capTable(read: readonly (Cap | MalformedCap)[], nowMs: number): string {
  const drawn = table(
    [
      { title: 'CAP', width: 22 },
      { title: 'LIMIT', width: 12, align: 'right' },
      { title: 'WINDOW', width: 14 },
      { title: 'COVERS', width: 18 },
      { title: 'DOES', width: 14 },
    ],
    read.flatMap((cap) => (isMalformed(cap) ? [malformedRow(cap)] : capRows(cap, nowMs))),
  );
  const malformed = read.filter((cap): cap is MalformedCap => isMalformed(cap));
  const items = malformed.map((cap) => ({ id: cap.capId, problem: `${cap.field} ${cap.problem}` }));
  return `${drawn}${malformedText(items, 'what it could cover is refused')}`;
}

const malformedRow = ({ capId }: MalformedCap): Row => [printable(capId), '', '', '', 'malformed'];

function capRows(cap: Cap, nowMs: number): Row[] {
  const split = cap.splitBy === undefined ? '' : `; each ${cap.splitBy}`;
  const state = stateText(cap, nowMs);
  const notes = [raiseText(cap, nowMs), originText(cap)].filter((note) => note !== undefined);
  const cells = [
    cap.capId,
    formatUsd(cap.limitNanoUsd),
    windowText(cap),
    `${selectorText(cap.selectors)}${split}`,
    state === 'enabled' ? cap.action : `${cap.action} (${state})`,
  ];
  return [cells, ...notes.map((note) => `└ ${note}`)];
}
