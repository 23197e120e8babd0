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
  sumOf,
} from './campaign.ts';

type Message =
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'failed'; readonly message: string; readonly seed: number }
  | { readonly kind: 'done'; readonly figures: Figures };

const NAME_WIDTH = 32;
const replay = (seed: number) => `replay: npm run simulate -- --from ${seed} --seeds 1 --trace\n`;

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

async function main(): Promise<void> {
  const { from, seeds, workers, trace } = readArguments();
  const startedMs = performance.now();
  const figures =
    workers === 1
      ? await runHere({ from, seeds, trace })
      : sumOf(await Promise.all(partsOf(from, seeds, workers).map(runInWorker)));
  for (const [name, count] of [...figures.totals].sort()) {
    process.stdout.write(`${name.padEnd(NAME_WIDTH)} ${count}\n`);
  }
  process.stdout.write(`${'states'.padEnd(NAME_WIDTH)} ${figures.states.size}\n`);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${seeds} schedules from seed ${from}, no violation, ${seconds} s\n`);
}

async function runHere(part: CampaignPart): Promise<Figures> {
  try {
    return await runCampaign(part, (done) =>
      process.stderr.write(`${done} of ${part.seeds} from seed ${part.from}\n`),
    );
  } catch (error) {
    if (!(error instanceof CampaignFailure)) throw error;
    process.stdout.write(`${error.trace.join('\n')}\n${error.message}\n${replay(error.seed)}`);
    process.exit(1);
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

function runInWorker(part: CampaignPart): Promise<Figures> {
  const worker = new Worker(new URL(import.meta.url), { workerData: part });
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', (message: Message) => {
      if (message.kind === 'done') resolve(message.figures);
      else if (message.kind === 'progress') {
        process.stderr.write(`${message.done} of ${part.seeds} from seed ${part.from}\n`);
      } else {
        process.stdout.write(`${message.message}\n${replay(message.seed)}`);
        process.exit(1);
      }
    });
  });
}

async function work(part: CampaignPart): Promise<void> {
  const tell = (message: Message) => parentPort?.postMessage(message);
  try {
    const figures = await runCampaign(part, (done) => tell({ kind: 'progress', done }));
    tell({ kind: 'done', figures });
  } catch (error) {
    if (!(error instanceof CampaignFailure)) throw error;
    tell({ kind: 'failed', message: error.message, seed: error.seed });
  }
}

// Hundreds of errors are thrown into the code under test in every schedule, and none is looked at.
Error.stackTraceLimit = 0;
await (isMainThread ? main() : work(workerData as CampaignPart));
