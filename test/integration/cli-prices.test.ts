/**
 * `hardcap prices` from end to end: the real process against a real DynamoDB protocol.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import {
  marketplaceRow,
  offersAnswer,
  priceListRow,
  rate,
} from '../fixtures/prices/listed-rows.ts';
import { usd } from '../helpers/builders.ts';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

const MAX_COLUMNS = 80;
const HAIKU = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const SONNET = 'us.anthropic.claude-sonnet-4-6';
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:imported-model/abc123';

let cli: CommandLine;

beforeAll(async () => {
  cli = await startCommandLine();
});

beforeEach(() => cli.renew());

afterAll(() => cli.close());

const modelOf = async (modelId: string) =>
  findModel(modelId, (await cli.readSettings('ci')).prices, 'us-east-1');

describe('prices set', () => {
  test('sets a price as the gateway reads it, and changes only what is named', async () => {
    await cli.runJson('prices', 'set', HAIKU, '--input', '0.9', '--output', '4.5');
    const changed = await cli.run('prices', 'set', HAIKU, '--output', '4.6', '--priority', '1.75');

    expect(changed.code).toBe(0);
    expect(changed.stderr).toContain(
      'own for cache-read, cache-write-5m, cache-write-1h, and this',
    );
    expect((await modelOf(HAIKU)).price).toMatchObject({
      version: expect.stringMatching(/^operator-/),
      tokens: { inputNanoUsdPerMillion: usd('0.9'), outputNanoUsdPerMillion: usd('4.6') },
      priority: { numerator: 1_750_000_000n },
    });
    expect((await cli.readItems())[0]?.history).toMatchObject([
      { before: {}, after: { inputUsdPerMillion: '0.90', outputUsdPerMillion: '4.50' } },
      {
        before: { outputUsdPerMillion: '4.5' },
        after: { outputUsdPerMillion: '4.60', priorityFactor: '1.75' },
      },
    ]);
  });

  test('sets tiers, a long context, units and a free model, and clears them', async () => {
    const lines = ['--input', '3', '--output', '15', '--long-threshold', '200000'];
    const long = ['--long-input', '6', '--long-output', '22.5', '--unit', 'web-search=0.01'];
    await cli.runJson('prices', 'set', SONNET, ...lines, ...long);

    expect((await modelOf(SONNET)).price).toMatchObject({
      longContext: { thresholdTokens: 200_000, tokens: { inputNanoUsdPerMillion: usd('6') } },
      units: { 'web-search': usd('0.01') },
    });
    await cli.runJson('prices', 'set', SONNET, '--clear', 'longContext,units');
    expect((await modelOf(SONNET)).price).not.toHaveProperty('longContext');

    await cli.runJson('prices', 'set', HAIKU, '--free');
    expect((await modelOf(HAIKU)).price.free).toBe(true);
  });

  test('T26 questions a figure for another unit, and takes it with --yes', async () => {
    const asked = await cli.run('prices', 'set', HAIKU, '--input', '90', '--output', '5');

    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('input 90.00 is more than 10 times 1.10');
    expect(asked.stderr).toContain('--yes');
    expect(await cli.readItems()).toEqual([]);
    const sure = await cli.run('prices', 'set', HAIKU, '--input', '90', '--output', '5', '--yes');
    expect(sure.code).toBe(0);
  });

  test('T26 refuses a price for one token in place of a million, even with --yes', async () => {
    const { code, stderr } = await cli.run(
      ...['prices', 'set', HAIKU, '--input', '0.0000011', '--output', '5', '--yes'],
    );

    expect(code).toBe(2);
    expect(stderr).toContain('inputUsdPerMillion must be US dollars for a million tokens');
    expect(await cli.readItems()).toEqual([]);
  });

  test('T24 refuses a model that it cannot bound, with what to name', async () => {
    const args = ['prices', 'set', ARN, '--input', '1', '--output', '2'];
    const { code, stderr } = await cli.run(...args);

    expect(code).toBe(2);
    expect(stderr).toContain('--family, --context-window and --max-output');
    const bounds = ['--family', 'anthropic', '--context-window', '200000', '--max-output', '8192'];
    await cli.runJson(...args, ...bounds);
    const { prices } = await cli.readSettings('ci');
    expect(prices.get(ARN)).toMatchObject({
      model: { family: 'anthropic', contextWindowTokens: 200_000, maxOutputTokens: 8_192 },
    });
  });

  test('refuses a price that could not hold: a stored prompt hides what is sent', async () => {
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ';
    const bounds = ['--family', 'anthropic', '--context-window', '200000', '--max-output', '8192'];
    const { code, stderr } = await cli.run('prices', 'set', arn, '--free', ...bounds);

    expect([code, stderr.includes('it would not hold')]).toEqual([2, true]);
    expect(await cli.readItems()).toEqual([]);
  });

  test('refuses what is no price, and names the nearest model', async () => {
    const nothing = await cli.run('prices', 'set', HAIKU);
    const half = await cli.run('prices', 'set', HAIKU, '--input', '1');
    const auto = await cli.run('prices', 'set', `auto:${HAIKU}`, '--free');
    const typo = await cli.run('prices', 'set', HAIKU.replace('haiku', 'hiaku'), '--free');

    expect([nothing.code, half.code, auto.code, typo.code]).toEqual([2, 2, 2, 2]);
    expect(half.stderr).toContain('outputUsdPerMillion is missing');
    expect(typo.stderr).toContain(`Did you mean "${HAIKU}"?`);
    expect(await cli.readItems()).toEqual([]);
  });

  test('is undone by remove', async () => {
    await cli.runJson('prices', 'set', HAIKU, '--free');
    await cli.runJson('prices', 'remove', HAIKU);

    expect((await modelOf(HAIKU)).price.version).toMatch(/^catalogue-/);
    const again = await cli.run('prices', 'remove', HAIKU);
    expect([again.code, again.stderr.includes('there is no price item')]).toEqual([1, true]);
  });
});

describe('prices list', () => {
  test('shows items, malformed ones too, what waits, and the age, within 80 columns', async () => {
    await cli.runJson('prices', 'set', HAIKU, '--input', '1', '--output', '5');
    await cli.putItem({ pk: 'PRICE', sk: 'a.broken', v: 1, inputUsdPerMillion: '3' });
    await cli.putItem(waiting('0.9'));

    const { stdout } = await cli.run('prices', 'list');
    const json = await cli.runJson('prices', 'list');

    expect(widestLine(stdout)).toBeLessThanOrEqual(MAX_COLUMNS);
    expect(stdout.replace(/\s+/g, ' ')).toContain('waiting (fall): input 1.10 -> 0.90');
    expect(stdout).toContain('Prices are of the release');
    expect(json).toMatchObject({
      prices: [
        { model: HAIKU, from: 'operator', usd: { input: '1.00', output: '5.00' } },
        { model: 'a.broken', malformed: { field: 'outputUsdPerMillion' } },
      ],
      waiting: [{ model: HAIKU, changes: [{ line: 'input', fromUsd: '1.10', toUsd: '0.90' }] }],
      catalogue: { since: 'catalogue', isOld: false },
    });
    const mine = await cli.runJson('prices', 'list', '--mine');
    expect(mine).toMatchObject({ waiting: [], prices: [{ model: HAIKU }, {}] });
  });

  test('--all shows the catalogue', async () => {
    const { prices } = await cli.runJson('prices', 'list', '--all');

    expect(prices.length).toBeGreaterThan(100);
    expect(prices).toContainEqual(expect.objectContaining({ model: HAIKU, from: 'catalogue' }));
  });
});

test('explain shows the item that holds, every line, and a cost line by line', async () => {
  const listed = await cli.runJson(
    ...['prices', 'explain', 'eu.amazon.nova-pro-v1:0', '--region', 'eu-west-1'],
    ...['--input', '100000', '--output', '10000'],
  );
  expect(listed).toMatchObject({
    from: 'catalogue',
    item: null,
    region: 'eu-west-1',
    sources: expect.any(String),
    cost: {
      lines: [
        { line: 'input', count: 100_000, rateUsd: '1.28', costUsd: '0.128' },
        { line: 'output', count: 10_000, rateUsd: '5.21', costUsd: '0.0521' },
      ],
      costUsd: '0.1801',
    },
  });

  await cli.runJson('prices', 'set', HAIKU, '--input', '1', '--output', '5');
  const own = await cli.run('prices', 'explain', HAIKU);
  expect(own.stdout.replace(/\s+/g, ' ')).toContain(`the item PRICE/${HAIKU} (operator)`);
  expect(widestLine(own.stdout)).toBeLessThanOrEqual(MAX_COLUMNS);

  const unknown = await cli.run('prices', 'explain', 'acme.model-v1');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('is refused: model_not_priced');
  const untold = await cli.run(
    'prices',
    'explain',
    HAIKU,
    '--input',
    '1',
    '--unit',
    'made-image=1',
  );
  expect(untold.stderr).toContain('no price for the unit "made-image"');
});

test('check recomputes the worked examples, without any table', async () => {
  const { code, stdout } = await cli.runBare(['prices', 'check']);

  expect(code).toBe(0);
  expect(stdout.match(/^ok /gm)).toHaveLength(30);
});

const waiting = (input: string) => ({
  pk: 'PRICE-PROPOSAL',
  sk: HAIKU,
  v: 1,
  status: 'waiting',
  reasons: ['fall'],
  linesUsd: { input },
  beforeUsd: { input: '1.10' },
  listedAt: '2026-11-24T00:00:00.000Z',
});

describe('what waits', () => {
  test('holds once it is approved, and goes away', async () => {
    await cli.putItem(waiting('0.9'));
    const approved = await cli.runJson('prices', 'approve', HAIKU);

    expect(approved).toMatchObject({ model: HAIKU, status: 'approved' });
    expect((await modelOf(HAIKU)).price).toMatchObject({
      refreshed: 'approved',
      tokens: { inputNanoUsdPerMillion: usd('0.9'), outputNanoUsdPerMillion: usd('5.5') },
    });
    expect((await cli.runJson('prices', 'list')).waiting).toEqual([]);
  });

  test('T26 is questioned where it looks like a slip of the unit', async () => {
    await cli.putItem(waiting('0.011'));
    const { code, stderr } = await cli.run('prices', 'approve', HAIKU);

    expect(code).toBe(2);
    expect(stderr).toContain('input 0.011 is less than a tenth of 1.10');
    expect((await modelOf(HAIKU)).price.version).toMatch(/^catalogue-/);
    expect((await cli.run('prices', 'approve', HAIKU, '--yes')).code).toBe(0);
    expect((await modelOf(HAIKU)).price.tokens.inputNanoUsdPerMillion).toBe(usd('0.011'));
  });

  test('stays rejected', async () => {
    await cli.putItem(waiting('0.9'));
    await cli.runJson('prices', 'reject', HAIKU);

    expect((await cli.runJson('prices', 'list')).waiting).toMatchObject([{ status: 'rejected' }]);
    expect((await modelOf(HAIKU)).price.version).toMatch(/^catalogue-/);
  });

  test('that is out of all bounds, or nothing, is not approved', async () => {
    await cli.putItem(waiting('0.0000009'));
    const absurd = await cli.run('prices', 'approve', HAIKU, '--yes');
    const none = await cli.run('prices', 'approve', 'a.b');

    expect([absurd.code, none.code]).toEqual([1, 1]);
    expect(absurd.stderr).toContain('out of all bounds');
    expect(none.stderr).toContain('no price waits for "a.b"');
    expect((await modelOf(HAIKU)).price.version).toMatch(/^catalogue-/);
  });

  test('T24 of a model that nobody knows has to be set by hand', async () => {
    await cli.putItem({ ...waiting('1'), sk: 'acme.new-v1', reasons: ['new id'] });
    const { code, stderr } = await cli.run('prices', 'approve', 'acme.new-v1');

    expect(code).toBe(1);
    expect(stderr).toContain('hardcap prices set acme.new-v1 --input');
  });
});

describe('prices refresh', () => {
  let aws: Server;
  let url: string;
  let isDenied = false;

  beforeAll(async () => {
    aws = createServer((request, response) => {
      const isPricing = request.headers['x-amz-target'] !== undefined;
      response.setHeader('content-type', 'application/json');
      if (isDenied && isPricing) {
        response.statusCode = 400;
        response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'not you' }));
        return;
      }
      const answer = isPricing
        ? {
            FormatVersion: 'aws_v1',
            PriceList: [
              priceListRow({ usagetype: 'USE1-NovaMicro-input-tokens', usd: '0.00004' }),
              priceListRow({ usagetype: 'USE1-NovaMicro-output-tokens', usd: '0.00013' }),
              marketplaceRow('USE1_InputTokenCount', '3.4', 'Million Input Tokens'),
              priceListRow({ usagetype: 'USE1-Unheard-of', usd: '1' }),
            ],
          }
        : offersAnswer('x', [rate('USE1_VideoCount', '1')]);
      response.end(JSON.stringify(answer));
    }).listen(0, '127.0.0.1');
    await once(aws, 'listening');
    url = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    isDenied = false;
  });

  afterAll(async () => {
    aws.closeAllConnections();
    await new Promise((resolve) => aws.close(resolve));
  });

  const refresh = (...args: string[]) =>
    cli.runBare(['prices', 'refresh', '--json', ...args, ...cli.tableOptions()], {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_PRICING: url,
      AWS_ENDPOINT_URL_BEDROCK: url,
    });

  test('takes rises, keeps falls waiting, lists what it does not know', async () => {
    const { code, stdout, stderr } = await refresh();

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      isComplete: true,
      partsFailed: 0,
      taken: expect.arrayContaining([
        { model: 'us.amazon.nova-micro-v1:0', changes: 'input 0.035 -> 0.04' },
        { model: SONNET, changes: 'input 3.30 -> 3.40' },
      ]),
      proposed: expect.arrayContaining([
        {
          model: 'us.amazon.nova-micro-v1:0',
          reasons: ['fall'],
          changes: 'output 0.14 -> 0.13',
        },
      ]),
      unmapped: expect.arrayContaining([{ name: 'USE1-Unheard-of', why: 'is in no table' }]),
    });
    expect(stderr).toContain('"event":"hardcap.price.changed"');
    expect(stderr + stdout).not.toContain('offer-token');
    const { price } = await modelOf('us.amazon.nova-micro-v1:0');
    expect(price.tokens).toMatchObject({
      inputNanoUsdPerMillion: usd('0.04'),
      outputNanoUsdPerMillion: usd('0.14'),
    });
    expect((await cli.runJson('status')).catalogue).toMatchObject({ since: 'refresh', ageDays: 0 });
  });

  test('--dry-run writes nothing', async () => {
    const { code, stdout } = await refresh('--dry-run');

    expect(code).toBe(0);
    expect(JSON.parse(stdout).taken.length).toBeGreaterThan(0);
    expect(await cli.readItems()).toEqual([]);
  });

  test('that may not read a list says so, and fails', async () => {
    isDenied = true;
    const { code, stderr } = await refresh();

    expect(code).toBe(1);
    expect(stderr).toContain('pricing:GetProducts of AmazonBedrock in us-east-1');
    expect(stderr).toContain('could not be read');
  });
});

test('status refuses an age that is none, and says nothing of prices that are young', async () => {
  await cli.runJson('cap', 'set', 'all', '--limit', '5', '--window', 'daily');
  const args = ['status', ...cli.tableOptions()];
  const young = await cli.runBare(args);
  const wrong = await cli.runBare(args, { HARDCAP_CATALOGUE_MAX_AGE_DAYS: '0' });

  expect([young.code, young.stderr]).toEqual([0, '']);
  expect([wrong.code, wrong.stderr.includes('HARDCAP_CATALOGUE_MAX_AGE_DAYS')]).toEqual([2, true]);
});
