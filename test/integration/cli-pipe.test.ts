/**
 * The command line in a pipe whose reader leaves, as `head` does.
 */
import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';

it('ends as it would have ended, and without a trace, if nobody reads its result', async () => {
  const child = spawn(process.execPath, ['bin/hardcap.ts', 'prices', 'check']);
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });

  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));

  expect([code, stderr]).toEqual([0, '']);
});
