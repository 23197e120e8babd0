/**
 * `hardcap rollover`: one run of the rollover by hand, on the connected tables.
 *
 * It does what the function's next run would do. Events go to stderr here, one JSON line each, and
 * not to the function's log: `--no-events` leaves thresholds and ended windows to the function.
 */
import type { Command } from 'commander';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import type { RolloverReport } from '../../lambda/application/rollover-work.ts';
import { DEFAULTS } from '../../lambda/contract.ts';
import { composeRollover } from '../../lambda/rollover/compose.ts';
import { CliFailure } from './failure.ts';
import { table } from './output.ts';
import { openSession } from './session.ts';
import { stderrEvents, telemetryOf } from './telemetry.ts';

/** A person waits for it; what is left over is the next run's. */
const LASTS_MS = 600_000;

interface RolloverOptions {
  readonly events: boolean;
}

/** Adds the `rollover` command. */
export function addRolloverCommand(program: Command): void {
  program
    .command('rollover')
    .description('charge stale reservations, tell thresholds and close ended windows, now')
    .option('--no-events', 'tell nothing: leave thresholds and ended windows to the function')
    .action(async (options: RolloverOptions, command: Command) => roll(options, command));
}

async function roll({ events }: RolloverOptions, command: Command): Promise<void> {
  const { connection, output, nowMs } = await openSession(command);
  const { client, settingsTable, ledgerTable } = connection;
  const rollover = composeRollover({
    client,
    // How long counters are kept is the deployment's to say, so none is deleted from here.
    environment: { settingsTable, ledgerTable, journalDays: DEFAULTS.journalDays },
    clock: systemClock,
    telemetry: telemetryOf(output),
    ...(events ? { events: stderrEvents } : {}),
  });
  const report = await rollover(nowMs + LASTS_MS);
  output.result(report, () => reportTable(report));
  const failure = failureOf(report);
  if (failure !== undefined) throw new CliFailure(failure);
}

const ROWS: readonly (readonly [keyof RolloverReport, string])[] = [
  ['counters', 'open counters looked at'],
  ['expired', 'stale reservations charged in full'],
  ['journalled', 'expired charges told to the journal'],
  ['corrected', 'expired charges settled late since'],
  ['tombstonesRemoved', 'traces of ended reservations removed'],
  ['thresholdsTold', 'alert thresholds told'],
  ['settingsMalformed', 'settings that cannot be read'],
  ['windowsSummarised', 'ended windows summarised'],
  ['windowsWaiting', 'ended windows that wait for the journal'],
  ['countersClosed', 'counters closed'],
  ['broken', 'counters whose books do not add up'],
  ['failed', 'parts of the run that failed'],
];

const reportTable = (report: RolloverReport): string =>
  table(
    [
      { title: 'ROLLOVER', width: 50 },
      { title: 'COUNT', width: 10, align: 'right' },
    ],
    ROWS.map(([name, text]) => [text, String(report[name] ?? 0)]),
  );

function failureOf({ broken, failed, capsRead, complete }: RolloverReport): string | undefined {
  if (broken > 0) return 'the ledger has impossible books; the notes above name them';
  if (failed > 0) return 'a part of the run failed; run it again';
  if (!capsRead) return 'the caps could not be read, so no threshold was told; run it again';
  return complete ? undefined : 'the time ended before the last counter or window; run it again';
}
