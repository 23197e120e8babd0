/**
 * Runs only the simulated Bedrock, for tests of several processes:
 * `node local/simulated-bedrock-main.ts --port 0` prints its URL as its first line.
 */
import { parseArgs } from 'node:util';
import { startSimulatedBedrock } from './simulated-bedrock.ts';

const MAX_PORT = 65_535;

function wholeNumber(name: string, text: string, most: number): number {
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
  throw new RangeError(`--${name} is a whole number from 0 to ${most}, not "${text}"`);
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: '0' },
  },
});

const bedrock = await startSimulatedBedrock({
  port: wholeNumber('port', values.port, MAX_PORT),
  seed: wholeNumber('seed', values.seed, Number.MAX_SAFE_INTEGER),
});
process.stdout.write(`${bedrock.url}\n`);

const stop = (): void => {
  bedrock.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
