/**
 * `hardcap cap remove`: takes a cap away, after saying what that means.
 */
import type { Command } from 'commander';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import { parameterOnly, refuseSynced, tellParameterLeft } from './cap-parameter.ts';
import { capText } from './cap-view.ts';
import { changedMeanwhile, noSuch } from './failure.ts';
import { printable } from './malformed-view.ts';
import { askFirst } from './question.ts';
import { openSession, type Session } from './session.ts';
import { findItem, listIds, removeAsRead } from './settings-store.ts';

/** Adds `cap remove`. */
export function addRemoveCommand(cap: Command): void {
  cap
    .command('remove')
    .description('remove a cap; what it counted stays in the ledger')
    .argument('<id>', 'the cap id')
    .action(async (id: string, _options: unknown, command: Command) =>
      removeCap(await openSession(command), id),
    );
}

async function removeCap(session: Session, id: string): Promise<void> {
  const { connection, output, nowMs, isSure } = session;
  await refuseSynced(session, 'delete', id);
  const item = await findItem(connection, PARTITION.cap, id);
  if (item === undefined) {
    const known = await listIds(connection, PARTITION.cap);
    throw (await parameterOnly(session, id)) ?? noSuch('cap', id, known);
  }
  const [cap] = readCaps([item]).caps;
  const what = cap === undefined ? `cap ${id}, which cannot be read` : capText(cap, nowMs);
  await askFirst(
    printable(
      `This removes ${what}. Its history goes with it, and requests that no other cap covers are ` +
        'refused from then on',
    ),
    isSure,
  );
  if (!(await removeAsRead(connection, PARTITION.cap, id, item))) throw changedMeanwhile('cap', id);
  await tellParameterLeft(session, id);
  output.result({ id, removed: true }, () => REMOVED.replaceAll('<id>', id));
}

const REMOVED = [
  'cap <id> removed. Within 5 seconds requests are no longer counted by it, and those that no ' +
    'other cap covers are refused.',
  'What it counted stays in the ledger: requests in flight are still settled there, and its open ' +
    'counters are closed when their windows end (a lifetime counter stays open).',
  'A cap that is made again as <id> counts on from there.',
].join('\n');
