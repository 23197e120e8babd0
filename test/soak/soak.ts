/**
 * `npm run soak -- --minutes 10`: gateways on one ledger under load, killed without warning.
 *
 * Invariant: Bedrock's own book stays within every cap, and is covered by what the ledger settled;
 *            what crashed is charged and frees nothing; then each cap can be used up. Any
 *            violation is printed, and the exit code is 1.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';
import {
  type Bill,
  type Counter,
  collectBill,
  faultsOfBills,
  faultsOfLedger,
  type LedgerBooks,
  newBill,
  openLedgerBooks,
  rowsOfCaps,
  shown,
} from './books.ts';
import { askUntil, Tally } from './clients.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { faultsOfMemory, type MemorySample, watchMemory } from './memory.ts';
import { keyOf, PHASE_MS, QUIET_WITHIN_MS, STALE_MS, seedOf } from './plan.ts';
import { type UsedUp, useUp } from './use-up.ts';

const LEDGER_TABLE = 'hardcap-ledger';
/** Longer than any wait of the simulated Bedrock: what dead gateways asked is in its book then. */
const DRAIN_MS = 1_000;
const LOOK_MS = 1_000;

interface Run {
  readonly phases: number;
  readonly bedrock: RunningProgram;
  readonly books: LedgerBooks;
  readonly fleet: Fleet;
  readonly tally: Tally;
  readonly bills: Bill[];
  readonly faults: string[];
}

/** Without colours: the figures are copied into reports. */
const PLAIN = { head: [], border: [], compact: true };

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 24 * 60)) {
    throw new RangeError(`--minutes is a number above 0, such as 10, not "${values.minutes}"`);
  }
  const phases = Math.max(1, Math.round((minutes * 60_000) / PHASE_MS));
  const folder = await temporaryFolder();
  const closing: (() => Promise<unknown>)[] = [folder.remove];
  const closeAll = async () => {
    for (const close of closing.reverse().splice(0)) await close();
  };
  // Processes that nobody ends would go on for ever.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void closeAll().finally(() => process.exit(1)));
  }
  try {
    const seedFile = path.join(folder.path, 'seed.json');
    await writeFile(seedFile, seedOf(phases));
    const cwd = folder.path;
    const ledger = await startProgram('test/soak/ledger-main.ts', [], { cwd });
    closing.push(() => ledger.end());
    const bedrock = await startProgram('local/simulated-bedrock-main.ts', [], { cwd });
    closing.push(() => bedrock.end());
    const fleet = await startFleet({
      folder: folder.path,
      seedFile,
      bedrockUrl: bedrock.url,
      ledgerUrl: ledger.url,
    });
    closing.push(() => fleet.close());
    const books = openLedgerBooks(ledger.url, LEDGER_TABLE, phases);
    closing.push(async () => books.close());
    const parts = { phases, bedrock, books, fleet };
    await soak({ ...parts, tally: new Tally(), bills: [], faults: [] });
  } finally {
    await closeAll();
  }
}

async function soak(run: Run): Promise<void> {
  const { fleet, books, tally, bills, faults, bedrock } = run;
  const memory = watchMemory(fleet, say);
  for (let phase = 0; phase < run.phases; phase += 1) await runPhase(run, phase);
  memory.stop();
  const afterLoad = await quietCounters(books);
  faults.push(...faultsOfLedger(afterLoad, true), ...faultsOfBills(bills, afterLoad));

  const used = await useUp({ fleet, books, bedrockUrl: bedrock.url, bills });
  const atEnd = await quietCounters(books);
  faults.push(...used.faults, ...faultsOfLedger(atEnd, true), ...faultsOfBills(bills, atEnd));
  faults.push(...tally.faults, ...fleet.deaths, ...faultsOfMemory(memory.samples));
  if (tally.admitted === 0 || tally.refused === 0 || fleet.kills === 0) {
    faults.push('nothing was tried: no request admitted, none refused, or no gateway killed');
  }
  printFigures(run, atEnd, used, memory.samples);
  if (faults.length === 0) return say('no violation');
  for (const fault of faults) say(`VIOLATION ${fault}`);
  process.exitCode = 1;
}

/** The counters once nothing is in flight any more, or as they stand when that took too long. */
async function quietCounters(books: LedgerBooks): Promise<Counter[]> {
  await sleep(STALE_MS);
  const endsAtMs = Date.now() + QUIET_WITHIN_MS;
  for (;;) {
    const counters = await books.counters();
    const isQuiet = counters.every(({ standing }) => standing === 0);
    if (isQuiet || Date.now() >= endsAtMs) return counters;
    await sleep(LOOK_MS);
  }
}

/** One key's load with kills beside it, then Bedrock's book for it. */
async function runPhase(run: Run, phase: number): Promise<void> {
  const { fleet, tally, bedrock } = run;
  const key = keyOf(phase);
  const bill = newBill(phase);
  run.bills.push(bill);
  const kills = new AbortController();
  const killing = fleet.killUntil(kills.signal);
  await askUntil(Date.now() + PHASE_MS, fleet.anyUrl, key, tally);
  kills.abort();
  await killing;
  await sleep(DRAIN_MS);
  await collectBill(bedrock.url, bill);
  const counters = await run.books.counters();
  run.faults.push(...faultsOfLedger(counters, false));
  const billed = shown(bill.haiku + bill.nova);
  say(`${key.keyId}: ${tally.requests} asked, ${fleet.kills} kills so far; ${billed} billed`);
}

function printFigures(
  { tally, fleet, bills }: Run,
  counters: readonly Counter[],
  used: UsedUp,
  samples: readonly MemorySample[],
): void {
  const figures = new Table({ style: PLAIN });
  const statuses = [...tally.statuses].sort(([a], [b]) => a - b);
  figures.push(
    ['requests', tally.requests],
    ['admitted', tally.admitted],
    ['refused by a cap', tally.refused],
    ['lost (no whole answer)', tally.lost],
    ['left by their client', tally.left],
    ['answers by status', statuses.map((pair) => pair.join(': ')).join(', ')],
    ['gateways killed', fleet.kills],
    ['reservations expired', counters.reduce((sum, { expired }) => sum + expired, 0)],
    ['requests that Bedrock billed', bills.reduce((sum, { requests }) => sum + requests, 0)],
    ['requests to use the caps up', used.admitted],
    ['most left under a cap', shown(used.mostUnused)],
    ['MiB of the oldest gateway', samples.map(({ mebibytes }) => mebibytes).join(' ')],
  );
  say(figures.toString());
  const caps = new Table({
    head: ['cap', 'counters', 'limits', 'settled', 'billed'],
    style: PLAIN,
  });
  for (const row of rowsOfCaps(bills, counters)) caps.push(row);
  say(caps.toString());
}

main().catch((error: unknown) => {
  process.stderr.write(`soak: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
