/**
 * `npm run simulate -- --seeds N --from S`: a campaign of schedules, and what it met.
 */
import { parseArgs } from 'node:util';
import { runSchedule } from './run-schedule.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
});

const from = Number(values.from);
const seeds = Number(values.seeds);
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(seeds) || seeds < 1) {
  process.stderr.write('simulate: --from and --seeds are whole numbers, --seeds at least 1\n');
  process.exit(2);
}

const PROGRESS_EVERY = 10_000;

function add(totals: Map<string, number>, more: Iterable<readonly [string, number]>): void {
  for (const [name, count] of more) totals.set(name, (totals.get(name) ?? 0) + count);
}

const totals = new Map<string, number>();
const startedMs = performance.now();
for (let seed = from; seed < from + seeds; seed += 1) {
  const trace: string[] | undefined = values.trace ? [] : undefined;
  try {
    const { events, faults, counts, outcomes } = await runSchedule(seed, trace);
    add(totals, [['events', events]]);
    add(totals, faults);
    add(
      totals,
      Object.entries(counts).map(([name, count]) => [`ledger:${name}`, count]),
    );
    add(
      totals,
      [...outcomes].map(([name, count]) => [`request:${name}`, count] as const),
    );
  } catch (error) {
    process.stdout.write(`${trace?.join('\n') ?? ''}\n${String(error)}\n`);
    process.stdout.write(`replay: npm run simulate -- --from ${seed} --seeds 1 --trace\n`);
    process.exit(1);
  }
  const done = seed - from + 1;
  if (done % PROGRESS_EVERY === 0) process.stderr.write(`${done} of ${seeds}\n`);
}
const seconds = (performance.now() - startedMs) / 1000;
for (const name of [...totals.keys()].sort()) {
  process.stdout.write(`${name.padEnd(32)} ${totals.get(name)}\n`);
}
process.stdout.write(
  `${seeds} schedules from seed ${from}, no violation, ${seconds.toFixed(1)} s\n`,
);
