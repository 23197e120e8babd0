/**
 * `hardcap status`: what each cap has counted in its running window.
 */
import type { Command } from 'commander';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { createCounterReading } from '../../lambda/adapters/ledger/counter-reading.ts';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import { readStandings } from '../../lambda/application/read-standings.ts';
import { ageJson, ageText, readAge } from './catalogue-age-view.ts';
import { printable } from './malformed-view.ts';
import { openSession, type Session } from './session.ts';
import { listItems } from './settings-store.ts';
import { statusJson, statusTable } from './status-view.ts';
import { tellUnmatched } from './unmatched-models.ts';

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
  const { client, ledgerTable: tableName } = connection;
  const reading = createCounterReading({ client, tableName, clock: systemClock });
  const { standings: counters } = await readStandings(reading, caps, nowMs);
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
