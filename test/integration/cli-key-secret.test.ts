/**
 * `hardcap key create --secret-name`, on a DynamoDB and a Secrets Manager of the test, once as the
 * real process. The order of the writes is what is tested: whatever fails, no key that works is
 * unknown to all, and no secret is of a key that does not exist.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../bin/commands/connection.ts';
import { exitCodeOf, explain } from '../../bin/commands/failure.ts';
import { createKey } from '../../bin/commands/key-create.ts';
import { secretNameValue } from '../../bin/commands/option-values.ts';
import { hashKey, keyIdOf } from '../../lambda/domain/caller-key.ts';
import {
  type FakeSecretsManager,
  secretArn,
  startFakeSecretsManager,
} from '../helpers/fake-secrets-manager.ts';
import { type CommandLine, startCommandLine } from './cli-process.ts';

const NAME = 'prod/app/hardcap';
const OWN_TAGS = [{ Key: 'hardcap', Value: 'key' }];
const DENIED = {
  status: 400,
  type: 'AccessDeniedException',
  message: 'User: arn:aws:iam::000000000000:user/me is not authorized',
} as const;
const BROKEN = { status: 500, type: 'InternalServiceError', message: 'An error.' } as const;

let cli: CommandLine;
let manager: FakeSecretsManager;

beforeAll(async () => {
  cli = await startCommandLine();
});
beforeEach(async () => {
  manager = await startFakeSecretsManager();
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', manager.url);
  await cli.renew();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await manager.close();
});
afterAll(() => cli.close());

/** The command in this process: what it would print, and how it would end. */
async function create(options: { readonly daily?: NumberValue } = {}) {
  const connection = await connect({
    dataDir: cli.workDir,
    endpoint: cli.dynamodbUrl,
    ...cli.tables(),
  });
  let stdout = '';
  let json: unknown;
  const output = {
    result: (value: unknown, text: () => string) => {
      json = value;
      stdout += text();
    },
    notice: () => undefined,
  };
  const session = {
    connection,
    output,
    nowMs: Date.now(),
    author: async () => 'tester',
    isSure: true,
  };
  try {
    await createKey(session, 'alice', { ...options, secretName: NAME });
    return { code: 0, stdout, stderr: '', json };
  } catch (error) {
    return { code: exitCodeOf(error), stdout, stderr: explain(error), json };
  } finally {
    connection.client.destroy();
  }
}

const DAILY = { daily: NumberValue.from('5') };

const keyItem = async () => (await cli.readItems()).find(({ pk }) => pk === 'KEY');
const capItem = async () => (await cli.readItems()).find(({ pk }) => pk === 'CAP');
const kept = () => manager.secrets.get(NAME)?.values ?? [];

describe('a key that goes to Secrets Manager', () => {
  it('is the whole value of a new secret, and is printed nowhere', async () => {
    const args = ['key', 'create', 'alice', '--daily', '5', '--secret-name', NAME];
    const { code, stdout, stderr } = await cli.runBare([...args, ...cli.tableOptions()], {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url,
    });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [key = ''] = kept();
    expect(keyIdOf(key)).toBe('alice');
    expect(await keyItem()).toMatchObject({ secretSha256: hashKey(key), enabled: true });
    expect(await capItem()).toMatchObject({ sk: 'key-alice-daily' });
    expect(stdout).not.toContain('hc_');
    expect(stdout).toContain(`"valueFrom": "${secretArn(NAME)}"`);
    expect(stdout).toContain(`--secret-id ${NAME} --query SecretString --output text`);
    expect(manager.secrets.get(NAME)?.tags).toEqual(OWN_TAGS);
  });

  it('is told to programs without the key', async () => {
    const { json } = await create(DAILY);

    expect(json).toEqual({
      id: 'alice',
      secretName: NAME,
      secretArn: secretArn(NAME),
      caps: [{ capId: 'key-alice-daily', window: 'daily', limitUsd: '5' }],
    });
  });

  it('is a new version of a secret that holds a key', async () => {
    manager.secrets.set(NAME, { values: ['hc_old'], tags: OWN_TAGS });
    const { code, stdout } = await create();

    expect(code).toBe(0);
    expect(kept()).toHaveLength(2);
    expect(await keyItem()).toMatchObject({ secretSha256: hashKey(kept()[1] ?? '') });
    expect(stdout).toContain('AWSPREVIOUS');
  });

  it('is the first version of a secret that was made empty, with a KMS key of its own', async () => {
    manager.secrets.set(NAME, { values: [], tags: [] });

    expect((await create()).code).toBe(0);
    expect(kept()).toHaveLength(1);
  });

  it('works from when its secret is written, and not before', async () => {
    const seen: unknown[] = [];
    manager.onOperation = async (operation) => {
      seen.push([operation, (await keyItem())?.enabled]);
    };
    await create();

    expect(seen).toEqual([
      ['DescribeSecret', undefined],
      ['CreateSecret', false],
    ]);
    expect(await keyItem()).toMatchObject({ enabled: true });
  });
});

describe('no key and no cap are made', () => {
  it('where the secret holds something else, which is not written over', async () => {
    manager.secrets.set(NAME, { values: ['password'], tags: [] });
    const { code, stderr } = await create(DAILY);

    expect(code).toBe(1);
    expect(stderr).toContain('tag-resource --secret-id prod/app/hardcap --tags Key=hardcap');
    expect(kept()).toEqual(['password']);
    expect(await cli.readItems()).toEqual([]);
  });

  it('where the secret is marked for deletion', async () => {
    manager.secrets.set(NAME, { values: ['hc_old'], tags: OWN_TAGS, isDeleted: true });
    const { code, stderr } = await create(DAILY);

    expect(code).toBe(1);
    expect(stderr).toContain('restore-secret --secret-id prod/app/hardcap');
    expect(await cli.readItems()).toEqual([]);
  });

  it.each([
    ['DescribeSecret', 'secretsmanager:DescribeSecret'],
    ['CreateSecret', 'secretsmanager:CreateSecret and secretsmanager:TagResource'],
  ])('where %s is denied, and the action is named', async (operation, action) => {
    manager.faults.set(operation, DENIED);
    const { code, stderr } = await create(DAILY);

    expect(code).toBe(1);
    expect(stderr).toContain(`need ${action} on it`);
    expect(stderr).toContain('not authorized');
    expect(await cli.readItems()).toEqual([]);
    expect(kept()).toEqual([]);
  });

  it('where a new version is denied: the secret stays as it was', async () => {
    manager.secrets.set(NAME, { values: ['hc_old'], tags: OWN_TAGS });
    manager.faults.set('PutSecretValue', DENIED);
    const { code, stderr } = await create(DAILY);

    expect(code).toBe(1);
    expect(stderr).toContain('need secretsmanager:PutSecretValue on it');
    expect(await cli.readItems()).toEqual([]);
    expect(kept()).toEqual(['hc_old']);
  });

  it('where the name cannot be one', () => {
    expect(() => secretNameValue('prod/app hardcap')).toThrow('The name of a secret');
    expect(secretNameValue(NAME)).toBe(NAME);
  });

  it('where the tables are on this machine and no Secrets Manager is', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', undefined);
    const { code, stderr } = await create(DAILY);

    expect(code).toBe(2);
    expect(stderr).toContain('without a Secrets Manager');
    expect(await cli.readItems()).toEqual([]);
  });
});

describe('a key whose secret may or may not have been written', () => {
  it.each([
    ['an answer that is lost', 'answer-lost' as const],
    ['an error of the service', BROKEN],
  ])('stays, disabled, after %s', async (_name, fault) => {
    manager.faults.set('CreateSecret', fault);
    const { code, stderr } = await create();

    expect(code).toBe(1);
    expect(stderr).toContain('hardcap key enable alice');
    expect(await keyItem()).toMatchObject({ enabled: false });
  });

  it('leaves a secret of a key that is there', async () => {
    manager.faults.set('CreateSecret', 'answer-lost');
    await create();

    expect(await keyItem()).toMatchObject({ secretSha256: hashKey(kept()[0] ?? '') });
  });
});

it('is not called made where its item was removed meanwhile', async () => {
  manager.onOperation = async (operation) => {
    if (operation === 'CreateSecret') await cli.removeKey('alice');
  };
  const { code, stderr } = await create();

  expect(code).toBe(1);
  expect(stderr).toContain('the item of the key alice was removed');
});

it('stays in its secret where it cannot be enabled, and how to is said', async () => {
  const { settingsTable } = cli.tables();
  manager.onOperation = async (operation) => {
    if (operation === 'CreateSecret') await cli.removeTable(settingsTable);
  };
  const { code, stderr } = await create();

  expect(code).toBe(1);
  expect(stderr).toContain('hardcap key enable alice');
  expect(kept()).toHaveLength(1);
});

it('is never a second key of one id', async () => {
  await create();
  const { code, stderr } = await create();

  expect(code).toBe(1);
  expect(stderr).toContain('there is a key "alice" already');
  expect(kept()).toHaveLength(1);
});
