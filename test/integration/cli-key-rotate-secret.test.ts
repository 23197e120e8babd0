/**
 * `hardcap key rotate --secret-name`: whatever fails, a program that reads the secret has a key that
 * works, or is told of in time.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { explain } from '../../bin/commands/failure.ts';
import { rotateKey } from '../../bin/commands/key-rotate.ts';
import { hashKey } from '../../lambda/domain/caller-key.ts';
import { openTestSession } from '../helpers/cli-session.ts';
import {
  type FakeSecretsManager,
  startFakeSecretsManager,
} from '../helpers/fake-secrets-manager.ts';
import { newKey } from '../helpers/running-gateway.ts';
import { type CommandLine, startCommandLine } from './cli-process.ts';

const NAME = 'prod/app/hardcap';
const OLD = newKey('ci');
const HOUR_MS = 3_600_000;
const DENIED = { status: 400, type: 'AccessDeniedException', message: 'not authorized' } as const;

let cli: CommandLine;
let manager: FakeSecretsManager;

beforeAll(async () => {
  cli = await startCommandLine();
});
beforeEach(async () => {
  manager = await startFakeSecretsManager();
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', manager.url);
  manager.secrets.set(NAME, { values: [OLD], tags: [{ Key: 'hardcap', Value: 'key' }] });
  await cli.renew();
  await cli.putItem({ pk: 'KEY', sk: 'ci', v: 1, secretSha256: hashKey(OLD) });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await manager.close();
});
afterAll(() => cli.close());

/** The command in this process, and what it would say. */
async function rotate(overlapMs: number): Promise<string> {
  const session = await openTestSession({ endpoint: cli.dynamodbUrl, ...cli.tables() });
  try {
    await rotateKey(session, 'ci', { overlapMs, secretName: NAME });
    return session.printed();
  } catch (error) {
    return explain(error);
  } finally {
    session.close();
  }
}

const newest = () => manager.secrets.get(NAME)?.values.at(-1) ?? '';
const keyItem = async () => (await cli.readItems()).find(({ pk }) => pk === 'KEY') ?? {};

it('puts the new secret where programs read it, prints it nowhere, and keeps the old one', async () => {
  const said = await rotate(HOUR_MS);

  expect(newest()).not.toBe(OLD);
  expect(said).not.toContain('hc_ci');
  expect(await keyItem()).toMatchObject({
    secretSha256: hashKey(newest()),
    previousSha256: hashKey(OLD),
  });
});

it('keeps the old secret until the new one is written, even without an overlap', async () => {
  const seen: unknown[] = [];
  manager.onOperation = async (operation) => {
    if (operation === 'PutSecretValue') seen.push((await keyItem()).previousSha256);
  };
  await rotate(0);

  expect(seen).toEqual([hashKey(OLD)]);
  const item = await keyItem();
  expect(item).toMatchObject({ secretSha256: hashKey(newest()) });
  expect(item.previousSha256 ?? item.previousUntil).toBeUndefined();
});

it('gives the key its old secret back where the new one was surely not written', async () => {
  manager.faults.set('PutSecretValue', DENIED);
  const said = await rotate(HOUR_MS);

  expect(said).toContain('The key ci has its secret as before');
  const item = await keyItem();
  expect(item).toMatchObject({ secretSha256: hashKey(OLD) });
  expect(item.previousSha256 ?? item.previousUntil).toBeUndefined();
});

it('lets both secrets work where nobody knows if it was written, and says until when', async () => {
  manager.faults.set('PutSecretValue', 'answer-lost');
  const said = await rotate(0);

  expect(said).toMatch(/the old one works until \S+Z\. .*rotate the key again before that time/);
  expect(await keyItem()).toMatchObject({
    secretSha256: hashKey(newest()),
    previousSha256: hashKey(OLD),
  });
});
