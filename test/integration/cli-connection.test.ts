/**
 * Which tables the command line works on, and what it says where it finds none.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CommandLine, startCommandLine } from './cli-process.ts';

let cli: CommandLine;

beforeAll(async () => {
  cli = await startCommandLine();
});

beforeEach(() => cli.renew());

afterAll(() => cli.close());

const local = async (dir: string, rest: Readonly<Record<string, unknown>> = {}) => {
  const state = { endpoint: cli.dynamodbUrl, ...cli.tables(), url: 'http://127.0.0.1:1', ...rest };
  await writeFile(path.join(dir, 'local.json'), JSON.stringify(state));
  return ['--data-dir', dir];
};
const NO_AWS = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  // Nothing answers there, so that no test can reach AWS.
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
};

test('works on the local gateway that runs', async () => {
  const dir = await mkdtemp(path.join(cli.workDir, 'data-'));
  const where = await local(dir, { pid: process.pid });

  const { code } = await cli.runBare([
    ...['cap', 'set', 'team', '--limit', '5', '--window', 'daily'],
    ...where,
  ]);

  expect(code).toBe(0);
  expect((await cli.readSettings('alice')).caps).toHaveLength(1);
});

test('refuses to pass over a local gateway that has ended to a deployed stack', async () => {
  const dir = await mkdtemp(path.join(cli.workDir, 'data-'));
  const where = await local(dir, { pid: 2 ** 22 + 1 });

  const { code, stderr } = await cli.runBare(['cap', 'list', ...where], NO_AWS);

  expect(code).toBe(1);
  expect(stderr).toContain('is not running: start it again with npm start, or name the deployed');
});

test('names the file where it is not what a gateway writes', async () => {
  const dir = await mkdtemp(path.join(cli.workDir, 'data-'));
  const where = await local(dir, { pid: 'none' });

  const { code, stderr } = await cli.runBare(['cap', 'list', ...where]);

  expect(code).toBe(1);
  expect(stderr).toContain('local.json is not what a local gateway writes');
});

test('exits with 2 where tables are named by halves', async () => {
  const { code, stderr } = await cli.runBare(['cap', 'list', '--settings-table', 'settings']);

  expect(code).toBe(2);
  expect(stderr).toContain('--ledger-table');
});

test.each([
  ['the stack Hardcap where no local gateway runs', [], 'Hardcap'],
  ['the stack that is named', ['--stack', 'Other'], 'Other'],
])('works on %s', async (_name, args, stack) => {
  const { settingsTable, ledgerTable } = cli.tables();
  const cloudFormation = await startCloudFormation({
    SettingsTableName: settingsTable,
    LedgerTableName: ledgerTable,
  });
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');

  const { code, stdout } = await cli.runBare(['cap', 'list', ...args], {
    ...NO_AWS,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_ENDPOINT_URL_DYNAMODB: cli.dynamodbUrl,
  });
  await cloudFormation.close();

  expect(code).toBe(0);
  expect(stdout).toContain('team');
  expect(cloudFormation.asked).toEqual([stack]);
});

test.each([
  ['the stack is not there', undefined, 'there is no stack "Hardcap"'],
  ['the stack is another one', { BucketName: 'b' }, 'it is not a hardcap stack'],
])('says why AWS was asked at all, and what to do, where %s', async (_name, outputs, why) => {
  const dir = await mkdtemp(path.join(cli.workDir, 'data-'));
  const cloudFormation = await startCloudFormation(outputs);
  const { code, stdout, stderr } = await cli.runBare(['cap', 'list', '--data-dir', dir], {
    ...NO_AWS,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
  });
  await cloudFormation.close();

  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`no local gateway runs in ${dir}; so AWS was asked for the stack`);
  expect(stderr).toContain(why);
  expect(stderr).toMatch(/npm start.*--data-dir.*--stack.*--profile/s);
});

test('does not speak of a local gateway where a stack was named', async () => {
  const cloudFormation = await startCloudFormation(undefined);
  const { code, stderr } = await cli.runBare(['cap', 'list', '--stack', 'Other'], {
    ...NO_AWS,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
  });
  await cloudFormation.close();

  expect(code).toBe(1);
  expect(stderr).toContain('there is no stack "Other"');
  expect(stderr).not.toContain('local gateway');
});

test('says that a stack without tables is not a hardcap stack', async () => {
  const cloudFormation = await startCloudFormation({ BucketName: 'b' });
  const { code, stderr } = await cli.runBare(['status', '--stack', 'Site'], {
    ...NO_AWS,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
  });
  await cloudFormation.close();

  expect(code).toBe(1);
  expect(stderr).toContain('"Site" has no outputs SettingsTableName and LedgerTableName');
});

test('says what to do where nothing answers', async () => {
  const args = ['--endpoint', 'http://127.0.0.1:9', '--settings-table', 's', '--ledger-table', 'l'];
  const { code, stderr } = await cli.runBare(['cap', 'list', ...args]);

  expect(code).toBe(1);
  expect(stderr).toContain('nothing answers there; start the local gateway');
});

test('exits with 2 for a command that it does not know', async () => {
  const { code, stderr } = await cli.runBare(['caps']);

  expect(code).toBe(2);
  expect(stderr).toContain("unknown command 'caps'");
});

/**
 * A CloudFormation that knows one stack under any name, or none where it has no outputs, and keeps
 * the names it was asked for.
 */
async function startCloudFormation(outputs: Readonly<Record<string, string>> | undefined) {
  const asked: string[] = [];
  const members = Object.entries(outputs ?? {})
    .map(
      ([key, value]) =>
        `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    )
    .join('');
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const name = new URLSearchParams(body).get('StackName') ?? '';
      asked.push(name);
      if (outputs === undefined) {
        response
          .writeHead(400)
          .end(
            '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>' +
              `<Message>Stack with id ${name} does not exist</Message></Error></ErrorResponse>`,
          );
        return;
      }
      response.end(
        '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName>' +
          `<Outputs>${members}</Outputs></member></Stacks></DescribeStacksResult>` +
          '</DescribeStacksResponse>',
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
