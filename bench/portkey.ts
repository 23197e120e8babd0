/**
 * A public gateway from npm to compare with: installed for this run, outside the project.
 *
 * Its plain install is broken with the newest @hono/node-server, so that two of its dependencies
 * are pinned. Its scripts are not run.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CORES, startProgram } from './programs.ts';
import { PORTKEY, type Target } from './targets.ts';

const VERSION = '1.15.2';
const PINNED = { hono: '4.9.7', '@hono/node-server': '1.13.5' };
const INSTALL_WITHIN_MS = 120_000;

export interface InstalledPortkey {
  readonly target: Target;
  remove(): Promise<void>;
}

/** @throws Error that says why npm could not install it */
export async function installPortkey(): Promise<InstalledPortkey> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hardcap-bench-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const manifest = { private: true, overrides: PINNED };
    await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact'];
    await promisify(execFile)('npm', [...args, `@portkey-ai/gateway@${VERSION}`], {
      cwd: folder,
      timeout: INSTALL_WITHIN_MS,
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { target: portkeyIn(folder), remove };
}

const portkeyIn = (folder: string): Target => ({
  name: PORTKEY,
  title: `@portkey-ai/gateway ${VERSION}, native pass-through, no budget check`,
  pathPrefix: '/v1',
  // Of its providers this one adds least: nothing is translated and nothing is signed.
  headers: (upstream) => ({
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': upstream,
  }),
  start: () =>
    startProgram('targets/portkey-main.ts', CORES.targets, {
      NODE_ENV: 'production',
      BENCH_SCRIPT: path.join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
    }),
});
