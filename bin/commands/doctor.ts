/**
 * `hardcap doctor`: looks at everything that hardcap rests on, and changes nothing.
 *
 * Not here: the checks (doctor/).
 */
import type { Command } from 'commander';
import { CHECKS } from './doctor/all-checks.ts';
import { failuresOf, reportJson, reportText } from './doctor/report.ts';
import { runChecks } from './doctor/run-checks.ts';
import { createScene } from './doctor/scene.ts';
import { CliFailure } from './failure.ts';
import { withProgress } from './progress.ts';
import { openSession } from './session.ts';

/** Adds the `doctor` command. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check tables, settings, models, gateway, account; say how to mend what is wrong')
    .action(async (_options: unknown, command: Command) => diagnose(command));
}

async function diagnose(command: Command): Promise<void> {
  const { connection, output, nowMs } = await openSession(command);
  const report = await withProgress('looking at everything', async (tell) => {
    // A store of this machine has no account behind it, and loads none of its clients.
    const account = connection.isLocal
      ? undefined
      : await (await import('./doctor/sdk-account.ts')).createAccount(connection);
    const scene = await createScene(connection, nowMs, account);
    return runChecks(CHECKS, scene, (ids) => tell(`waiting for ${ids.join(', ')}`));
  });
  output.result(reportJson(report), () => reportText(report));
  const failures = failuresOf(report);
  if (failures === 0) return;
  const what = failures === 1 ? '1 failure: it says' : `${failures} failures: each says`;
  throw new CliFailure(`${what} how to mend it`);
}
