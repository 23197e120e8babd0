/**
 * The file by which the command line finds a local gateway: whose it is, and who may touch it.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayState, publishState, withdrawState } from '../../local/state-file.ts';
import { temporaryFolder } from '../helpers/processes.ts';

/** A process that runs as long as the test does, and is not this gateway. */
const OTHER_PID = process.ppid;
/** Above what Linux gives out. */
const GONE_PID = 2 ** 30;
const NOBODY_URL = 'http://127.0.0.1:1';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: Server;
let url: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterEach(async () => {
  server.close();
  await folder.remove();
});

const state = (pid: number, gatewayUrl = url): GatewayState => ({
  endpoint: 'http://127.0.0.1:2',
  settingsTable: 'settings',
  ledgerTable: 'ledger',
  url: gatewayUrl,
  pid,
});
const file = () => path.join(folder.path, 'local.json');
const written = async (): Promise<unknown> => JSON.parse(await readFile(file(), 'utf8'));

describe('publishing', () => {
  it('makes the folder and leaves the whole file in it, and nothing else', async () => {
    const dir = path.join(folder.path, 'a', 'b');

    expect(await publishState(dir, state(1))).toBeUndefined();

    expect(await readdir(dir)).toEqual(['local.json']);
    expect(JSON.parse(await readFile(path.join(dir, 'local.json'), 'utf8'))).toEqual(state(1));
  });

  it('leaves the file of another gateway that runs, and says whose it is', async () => {
    await publishState(folder.path, state(OTHER_PID));

    const problem = await publishState(folder.path, state(process.pid));

    expect(problem).toContain(`another gateway, process ${OTHER_PID} at ${url}`);
    expect(await written()).toEqual(state(OTHER_PID));
  });

  it.each([
    ['whose process is gone', () => state(GONE_PID)],
    ['whose process id another program has now', () => state(OTHER_PID, NOBODY_URL)],
    ['of its own', () => state(process.pid)],
  ])('writes over a file %s', async (_, before) => {
    await publishState(folder.path, before());

    const mine = { ...state(process.pid), ledgerTable: 'mine' };

    expect(await publishState(folder.path, mine)).toBeUndefined();
    expect(await written()).toEqual(mine);
  });

  it('writes over what no gateway has written', async () => {
    await writeFile(file(), '{"pid":');

    expect(await publishState(folder.path, state(process.pid))).toBeUndefined();
    expect(await written()).toEqual(state(process.pid));
  });

  it('says so where it cannot be written', async () => {
    await mkdir(file());

    expect(await publishState(folder.path, state(1))).toMatch(/local\.json cannot be written: /);
  });
});

describe('withdrawing', () => {
  it('removes its own file only', async () => {
    await publishState(folder.path, state(OTHER_PID));

    await withdrawState(folder.path, process.pid);
    expect(await written()).toEqual(state(OTHER_PID));

    await withdrawState(folder.path, OTHER_PID);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is content where there is none', async () => {
    await expect(withdrawState(folder.path, process.pid)).resolves.toBeUndefined();
  });
});
