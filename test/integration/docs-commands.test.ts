/**
 * The commands of the documentation do what their pages say, on one local gateway.
 *
 * Each page is read from its first command to its last, as its reader would; the pages side by side,
 * as they share no key and no cap.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DocumentedCommands,
  documentedCommands,
  oneLine,
  type RanCommands,
  runDocumented,
  shownPattern,
} from '../helpers/documented-commands.ts';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';

const PAGES = ['README.md', ...readdirSync('docs').map((name) => path.join('docs', name))];

const documented = PAGES.filter((name) => name.endsWith('.md'))
  .map((page) => ({ page, blocks: documentedCommands(readFileSync(page, 'utf8')) }))
  .filter(({ blocks }) => blocks.length > 0);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let gateway: RunningProgram;
let ran: ReadonlyMap<DocumentedCommands, RanCommands>;

beforeAll(async () => {
  folder = await temporaryFolder();
  gateway = await startProgram('bin/local.ts', ['--port', '0', '--data-dir', folder.path], {
    cwd: folder.path,
    // A reader waits for five seconds after a change.
    env: { HARDCAP_SETTINGS_MAX_AGE_MS: '0' },
  });
  const run = async ({ blocks }: (typeof documented)[number]) => {
    const results = await runDocumented(blocks, { url: gateway.url, dataDir: folder.path });
    return blocks.flatMap((block, index) => {
      const result = results[index];
      return result === undefined ? [] : [[block, result] as const];
    });
  };
  ran = new Map((await Promise.all(documented.map(run))).flat());
}, 180_000);

afterAll(async () => {
  await gateway.end();
  await folder.remove();
});

it('are in the README, the quickstart and the cookbook', () => {
  const pages = documented.map(({ page }) => page);
  expect(pages).toEqual(
    expect.arrayContaining(['README.md', 'docs/cookbook.md', 'docs/quickstart.md']),
  );
});

describe.each(documented)('$page', ({ blocks }) => {
  it.each(blocks.map((block) => [block.line, block] as const))('line %i', (_line, block) => {
    const { exitCode, output } = ran.get(block) ?? { exitCode: undefined, output: '(not run)' };
    expect(exitCode, output).toBe(block.exitCode);
    if (block.shown === undefined) return;
    expect(oneLine(output)).toMatch(shownPattern(block.shown));
  });
});
