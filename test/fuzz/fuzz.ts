/**
 * `npm run fuzz -- --bodies N --seed S`: nearly right bodies, each refused by a known code or sent
 * so that three parsers read what was priced.
 */
import { parseArgs } from 'node:util';
import { faultsOf, send } from '../helpers/forwarded-body.ts';
import { fuzzBody } from './fuzz-bodies.ts';

const { values } = parseArgs({
  options: {
    bodies: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
});
const bodies = Number(values.bodies);
const seed = Number(values.seed);
const from = Number(values.from);
if (![bodies, seed, from].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  process.stderr.write('fuzz: --bodies, --seed and --from are whole numbers, not negative\n');
  process.exit(2);
}

const PROGRESS_EVERY = 100_000;
const counts = new Map<string, number>();
const startedMs = performance.now();

/** What is wrong with body `n`; throws nothing. */
function faultsOfBody(n: number): readonly string[] {
  const { bytes, request } = fuzzBody(seed, n);
  try {
    const outcome = send(bytes, request);
    const name = `${request.model.family}, ${outcome.kind === 'sent' ? 'sent' : outcome.code}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return faultsOf(outcome, request);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

for (let n = from; n < from + bodies; n += 1) {
  const faults = faultsOfBody(n);
  if (faults.length > 0) {
    const { bytes, request } = fuzzBody(seed, n);
    const text = Buffer.from(bytes).toString();
    process.stdout.write(
      `${request.operation} ${request.model.modelId}\n${text}\n${faults.join('\n')}\n` +
        `replay: npm run fuzz -- --seed ${seed} --from ${n} --bodies 1\n`,
    );
    process.exit(1);
  }
  if ((n - from + 1) % PROGRESS_EVERY === 0) process.stderr.write(`${n - from + 1} of ${bodies}\n`);
}
const seconds = (performance.now() - startedMs) / 1000;
for (const name of [...counts.keys()].sort()) {
  process.stdout.write(`${name.padEnd(40)} ${counts.get(name)}\n`);
}
process.stdout.write(`${bodies} bodies of seed ${seed}, no fault, ${seconds.toFixed(1)} s\n`);
