/**
 * Streams that hardcap ends, requests that run into the function's deadline, and settings that
 * change while a gateway runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { converse, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const LONG_STREAM = '[[input=10]] [[output=90]] [[chunks=200]] [[delay=50]]';

describe('a running stream', () => {
  let running: RunningGateway;
  beforeAll(async () => {
    running = await startRunningGateway();
  });
  afterAll(() => running.close());

  it('is cut when its cap falls below what is settled, and its counter is shut first', async () => {
    const key = await running.key('lowered');
    await running.cap('lowered', { keys: ['lowered'], limitUsd: 1 });
    await (await converse(running.url, key, '[[input=1000]] [[output=90]]')).arrayBuffer();
    const stream = await converse(running.url, key, LONG_STREAM, { operation: 'converse-stream' });

    await running.cap('lowered', { keys: ['lowered'], limitUsd: '0.001' });
    const text = await stream.text();
    await running.cap('lowered', { keys: ['lowered'], limitUsd: 1 });
    const next = await converse(running.url, key, 'at once again');

    expect(text).toContain('validationException');
    expect(text).toMatch(/budget_exceeded: cap \\?"lowered\\?" had its limit lowered/);
    expect(next.status).toBe(429);
    const { reservations, settledUsd } = await running.counter('lowered');
    expect(reservations).toBe(0);
    // The first request's true cost, and the cut one in full: its last usage never came.
    const reserved = Number(stream.headers.get('x-hardcap-reserved-usd'));
    expect(Number(settledUsd)).toBeCloseTo(0.001595 + reserved, 9);
    await expect
      .poll(async () => (await running.journal()).map(({ outcome }) => outcome))
      .toContain('cut');
  });

  it('closes its connection to Bedrock when it is cut', async () => {
    const key = await running.key('disabled');
    await running.cap('disabled', { keys: ['disabled'] });
    const stream = await converse(running.url, key, LONG_STREAM, { operation: 'converse-stream' });
    const startedMs = performance.now();

    await running.put('KEY', 'disabled', { secretSha256: '0'.repeat(64), enabled: false });
    const text = await stream.text();

    expect(text).toContain('budget_exceeded');
    // Undisturbed it runs for ten seconds.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

describe('the deadline of the function', () => {
  let running: RunningGateway;
  beforeAll(async () => {
    running = await startRunningGateway({ functionTimeoutMs: 2_000 });
  });
  afterAll(() => running.close());

  it('ends a request that Bedrock has not answered with 504, charged in full', async () => {
    const key = await running.key('slow');
    await running.cap('slow', { keys: ['slow'] });

    const response = await converse(running.url, key, '[[first=6000]]');

    expect(response.status).toBe(504);
    expect(await response.text()).toContain('upstream_timeout');
    const { settledUsd, reservations } = await running.counter('slow');
    expect(reservations).toBe(0);
    expect(Number(settledUsd)).toBeGreaterThan(0);
  });

  it('ends a stream with an error in the stream, charged in full', async () => {
    const key = await running.key('slow-stream');
    await running.cap('slow-stream', { keys: ['slow-stream'] });

    const response = await converse(running.url, key, LONG_STREAM, {
      operation: 'converse-stream',
    });
    const text = await response.text();

    expect(text).toContain('internalServerException');
    expect(text).toContain('upstream_timeout');
    const { settledUsd, reservations } = await running.counter('slow-stream');
    expect(reservations).toBe(0);
    expect(settledUsd).toBe(response.headers.get('x-hardcap-reserved-usd'));
  });
});

describe('a client that reads nothing', () => {
  it('holds its stream back, is cut at the deadline with the right error, and is settled', async () => {
    const running = await startRunningGateway({ functionTimeoutMs: 2_000 });
    try {
      const key = await running.key('reader');
      await running.cap('reader', { keys: ['reader'] });
      // 16 MB do not fit into what lies between the two ends.
      const huge = '[[input=10]] [[output=90]] [[bytes=16000000]] [[chunks=400]]';
      const response = await converse(running.url, key, huge, { operation: 'converse-stream' });

      const books = () => running.counter('reader');
      await expect.poll(books, { timeout: 6_000 }).toMatchObject({
        reservations: 0,
        settledUsd: response.headers.get('x-hardcap-reserved-usd'),
      });
      expect(await response.text()).toContain('upstream_timeout');
    } finally {
      await running.close();
    }
  });
});

describe('settings that change', () => {
  const MAX_AGE_MS = 500;
  let running: RunningGateway;
  beforeAll(async () => {
    running = await startRunningGateway({
      env: { HARDCAP_SETTINGS_MAX_AGE_MS: String(MAX_AGE_MS) },
    });
  });
  afterAll(() => running.close());

  it('hold for new requests within their allowed age', async () => {
    const key = await running.key('changing');
    await running.cap('changing', { keys: ['changing'] });
    const status = async () => {
      const response = await converse(running.url, key, '[[output=1]]');
      await response.arrayBuffer();
      return response.status;
    };
    expect(await status()).toBe(200);

    await running.cap('changing', { keys: ['changing'], limitUsd: 0 });
    await sleep(MAX_AGE_MS + 50);
    expect(await status()).toBe(429);

    await running.cap('changing', { keys: ['changing'], limitUsd: 5 });
    await sleep(MAX_AGE_MS + 50);
    expect(await status()).toBe(200);
    const { reservations } = await running.counter('changing');
    expect(reservations).toBe(0);
  });

  it('count each value of a split on a counter of its own', async () => {
    const one = await running.key('split-one');
    const two = await running.key('split-two');
    await running.cap('split', { keys: ['split-*'], splitBy: 'key', limitUsd: '0.002' });
    await sleep(MAX_AGE_MS + 50);

    const first = await converse(running.url, one, '[[input=1000]] [[output=90]]');
    const full = await converse(running.url, one, '[[input=1000]] [[output=90]]');
    const other = await converse(running.url, two, '[[input=1000]] [[output=90]]');

    expect([first.status, full.status, other.status]).toEqual([200, 429, 200]);
    expect((await running.counter('split#split-one')).settledUsd).toBe('0.001595');
    expect((await running.counter('split#split-two')).settledUsd).toBe('0.001595');
  });
});
