/**
 * `npm run simulate -- --seeds N --from S --workers W`: a campaign of schedules, and what it met.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  CampaignFailure,
  type CampaignPart,
  type Figures,
  runCampaign,
  Tally,
} from './campaign.ts';

type Message =
  | { readonly kind: 'part'; readonly figures: Figures }
  | { readonly kind: 'failed'; readonly message: string; readonly seed: number };

const NAME_WIDTH = 32;
const PROGRESS_MS = 60_000;

function readArguments() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: '1' },
      trace: { type: 'boolean', default: false },
    },
  });
  const [from, seeds, workers] = [values.from, values.seeds, values.workers].map(Number);
  const isCount = (value: number | undefined): value is number =>
    Number.isSafeInteger(value) && (value ?? 0) >= 1;
  if (!Number.isSafeInteger(from) || !isCount(seeds) || !isCount(workers)) {
    process.stderr.write(
      'simulate: --from, --seeds and --workers are whole numbers; the last two at least 1\n',
    );
    process.exit(2);
  }
  return { from: from ?? 1, seeds, workers, trace: values.trace };
}

const startedMs = performance.now();
const tally = new Tally();
const seconds = () => ((performance.now() - startedMs) / 1000).toFixed(1);

async function main(): Promise<void> {
  const { from, seeds, workers, trace } = readArguments();
  const tell = () =>
    process.stderr.write(`${tally.figures.schedules} of ${seeds}, ${seconds()} s\n`);
  const progress = setInterval(tell, PROGRESS_MS).unref();
  // A campaign that is ended early has met something all the same.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(from, 1));
  if (workers === 1) await runHere({ from, seeds, trace });
  else await Promise.all(partsOf(from, seeds, workers).map(runInWorker));
  clearInterval(progress);
  end(from, 0);
}

function end(from: number, exitCode: number): void {
  const { schedules, totals, states } = tally.figures;
  for (const [name, count] of [...totals].sort()) {
    process.stdout.write(`${name.padEnd(NAME_WIDTH)} ${count}\n`);
  }
  process.stdout.write(`${'states'.padEnd(NAME_WIDTH)} ${states.size}\n`);
  const range =
    exitCode === 0 ? `from seed ${from}` : `of a campaign from seed ${from}, ended early`;
  process.stdout.write(`${schedules} schedules ${range}, no violation, ${seconds()} s\n`);
  process.exit(exitCode);
}

function endWith(message: string, seed: number): never {
  process.stdout.write(`${message}\n`);
  process.stdout.write(`replay: npm run simulate -- --from ${seed} --seeds 1 --trace\n`);
  process.exit(1);
}

async function runHere(part: CampaignPart): Promise<void> {
  try {
    for await (const figures of runCampaign(part)) tally.add(figures);
  } catch (error) {
    if (!(error instanceof CampaignFailure)) throw error;
    endWith([...error.trace, error.message].join('\n'), error.seed);
  }
}

/** Ranges of seeds that are disjoint and nearly of one size. */
function partsOf(from: number, seeds: number, workers: number): CampaignPart[] {
  const starts = Array.from({ length: workers + 1 }, (_, index) =>
    Math.floor((seeds * index) / workers),
  );
  return starts
    .slice(0, -1)
    .map((start, index) => ({
      from: from + start,
      seeds: (starts[index + 1] ?? seeds) - start,
      trace: false,
    }))
    .filter((part) => part.seeds > 0);
}

function runInWorker(part: CampaignPart): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: part });
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', () => resolve());
    worker.on('message', (message: Message) => {
      if (message.kind === 'part') tally.add(message.figures);
      else endWith(message.message, message.seed);
    });
  });
}

async function work(part: CampaignPart): Promise<void> {
  const tell = (message: Message) => parentPort?.postMessage(message);
  try {
    for await (const figures of runCampaign(part)) tell({ kind: 'part', figures });
  } catch (error) {
    if (!(error instanceof CampaignFailure)) throw error;
    tell({ kind: 'failed', message: error.message, seed: error.seed });
  }
}

// Hundreds of errors are thrown into the code under test in every schedule, and none is looked at.
Error.stackTraceLimit = 0;
await (isMainThread ? main() : work(workerData as CampaignPart));
