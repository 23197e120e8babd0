/**
 * `hardcap rollover` from end to end: the real process against a real DynamoDB protocol.
 */
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { reservationId } from '../../lambda/domain/reservation.ts';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

const TWO_DAYS_AGO = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
const ENDED = `daily:${TWO_DAYS_AGO}T00+00:00@UTC`;
const STALE = reservationId(Date.now() - 60_000, 'aaaaaaaaaa');

let cli: CommandLine;
let client: ReturnType<typeof createLedgerClient>;

beforeAll(async () => {
  cli = await startCommandLine();
  client = createLedgerClient({
    endpoint: cli.dynamodbUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});
beforeEach(() => cli.renew());
afterAll(async () => {
  client.destroy();
  await cli.close();
});

/** A counter as reserves and settles would have left it. */
const putCounter = (sk: string, rest: string, values: Record<string, unknown>) =>
  client.send(
    new UpdateCommand({
      TableName: cli.tables().ledgerTable,
      Key: { pk: 'COUNTER#team', sk },
      UpdateExpression: `SET openKey = :open, requests = :one, limitUsd = :ten, ${rest}`,
      ExpressionAttributeValues: { ':open': 'open', ':one': 1, ':ten': 10, ...values },
    }),
  );

const itemAt = async (pk: string, sk: string) =>
  (await client.send(new GetCommand({ TableName: cli.tables().ledgerTable, Key: { pk, sk } })))
    .Item;

const settledWindow = () =>
  putCounter(ENDED, 'committedUsd = :nine, settledUsd = :nine, inFlight = :none, ends = :one', {
    ':nine': 9,
    ':none': 0,
  });

test('tells thresholds, closes an ended window, and reports it', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '10', '--window', 'daily');
  await settledWindow();

  const { code, stdout, stderr } = await cli.run('rollover', '--json');

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    counters: 1,
    thresholdsTold: 2,
    windowsSummarised: 1,
    countersClosed: 1,
    failed: 0,
    complete: true,
  });
  const events = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ event, percent }) => [event, percent])).toEqual([
    ['hardcap.cap.threshold', 50],
    ['hardcap.cap.threshold', 80],
    ['hardcap.window.closed', undefined],
  ]);
  expect(String((await itemAt('SUMMARY#team', ENDED))?.settledUsd)).toBe('9');
});

test('has nothing left to do the second time, and prints a table within 80 columns', async () => {
  await settledWindow();
  await cli.run('rollover');

  const { code, stdout } = await cli.run('rollover');

  expect(code).toBe(0);
  expect(stdout).toMatch(/open counters looked at +0/);
  expect(widestLine(stdout)).toBeLessThanOrEqual(80);
});

test('charges a stale reservation in full and tells the journal', async () => {
  await client.send(
    new UpdateCommand({
      TableName: cli.tables().ledgerTable,
      Key: { pk: 'COUNTER#team', sk: 'lifetime' },
      UpdateExpression:
        'SET openKey = :open, committedUsd = :a, settledUsd = :none, inFlight = :one, #r = :a',
      ExpressionAttributeNames: { '#r': `r:${STALE}` },
      ExpressionAttributeValues: { ':open': 'open', ':a': 2, ':none': 0, ':one': 1 },
    }),
  );

  expect(await cli.runJson('rollover')).toMatchObject({ expired: 1, journalled: 1 });

  const counter = await itemAt('COUNTER#team', 'lifetime');
  expect(String(counter?.settledUsd)).toBe('2');
  expect(counter).toHaveProperty(`x:${STALE}`);
});

test('leaves thresholds and ended windows to the function where it is told to', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '10', '--window', 'daily');
  await settledWindow();

  const report = await cli.runJson('rollover', '--no-events');

  expect(report).toMatchObject({ thresholdsTold: 0, windowsSummarised: 0, countersClosed: 0 });
  expect((await itemAt('COUNTER#team', ENDED))?.openKey).toBe('open');
});

test('fails, and names the counter, where books do not add up', async () => {
  await putCounter('lifetime', 'committedUsd = :nine, settledUsd = :one', { ':nine': 9 });

  const { code, stdout, stderr } = await cli.run('rollover', '--json');

  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ broken: 1 });
  expect(stderr).toContain('counter=COUNTER#team window=lifetime');
  expect(stderr).toContain('committedUsd=9.00 settledUsd=1.00');
});
