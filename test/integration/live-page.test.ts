/**
 * Rules of the page at `/` of the local gateway: whom it answers, what it lets in, and that it
 * takes nothing from the gateway.
 */
import { request } from 'node:http';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createCounterReading } from '../../lambda/adapters/ledger/counter-reading.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import { composeWidget } from '../../lambda/widget/compose.ts';
import { usd, windowRule } from '../helpers/builders.ts';
import { createFakeTelemetry } from '../helpers/fake-ports.ts';
import { converse, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

let running: RunningGateway;

beforeAll(async () => {
  running = await startRunningGateway();
  await running.cap('team', { limitUsd: '1' });
  await running.cap('tiny', { limitUsd: '0.000001', keys: ['poor'] });
  await running.cap('each', { limitUsd: '5', splitBy: 'key' });
  const key = await running.key('alice');
  const poor = await running.key('poor');
  await (await converse(running.url, key, '[[input=1000]] [[output=100]]')).arrayBuffer();
  await (await converse(running.url, poor, 'hello')).arrayBuffer();
  await vi.waitFor(async () => expect(await running.journal()).toHaveLength(2));
});

afterAll(() => running.close());

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** By node:http, as fetch sets its own Host. */
const ask = (path: string, headers: Record<string, string> = BROWSER, method = 'GET') =>
  new Promise<Answer>((resolve, reject) => {
    const sent = request(`${running.url}${path}`, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
      );
    });
    sent.on('error', reject).end();
  });

describe('whom it answers', () => {
  it('is a browser that asks for / with HTML, with caps and requests', async () => {
    const { status, text } = await ask('/');

    expect(status).toBe(200);
    expect(text).toMatch(/^<!doctype html>/);
    for (const shown of ['team', 'each', 'key alice', 'settled', 'refused']) {
      expect(text).toContain(`>${shown}</`);
    }
    expect(text).toMatch(/>larger-than-limit, by <bdi>tiny<\/bdi>/);
  });

  it('is nobody else: clients of the gateway get its own answer', async () => {
    const others = await Promise.all([
      ask('/', {}),
      ask('/', { accept: '*/*' }),
      ask('/', { accept: 'application/json' }),
      ask('/index.html'),
      ask('//'),
      ask('/', BROWSER, 'POST'),
    ]);

    expect(others.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
    for (const { headers } of others) expect(headers['x-hardcap-request-id']).toBeDefined();
  });

  it('is a host of this machine alone, so that no foreign name can point here', async () => {
    const of = async (host: string) => (await ask('/', { ...BROWSER, host })).status;

    expect(await of('localhost:8787')).toBe(200);
    expect(await of('127.0.0.1')).toBe(200);
    expect(await of('evil.example')).toBe(403);
    expect(await of('127.0.0.1.evil.example:80')).toBe(403);
    expect(await of('localhost@evil.example')).toBe(403);
  });
});

describe('what it lets in', () => {
  it('is its own style and script by their hashes, and nothing else', async () => {
    const { headers, text } = await ask('/');
    const policy = String(headers['content-security-policy']);

    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
    expect(text).not.toMatch(/\s(style|on\w+)="/);
    expect(text).not.toMatch(/https?:\/\//);
  });

  it('is no text of an address as markup', async () => {
    const { text } = await ask(`/?filter=${encodeURIComponent('"><script>alert(1)</script>')}`);

    expect(text.match(/<script/g)).toHaveLength(1);
    expect(text).toContain('&lt;script&gt;');
  });
});

it('shows what the widget function shows of the same tables', async () => {
  const widget = composeWidget({
    client: running.dynamo,
    environment: running.gateway,
    clock: systemClock,
    telemetry: createFakeTelemetry(),
  });

  const markup = await widget({ filter: 'key:alice' }, 'arn');

  expect(markup).toContain('<bdi>key alice</bdi>');
  expect(markup).not.toContain('<bdi>team</bdi>');
});

it('gives the changing part alone where it is asked for', async () => {
  const { text } = await ask('/?part=live&filter=alice');

  expect(text).toMatch(/^<div id="hc-live">/);
  expect(text).toContain('key alice');
  expect(text).not.toContain('poor');
});

it('answers HEAD with headers alone', async () => {
  expect(await ask('/', BROWSER, 'HEAD')).toMatchObject({ status: 200, text: '' });
});

it('reads past windows from counters, and from summaries where the counter is gone', async () => {
  const { dynamo, gateway } = running;
  const put = (pk: string, id: string, settledUsd: number, rest = {}) =>
    dynamo.send(
      new PutCommand({ TableName: gateway.ledgerTable, Item: { pk, sk: id, settledUsd, ...rest } }),
    );
  const days = [1, 2, 3].map(
    (ago) => windowAt(windowRule('daily'), Date.UTC(2026, 0, 10 - ago)).id,
  );
  const [newer = '', older = '', oldest = ''] = days;
  await put('COUNTER#past', newer, 2, { limitUsd: 5 });
  await put('SUMMARY#past', newer, 1);
  await put('SUMMARY#past', older, 3, { limitUsd: 4 });
  await put('COUNTER#past', oldest, 4);
  await put('COUNTER#past', 'lifetime', 9);
  const reading = createCounterReading({
    dynamo: documentCalls(dynamo),
    tableName: gateway.ledgerTable,
    clock: systemClock,
  });

  expect(await reading.latestWindows('COUNTER#past', 'daily', 2)).toEqual([
    { id: newer, settledNanoUsd: usd('2'), limitNanoUsd: usd('5') },
    { id: older, settledNanoUsd: usd('3'), limitNanoUsd: usd('4') },
  ]);
  expect(await reading.latestWindows('COUNTER#past', 'daily', 9)).toHaveLength(3);
});

it('reads more counters than DynamoDB gives at once, each of them once', async () => {
  const { dynamo, gateway } = running;
  const keys = Array.from({ length: 205 }, (_, n) => ({ pk: `COUNTER#many#${n}`, sk: 'lifetime' }));
  for (const [n, key] of keys.entries()) {
    if (n % 50 !== 0) continue;
    const Item = { ...key, settledUsd: n, committedUsd: n + 1, inFlight: 1 };
    await dynamo.send(new PutCommand({ TableName: gateway.ledgerTable, Item }));
  }
  const reading = createCounterReading({
    dynamo: documentCalls(dynamo),
    tableName: gateway.ledgerTable,
    clock: systemClock,
  });

  const states = await reading.read([...keys, ...keys.slice(0, 1)]);

  expect(states).toHaveLength(206);
  expect(states.filter((state) => state !== undefined)).toHaveLength(6);
  expect(states[200]).toEqual({
    settledNanoUsd: usd('200'),
    committedNanoUsd: usd('201'),
    inFlight: 1,
  });
});
