/**
 * Caps by parameters from end to end: files of a folder, the sync, the gateway's answers.
 */
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readParameter } from '../../lambda/adapters/settings/parameter-item.ts';
import { startLocalGateway } from '../../local/local-gateway.ts';
import { createParameterFolder } from '../../local/parameter-folder.ts';
import { temporaryFolder } from '../helpers/processes.ts';
import { converse, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

/** As a parameter changes: at once, and never seen half written. */
async function put(folder: Folder, name: string, text: string): Promise<void> {
  const file = path.join(folder.path, name);
  await writeFile(`${file}~`, text);
  await rename(`${file}~`, file);
}

describe('a gateway with --ssm-dir', () => {
  let folder: Folder;
  let gateway: RunningGateway;
  let key: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    await put(folder, 'staging', '5\n');
    gateway = await startRunningGateway({ ssmDir: folder.path });
    key = await gateway.key('staging');
  });
  afterAll(async () => {
    await gateway.close();
    await folder.remove();
  });

  const ask = () => converse(gateway.url, key, 'Hello');
  /** The first answer of this status; the sync looks every second. */
  async function answerOf(status: number): Promise<string> {
    let text = '';
    await expect
      .poll(
        async () => {
          const answer = await ask();
          text = `${answer.headers.get('x-hardcap-cap')} ${await answer.text()}`;
          return answer.status;
        },
        { timeout: 10_000, interval: 100 },
      )
      .toBe(status);
    return text;
  }

  it('caps a key by a file of its name, from the first request on', async () => {
    const answer = await ask();

    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-hardcap-cap')).toBe('staging');
    expect(answer.headers.get('x-hardcap-remaining-usd')).toMatch(/^4\.99/);
  });

  it('stops the key when the file lowers the limit below what is spent', async () => {
    const before = await gateway.counter('staging');
    await put(folder, 'staging', '0.00001');

    expect(await answerOf(429)).toContain('cap \\"staging\\" has no room');
    // On the same counter: nothing that was spent is forgotten.
    expect(Number((await gateway.counter('staging')).settledUsd)).toBeGreaterThanOrEqual(
      Number(before.settledUsd),
    );
  });

  it('holds the lower of two limits, on the counter of the cap of the table', async () => {
    await gateway.cap('staging', { limitUsd: 100, window: 'daily' });
    await answerOf(429);

    await put(folder, 'staging', '50');
    expect(await answerOf(200)).toContain('staging');
    const { settledUsd } = await gateway.counter('staging');
    expect(Number(settledUsd)).toBeGreaterThan(0);
    await gateway.cap('staging', { limitUsd: 0, window: 'daily' });
    await answerOf(429);
    await gateway.cap('staging', { limitUsd: 100, window: 'daily' });
  });

  it('refuses what a malformed file could cover, naming the file', async () => {
    await put(folder, 'staging', '{"limitUSD": 5, "window": "daily", "keys": ["staging"]}');

    const text = await answerOf(503);

    expect(text).toContain('settings_malformed');
    expect(text).toContain('limitUSD');
    expect(text).toContain(`correct the file ${path.join(folder.path, 'staging')}`);
    const other = await converse(gateway.url, await gateway.key('other'), 'Hello');
    expect(other.status).toBe(200);
  });

  it('forgets the cap when the file is gone', async () => {
    await rm(path.join(folder.path, 'staging'));
    await answerOf(200);
    await gateway.removeCap('staging');

    expect(await answerOf(400)).toContain('no_cap_applies');
  });
});

describe('a folder of parameters', () => {
  let folder: Folder;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const listed = async () => {
    const found = await createParameterFolder(folder.path).readAll(500);
    return found.map(({ name, value, fault }) => `${name}=${value ?? `(${fault})`}`);
  };

  it('is its files, those of its folder caps too, and not what editors leave behind', async () => {
    await mkdir(path.join(folder.path, 'caps/team'), { recursive: true });
    await writeFile(path.join(folder.path, 'staging'), '5');
    await writeFile(path.join(folder.path, 'caps/ci'), '7');
    await writeFile(path.join(folder.path, 'caps/team/red'), '9');
    for (const name of ['.staging.swp', 'staging~', 'caps/.DS_Store']) {
      await writeFile(path.join(folder.path, name), 'x');
    }

    expect(await listed()).toEqual(['ci=7', 'team/red=9', 'staging=5']);
  });

  it('refuses one of two files for the same cap', async () => {
    await mkdir(path.join(folder.path, 'caps'));
    await writeFile(path.join(folder.path, 'staging'), '5');
    await writeFile(path.join(folder.path, 'caps/staging'), '7');

    const found = await createParameterFolder(folder.path).readAll(500);

    expect(found.map(({ name }) => name)).toEqual(['caps/staging', 'staging']);
    expect(found.map((parameter) => readParameter(parameter).kind)).toEqual(['malformed', 'limit']);
  });

  it('holds what cannot be read as such: a large file, a loop, a file of others', async () => {
    await writeFile(path.join(folder.path, 'large'), '5'.repeat(8_193));
    await symlink('loop', path.join(folder.path, 'loop'));
    await writeFile(path.join(folder.path, 'others'), '5');
    await chmod(path.join(folder.path, 'others'), 0);

    const [large, loop, others] = await listed();

    expect(large).toContain('is larger than 8192 bytes');
    expect(loop).toContain('cannot be read (ELOOP)');
    // Whoever is root reads it all the same.
    expect(others).toMatch(/cannot be read \(EACCES\)|others=5/);
  });

  it('fails as a whole when it is gone', async () => {
    await expect(
      createParameterFolder(path.join(folder.path, 'none')).readAll(500),
    ).rejects.toThrow('ENOENT');
  });

  it.each([
    ['that is not there', 'embedded', /--ssm-dir: there is no folder .*missing; make it/],
    ['beside the tables of a deployed stack', 'aws', /--ssm-dir does not go with --ledger aws/],
  ])('%s starts no gateway', async (_what, ledger, complaint) => {
    const ssmDir = path.join(folder.path, 'missing');
    const options = { port: 0, upstream: 'simulated', ledger, ssmDir };

    await expect(startLocalGateway({ ...options, env: {} })).rejects.toThrow(complaint);
  });
});
