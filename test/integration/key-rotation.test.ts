/**
 * A rotated key at a running gateway: which of its secrets open the door, and until when.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rotateKey } from '../../bin/commands/key-rotate.ts';
import { setKey, switchKey } from '../../bin/commands/key-set.ts';
import type { Session } from '../../bin/commands/session.ts';
import { findItem } from '../../bin/commands/settings-store.ts';
import { hashKey } from '../../lambda/domain/caller-key.ts';
import { openTestSession, type TestSession } from '../helpers/cli-session.ts';
import { converse, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const HOUR_MS = 3_600_000;

let running: RunningGateway;
const opened: TestSession[] = [];

beforeAll(async () => {
  running = await startRunningGateway();
  await running.cap('all');
});
afterAll(async () => {
  for (const session of opened) session.close();
  await running.close();
});

async function session(rest: Partial<Pick<Session, 'nowMs' | 'isSure'>> = {}) {
  const { dynamoEndpoint: endpoint = '', settingsTable, ledgerTable } = running.gateway;
  const made = await openTestSession({ endpoint, settingsTable, ledgerTable }, rest);
  opened.push(made);
  return made;
}

/** Rotates by the command, and gives the new key. */
async function rotate(id: string, overlapMs: number, rest: Parameters<typeof session>[0] = {}) {
  const rotating = await session(rest);
  await rotateKey(rotating, id, { overlapMs });
  return String(rotating.json().key);
}

async function statuses(...keys: string[]): Promise<number[]> {
  const answers = keys.map(async (key) => {
    const response = await converse(running.url, key, '[[output=1]]');
    await response.arrayBuffer();
    return response.status;
  });
  return Promise.all(answers);
}

it('lets both secrets in until the overlap ends, and then the new one alone', async () => {
  const old = await running.key('overlap');
  const second = await rotate('overlap', HOUR_MS);
  expect(await statuses(old, second)).toEqual([200, 200]);

  // The overlap of this rotation ended an hour ago.
  const third = await rotate('overlap', HOUR_MS, { nowMs: Date.now() - 2 * HOUR_MS });
  expect(await statuses(old, second, third)).toEqual([401, 401, 200]);
  const refusal = await converse(running.url, second, 'hello');
  expect(await refusal.text()).toContain('has a new secret, and this old one no longer works');
});

it('forgets the first secret where a key is rotated twice within the overlap', async () => {
  const first = await running.key('twice');
  const second = await rotate('twice', HOUR_MS);
  await expect(rotate('twice', HOUR_MS, { isSure: false })).rejects.toThrow(
    /was rotated already: .* --yes/,
  );
  const third = await rotate('twice', HOUR_MS);

  expect(await statuses(first, second, third)).toEqual([401, 200, 200]);
});

it('ends the old secret at once where there is no overlap, which is asked about', async () => {
  const old = await running.key('leaked');
  await expect(rotate('leaked', 0, { isSure: false })).rejects.toThrow(/stops working at once/);
  expect(await statuses(old)).toEqual([200]);

  const fresh = await rotate('leaked', 0);
  expect(await statuses(old, fresh)).toEqual([401, 200]);
});

it('stops both secrets of a key that is disabled, and an overlap that is cleared', async () => {
  const old = await running.key('stopped');
  const fresh = await rotate('stopped', HOUR_MS);
  await switchKey(await session(), 'stopped', false);
  expect(await statuses(old, fresh)).toEqual([401, 401]);

  await switchKey(await session(), 'stopped', true);
  await setKey(await session(), 'stopped', { clear: ['previousSha256', 'previousUntil'] });
  expect(await statuses(old, fresh)).toEqual([401, 200]);
});

it('leaves neither secret nor hash in the history', async () => {
  const old = await running.key('written');
  const fresh = await rotate('written', HOUR_MS);
  const item = await findItem((await session()).connection, 'KEY', 'written');

  const history = JSON.stringify(item?.history);
  expect(history).toContain('"previousSha256":"(hidden)"');
  for (const key of [old, fresh]) {
    expect(history).not.toContain(key.slice(-52));
    expect(history).not.toContain(hashKey(key));
  }
});

it('refuses both secrets where the end of the overlap cannot be read', async () => {
  const old = await running.key('torn');
  const fresh = await rotate('torn', HOUR_MS);
  await expect(setKey(await session(), 'torn', { clear: ['previousUntil'] })).rejects.toThrow(
    /go together/,
  );
  expect(await statuses(old, fresh)).toEqual([200, 200]);

  const item = await findItem((await session()).connection, 'KEY', 'torn');
  await running.put('KEY', 'torn', { ...item, previousUntil: 'soon' });
  expect(await statuses(old, fresh)).toEqual([503, 503]);
});
