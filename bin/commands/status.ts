/**
 * `hardcap status`: what each cap has counted in its running window, once or again and again.
 */
import type { Command } from 'commander';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createCounterReading } from '../../lambda/adapters/ledger/counter-reading.ts';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import { readStandings } from '../../lambda/application/read-standings.ts';
import { ageJson, ageText, readAge } from './catalogue-age-view.ts';
import { wrongUse } from './failure.ts';
import { printable } from './malformed-view.ts';
import { openSession, type Session } from './session.ts';
import { listItems } from './settings-store.ts';
import { statusJson, statusTable } from './status-view.ts';
import { parseEvery, watchStatus } from './status-watch.ts';
import { tellUnmatched } from './unmatched-models.ts';

/** Adds the `status` command. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('show what each cap has settled and reserved in its running window')
    .option('--watch', 'show it again and again, with requests a second and the latest refusals')
    .option('--every <time>', 'with --watch: time between two readings, such as 5s', '2s')
    .action(async (options: { watch?: boolean; every: string }, command: Command) => {
      const everyMs = parseEvery(options.every);
      if (options.watch === true) return watchStatus(command, everyMs);
      if (command.getOptionValueSource('every') === 'cli') throw wrongUse('--every needs --watch');
      await showStatus(await openSession(command));
    });
}

async function showStatus(session: Session): Promise<void> {
  const { connection, output, nowMs } = session;
  const items = await listItems(connection, PARTITION.cap);
  const { caps, malformedCaps: malformed } = readCaps(items);
  const { client, ledgerTable: tableName } = connection;
  const reading = createCounterReading({
    dynamo: documentCalls(client),
    tableName,
    clock: systemClock,
  });
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
