/**
 * Parameter Store as a list of parameters: pages, what is never decrypted, and how listing fails.
 */
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, test } from 'vitest';
import { createSsmParameters } from '../../lambda/adapters/parameters/ssm-parameters.ts';

const client = new SSMClient({
  region: 'us-east-1',
  credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
});
const ssm = mockClient(client);
const list = createSsmParameters({ client, prefix: '/hardcap' });

beforeEach(() => {
  ssm.reset();
});

const parameter = (name: string, Value = '5', Type: 'String' | 'SecureString' = 'String') => ({
  Name: `/hardcap/caps/${name}`,
  Type,
  Value,
});

test('lists every page, of all levels, ten at a time', async () => {
  const inputs: unknown[] = [];
  const pages = [
    { Parameters: [parameter('a')], NextToken: 'more' },
    // A page may be empty without being the last.
    { Parameters: [], NextToken: 'still more' },
    { Parameters: [parameter('team/red', '7')] },
  ];
  ssm.on(GetParametersByPathCommand).callsFake((input) => {
    // The SDK's paginator goes on with the same object.
    inputs.push({ ...input });
    return pages[inputs.length - 1];
  });

  const found = await list.readAll(500);

  expect(found).toEqual([
    { name: 'a', source: 'parameter /hardcap/caps/a', type: 'String', value: '5' },
    { name: 'team/red', source: 'parameter /hardcap/caps/team/red', type: 'String', value: '7' },
  ]);
  expect(inputs).toMatchObject([
    { Path: '/hardcap/caps', Recursive: true, WithDecryption: false, MaxResults: 10 },
    { NextToken: 'more' },
    { NextToken: 'still more' },
  ]);
});

test('gives no value of a secure parameter, not even the encrypted one', async () => {
  ssm
    .on(GetParametersByPathCommand)
    .resolves({ Parameters: [parameter('a', 'AQICAHh...', 'SecureString')] });

  expect(await list.readAll(500)).toEqual([
    { name: 'a', source: 'parameter /hardcap/caps/a', type: 'SecureString' },
  ]);
});

test('stops soon after more than it was asked for, however many there are', async () => {
  let pages = 0;
  ssm.on(GetParametersByPathCommand).callsFake(() => {
    pages += 1;
    const Parameters = Array.from({ length: 10 }, (_, at) => parameter(`p${pages}-${at}`));
    return { Parameters, NextToken: `page ${pages}` };
  });

  expect((await list.readAll(25)).length).toBe(30);
  expect(pages).toBe(3);
});

test('fails where a page fails, and gives no part of the list', async () => {
  ssm
    .on(GetParametersByPathCommand)
    .resolvesOnce({ Parameters: [parameter('a')], NextToken: 'more' })
    .rejects(new Error('ThrottlingException'));

  await expect(list.readAll(500)).rejects.toThrow('ThrottlingException');
});

test('fails where SSM gives what was not asked for', async () => {
  ssm
    .on(GetParametersByPathCommand)
    .resolves({ Parameters: [{ Name: '/other/caps/a', Type: 'String', Value: '5' }] });

  await expect(list.readAll(500)).rejects.toThrow('not under /hardcap/caps');
});
