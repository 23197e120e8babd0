/**
 * What `npm start` says when it cannot start: what is wrong, where, and what to do.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSeed } from '../../local/seed.ts';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';
import { newKey } from '../helpers/running-gateway.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let programs: RunningProgram[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.end('SIGKILL')));
  programs = [];
  await folder.remove();
});

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const program = await startProgram('bin/local.ts', args, { cwd: folder.path, env });
  programs.push(program);
  return program;
}

/** What it said when it ended; fails where it started after all. */
async function complaint(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const ended: unknown = await start(['--port', '0', ...args], env).catch(
    (error: unknown) => error,
  );
  if (!(ended instanceof Error)) throw new Error('it started');
  expect(ended.message).toContain('ended with 1');
  expect(ended.message).not.toMatch(/\n\s+at /);
  return ended.message;
}

const seedFile = async (text: string): Promise<string> => {
  const file = path.join(folder.path, 'seed.json');
  await writeFile(file, text);
  return file;
};

describe('options that cannot be read', () => {
  it.each([
    [['--port', 'eighty'], /'eighty' is invalid\. .* whole number from 0 to 65535/],
    [['--port', '65536'], /'65536' is invalid\. .* whole number from 0 to 65535/],
    [['--port', '0x10'], /'0x10' is invalid/],
    [['--port', '-1'], /'-1' is invalid/],
    [['--function-timeout-ms', '0'], /'--function-timeout-ms .* from 1 to 900000/],
    [['--rollover-interval-ms', 'soon'], /'--rollover-interval-ms .* from 1 to 86400000/],
    [['--upstream', 'nowhere'], /--upstream: "nowhere" is not simulated, aws, or a URL/],
    [['--upstream', 'localhost:9000'], /--upstream: "localhost:9000" is not/],
    [['--ledger', 'ftp://x'], /--ledger: "ftp:\/\/x" is not embedded, aws, or a URL/],
    [['--data-dir', ''], /'--data-dir <dir>'.* is invalid\. It is empty/],
    [['8787'], /too many arguments/],
    [['--prot', '1'], /unknown option '--prot'.*\n?.*--port/],
  ])('ends with what is wrong for %j', async (args, message) => {
    expect(await complaint(args)).toMatch(message);
  });

  it('names the environment variable that a value came from', async () => {
    const message = await complaint([], { HARDCAP_ROLLOVER_INTERVAL_MS: '1.5' });

    expect(message).toMatch(/'1\.5' from env 'HARDCAP_ROLLOVER_INTERVAL_MS' is invalid/);
  });
});

describe('a seed that cannot be read', () => {
  const secret = newKey('other');

  it.each([
    ['{', /seed\.json is not JSON: /],
    ['[]', /seed\.json: must be an object of keys, caps, prices/],
    ['{"cap":[]}', /seed\.json: "cap" is not one of keys, caps, prices/],
    ['{"caps":{}}', /seed\.json: caps must be a list/],
    ['{"caps":["team"]}', /seed\.json: caps\[0\] must be an object with an id/],
    ['{"caps":[{"limitUsd":1}]}', /seed\.json: caps\[0\]\.id must be text/],
    [
      '{"caps":[{"id":"a","limitUsd":1,"window":"daily"},{"id":"b","limitUsd":"ten"}]}',
      /seed\.json: CAP "b": limitUsd must be dollars/,
    ],
    ['{"caps":[{"id":"a b","limitUsd":1,"window":"daily"}]}', /CAP "a b": id must be the cap id/],
    [
      '{"caps":[{"id":"a","limitUsd":1,"window":"daily"},{"id":"a","limitUsd":2,"window":"daily"}]}',
      /seed\.json: CAP "a" is there twice/,
    ],
    ['{"keys":[{"id":"a"}]}', /seed\.json: KEY "a": secret is missing; it is the whole key/],
    ['{"keys":[{"id":"a","secret":"x"}]}', /seed\.json: KEY "a": secret is not such a key/],
    [`{"keys":[{"id":"a","secret":"${secret}"}]}`, /KEY "a": secret is not such a key/],
    ['{"prices":[{"id":"m","inputUsdPerMillion":1}]}', /PRICE "m": outputUsdPerMillion/],
  ])('names the file and what is at fault in %s', async (text, message) => {
    const fault: unknown = await readSeed(await seedFile(text)).catch((error: unknown) => error);

    expect(String(fault)).toMatch(message);
    expect(String(fault)).not.toContain(secret);
  });

  it('ends the start with that, before anything else is tried', async () => {
    const seed = await seedFile('{"caps":[{"limitUsd":1}]}');

    const said = await complaint(['--seed', seed, '--ledger', 'http://127.0.0.1:1']);

    expect(said).toMatch(/hardcap: .*seed\.json: caps\[0\]\.id must be text\n$/);
  });

  it('is named where there is no such file, or it is none', async () => {
    expect(await complaint(['--seed', 'missing.json'])).toContain(
      `there is no file ${path.join(folder.path, 'missing.json')}`,
    );
    expect(await complaint(['--seed', '.'])).toMatch(/the seed \. cannot be read: .*EISDIR/);
  });
});

describe('what cannot be had', () => {
  it('names the port that another program uses, and the way out', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const said = await complaint(['--port', String(port)]);

      expect(said).toContain(`port ${port} of 127.0.0.1 is in use`);
      expect(said).toContain('--port 0');
    } finally {
      other.close();
    }
  });

  it('names a data folder that cannot be made', async () => {
    const file = await seedFile('{}');

    expect(await complaint(['--data-dir', file])).toMatch(/the data folder .* cannot be made/);
  });

  it.runIf(process.platform === 'linux')(
    'names a data folder on a file system where none can be made, at once',
    async () => {
      expect(await complaint(['--data-dir', '/proc/hardcap/data'])).toMatch(
        /the data folder \/proc\/hardcap\/data\/dynamodb cannot be made: .*ENOENT/,
      );
    },
  );

  it('names a ledger that nobody serves, or that speaks something else', async () => {
    const web = createServer((_, response) => response.end('<html>'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    try {
      const garbage = await complaint(['--ledger', url]);
      expect(garbage).toContain(`--ledger ${url}: what answers there does not speak`);
    } finally {
      web.close();
      web.closeAllConnections();
    }

    const nobody = await complaint(['--ledger', url.replace('127.0.0.1', 'localhost')]);
    expect(nobody).toMatch(/--ledger http:\/\/localhost:\d+: no DynamoDB answers there \(.+\)/);
  });

  it('starts without a state file where none can be written, and says so', async () => {
    await writeFile(path.join(folder.path, '.hardcap'), 'a file where the folder should be');

    const program = await start(['--port', '0']);

    await expect.poll(() => program.output()).toMatch(/hardcap -- status --endpoint http/);
  });

  it('leaves no state file behind when it could not start', async () => {
    const data = path.join(folder.path, 'data');
    await mkdir(path.join(data, 'demo-key'), { recursive: true });

    expect(await complaint(['--data-dir', data])).toContain('EISDIR');
    expect(await readdir(data)).not.toContain('local.json');
  });
});
