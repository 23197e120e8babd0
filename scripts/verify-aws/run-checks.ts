/**
 * Runs checks one after another; whatever one of them throws is a finding of its own.
 */
import { explain } from '../../bin/commands/failure.ts';
import { type Check, type Finding, type Scene, unseen } from './check.ts';
import { SpendLimitReached } from './spend-limit.ts';

export interface Result extends Finding {
  readonly id: string;
  readonly section: string;
}

/** @param onBegin told which check begins, for people who wait */
export async function runChecks(
  checks: readonly Check[],
  scene: Scene,
  onBegin: (id: string) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const { id, section, run } of checks) {
    onBegin(id);
    results.push({ id, section, ...(await findingOf(run, scene)) });
  }
  return results;
}

async function findingOf(run: Check['run'], scene: Scene): Promise<Finding> {
  try {
    return await run(scene);
  } catch (error) {
    if (error instanceof SpendLimitReached) {
      return unseen('', error.message, 'give a higher --max-usd, or --only this check');
    }
    return unseen('', explain(error), 'mend it, and run --only this check');
  }
}
