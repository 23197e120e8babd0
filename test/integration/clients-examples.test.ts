/**
 * The examples, each as its reader runs it: a process of its own, told by its environment alone.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROGRAM_ENVIRONMENT } from '../helpers/program-environment.ts';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const FOLDER = path.resolve('examples');
const EXAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));

/** How an example ended, and what it wrote. */
interface Ended {
  readonly code: number | null;
  readonly output: string;
}

let running: RunningGateway;
let ended: ReadonlyMap<string, Ended>;
const nameOf = (example: string, key: string) => `${example} ${key}`;

function run(example: string, key: string): Promise<Ended> {
  const { url } = running;
  const child = spawn(process.execPath, [path.join(FOLDER, example)], {
    env: {
      ...PROGRAM_ENVIRONMENT,
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url,
      AWS_BEARER_TOKEN_BEDROCK: key,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      ANTHROPIC_BEDROCK_BASE_URL: url,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: key,
      OPENAI_BASE_URL: `${url}/openai/v1`,
      OPENAI_API_KEY: key,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const AT_ONCE = 4;

beforeAll(async () => {
  running = await startRunningGateway({ env: { HARDCAP_OVER_CAP_STATUS: '402' } });
  const good = await running.key('good');
  await running.cap('good-cap', { keys: ['good'], limitUsd: 10 });
  const full = await running.key('full');
  await running.cap('full-cap', { keys: ['full'], limitUsd: 0 });
  const waiting = EXAMPLES.flatMap((example) => [
    [nameOf(example, 'good'), example, good] as const,
    [nameOf(example, 'full'), example, full] as const,
  ]);
  const done = new Map<string, Ended>();
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [name, example, key] = next;
      done.set(name, await run(example, key));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  ended = done;
});
afterAll(() => running.close());

describe.each(EXAMPLES)('examples/%s', (example) => {
  it('prints what the model said', () => {
    expect(ended.get(nameOf(example, 'good'))).toEqual({
      code: 0,
      output: expect.stringContaining('the cap holds'),
    });
  });

  it('fails at a full cap, and names it', () => {
    expect(ended.get(nameOf(example, 'full'))).toEqual({
      code: 1,
      output: expect.stringMatching(/cap \\?"full-cap\\?"/),
    });
  });
});
