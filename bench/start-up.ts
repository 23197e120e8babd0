/**
 * How long a new instance takes to load the gateway's function, beside one that only makes a
 * DynamoDB client: both bundled as the stack bundles them, each in fresh processes by turns.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { ENV } from '../lambda/contract.ts';
import { CORES, startProgram } from './programs.ts';
import { median } from './statistics.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const PROCESSES = 9;

const LEAST = `
  import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
  const client = new DynamoDBClient({});
  export const handler = async () => client.config.region();
`;

/** Of one function: the size of its code, and the time until it is loaded. */
export interface StartUp {
  readonly codeBytes: number;
  readonly loadMs: number;
}

export interface StartUps {
  readonly hardcap: StartUp;
  readonly least: StartUp;
}

/** The median of nine fresh processes for each. */
export async function measureStartUp(): Promise<StartUps> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hardcap-bench-'));
  try {
    const hardcap = path.join(folder, 'hardcap.mjs');
    const least = path.join(folder, 'least.mjs');
    const leastSource = path.join(folder, 'least-source.mjs');
    await writeFile(leastSource, LEAST);
    await bundle(path.join(ROOT, 'lambda/gateway/handler.ts'), hardcap);
    await bundle(leastSource, least);
    const times = { hardcap: [] as number[], least: [] as number[] };
    for (let at = 0; at < PROCESSES; at += 1) {
      times.hardcap.push(await loadOnce(hardcap));
      times.least.push(await loadOnce(least));
    }
    return {
      hardcap: { codeBytes: (await stat(hardcap)).size, loadMs: median(times.hardcap) },
      least: { codeBytes: (await stat(least)).size, loadMs: median(times.least) },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With the options of lib/node-function.ts, which alone may import the CDK. */
const bundle = (entry: string, outfile: string) =>
  build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    nodePaths: [path.join(ROOT, 'node_modules')],
    logLevel: 'error',
  });

async function loadOnce(module: string): Promise<number> {
  const program = await startProgram('start-up-main.ts', CORES.targets, {
    BENCH_MODULE: module,
    NODE_OPTIONS: '--enable-source-maps',
    [ENV.settingsTable]: 'settings',
    [ENV.ledgerTable]: 'ledger',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  });
  await program.end();
  return Number(new URL(program.url).searchParams.get('ms'));
}
