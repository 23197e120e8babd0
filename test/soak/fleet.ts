/**
 * The gateways of a soak: processes that are killed without warning and replaced.
 *
 * The first one is spared, so that there is a process whose memory can be watched to the end.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningProgram, startProgram } from '../helpers/processes.ts';
import {
  FUNCTION_TIMEOUT_MS,
  GATEWAYS,
  KILL_EVERY_MS,
  RESERVATION_MARGIN_MS,
  ROLLOVER_INTERVAL_MS,
} from './plan.ts';

export interface FleetOptions {
  readonly folder: string;
  readonly seedFile: string;
  readonly bedrockUrl: string;
  readonly ledgerUrl: string;
}

export interface Fleet {
  /** Where any of the living gateways listens. */
  anyUrl(): string;
  readonly kills: number;
  /** Kills and replaces until the signal aborts; resolves when all are alive again. */
  killUntil(signal: AbortSignal): Promise<void>;
  /** Resident bytes of the gateway that was never killed; undefined where it cannot be read. */
  oldestResidentBytes(): Promise<number | undefined>;
  /** Exit codes of gateways that ended by themselves; there should be none. */
  readonly deaths: readonly string[];
  close(): Promise<void>;
}

const START_TRIES = 10;

/** Little enough that V8 clears up, and that what is never let go ends the process within a run. */
const HEAP_MEBIBYTES = 128;

/** Starts all gateways, which listen when this resolves. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const deaths: string[] = [];
  let started = 0;
  let kills = 0;
  let isClosed = false;
  const startOne = async () => {
    for (let tries = 1; ; tries += 1) {
      started += 1;
      try {
        return await startGateway(options, started, deaths);
      } catch (error) {
        // Writing its seed times out where the ledger is busy; people would start it again too.
        if (tries === START_TRIES) throw error;
      }
    }
  };
  const gateways: RunningProgram[] = [];
  for (let i = 0; i < GATEWAYS; i += 1) gateways.push(await startOne());
  return {
    deaths,
    get kills() {
      return kills;
    },
    anyUrl: () => gateways[Math.floor(Math.random() * gateways.length)]?.url ?? '',
    async killUntil(signal) {
      while (!signal.aborted && !isClosed) {
        await pause(signal);
        if (signal.aborted || isClosed) return;
        const victim = 1 + Math.floor(Math.random() * (gateways.length - 1));
        await gateways[victim]?.end('SIGKILL');
        kills += 1;
        // It stays in the list until the new one listens: clients meet a closed port meanwhile.
        gateways[victim] = await startOne();
      }
    },
    oldestResidentBytes: async () => gateways[0]?.residentBytes(),
    async close() {
      isClosed = true;
      // The figures are taken: nobody waits for what is in flight.
      await Promise.all(gateways.map((gateway) => gateway.end('SIGKILL')));
    },
  };
}

const pause = (signal: AbortSignal) =>
  sleep(betweenKillsMs(), undefined, { signal }).catch(() => undefined);

async function startGateway(
  { folder, seedFile, bedrockUrl, ledgerUrl }: FleetOptions,
  number: number,
  deaths: string[],
): Promise<RunningProgram> {
  const gateway = await startProgram(
    'bin/local.ts',
    ['--port', '0', '--upstream', bedrockUrl, '--ledger', ledgerUrl, '--seed', seedFile].concat(
      ['--data-dir', path.join(folder, `gateway-${number}`)],
      ['--function-timeout-ms', String(FUNCTION_TIMEOUT_MS)],
      ['--rollover-interval-ms', String(ROLLOVER_INTERVAL_MS)],
    ),
    {
      cwd: folder,
      env: {
        HARDCAP_RESERVATION_MARGIN_MS: String(RESERVATION_MARGIN_MS),
        AWS_REGION: 'us-east-1',
        NODE_OPTIONS: `--max-old-space-size=${HEAP_MEBIBYTES}`,
      },
    },
  );
  gateway.process.once('exit', (code, signal) => {
    if (signal === 'SIGKILL' || signal === 'SIGTERM' || code === 0) return;
    deaths.push(`gateway ${number} ended by itself, with ${signal ?? code}`);
  });
  return gateway;
}

const betweenKillsMs = (): number =>
  KILL_EVERY_MS.least + Math.random() * (KILL_EVERY_MS.most - KILL_EVERY_MS.least);
