/**
 * How long a new instance takes to load the gateway's function, beside one that only makes a
 * DynamoDB client: both bundled as the stack bundles them, each in fresh processes by turns.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ENV } from '../lambda/contract.ts';
import { bundleFunction } from '../lib/function-bundle.ts';
import { CORES, startProgram } from './programs.ts';
import { median } from './statistics.ts';

const PROCESSES = 9;
const ENTRIES = { hardcap: 'lambda/gateway/handler.ts', least: 'bench/least-function.ts' } as const;

/** Of one function: the size of the code that is loaded, and the time until it is. */
export interface StartUp {
  readonly codeBytes: number;
  readonly loadMs: number;
}

export type StartUps = Readonly<Record<keyof typeof ENTRIES, StartUp>>;

/** The median of nine fresh processes for each. */
export async function measureStartUp(): Promise<StartUps> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hardcap-bench-'));
  const loads = { hardcap: [] as StartUp[], least: [] as StartUp[] };
  const names = ['hardcap', 'least'] as const;
  try {
    for (const name of names) {
      await mkdir(path.join(folder, name));
      bundleFunction(ENTRIES[name], path.join(folder, name));
    }
    for (let at = 0; at < PROCESSES; at += 1) {
      for (const name of names) loads[name].push(await loadOnce(path.join(folder, name)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { hardcap: medianOf(loads.hardcap), least: medianOf(loads.least) };
}

const medianOf = (loads: readonly StartUp[]): StartUp => ({
  codeBytes: median(loads.map(({ codeBytes }) => codeBytes)),
  loadMs: median(loads.map(({ loadMs }) => loadMs)),
});

async function loadOnce(folder: string): Promise<StartUp> {
  const program = await startProgram('start-up-main.ts', CORES.targets, {
    BENCH_MODULE: path.join(folder, 'index.mjs'),
    [ENV.settingsTable]: 'settings',
    [ENV.ledgerTable]: 'ledger',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  });
  await program.end();
  const told = new URL(program.url).searchParams;
  return { codeBytes: Number(told.get('bytes')), loadMs: Number(told.get('ms')) };
}
