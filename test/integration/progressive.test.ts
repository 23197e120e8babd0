/**
 * Progressive caps from end to end: real SDKs, a real gateway, a Bedrock that writes as told; what
 * the counters hold meanwhile, and what a client sees of a cut.
 */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BedrockRuntimeClient,
  ConverseStreamCommand,
  ValidationException,
} from '@aws-sdk/client-bedrock-runtime';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { hashKey } from '../../lambda/domain/caller-key.ts';
import { startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { startSimulatedBedrock } from '../../local/simulated-bedrock.ts';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';
import {
  booksOf,
  converse,
  HAIKU,
  newKey,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

/** $0.044 of output at most; 2,048 tokens of it, $0.011264, are reserved at first. */
const MAX_TOKENS = 8_000;
const BOUND_USD = 0.044;
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
/** A second long; its text is 3,000 bytes, its 750 tokens cost $0.004125. */
const LONG = '[[input=10]] [[output=750]] [[bytes=3000]] [[chunks=50]] [[delay=20]]';
/** The same of 7,900 bytes: it comes to reserve the whole bound. */
const LONGER = '[[input=10]] [[output=1975]] [[bytes=7900]] [[chunks=100]] [[delay=20]]';

let running: RunningGateway;
beforeAll(async () => {
  running = await startRunningGateway();
});
afterAll(() => running.close());

const stream = (key: string, text: string, signal?: AbortSignal) =>
  converse(running.url, key, text, {
    operation: 'converse-stream',
    maxTokens: MAX_TOKENS,
    ...(signal && { signal }),
  });

const progressive = (id: string, limitUsd: string) =>
  running.cap(id, { keys: [id], limitUsd, streaming: 'progressive' });

/** Watches a counter until `isOver`; what was the most that stood on it. */
async function mostCommitted(capId: string, isOver: () => boolean): Promise<number> {
  let most = 0;
  while (!isOver()) {
    const items = await running.counterItems(capId);
    for (const item of items) most = Math.max(most, Number(booksOf(item).committedUsd));
    await sleep(10);
  }
  return most;
}

describe('a progressive cap', () => {
  it('lets in two long streams where a full one lets in one, within its limit', async () => {
    const LIMIT_USD = 0.062;
    const key = await running.key('two');
    await progressive('two', String(LIMIT_USD));
    const other = await running.key('full-two');
    await running.cap('full-two', { keys: ['full-two'], limitUsd: String(LIMIT_USD) });
    const fulls = await Promise.all([stream(other, LONG), stream(other, LONG)]);
    await Promise.all(fulls.map((response) => response.arrayBuffer()));
    expect(fulls.map(({ status }) => status).sort()).toEqual([200, 429]);

    const streams = await Promise.all([stream(key, LONG), stream(key, LONG)]);
    let isOver = false;
    const reading = Promise.all(streams.map((response) => response.text())).finally(() => {
      isOver = true;
    });
    const most = await mostCommitted('two', () => isOver);
    const texts = await reading;

    expect(streams.map(({ status }) => status)).toEqual([200, 200]);
    for (const text of texts) expect(text).not.toContain('budget_exceeded');
    // Both were extended past their first tranches, and neither past the limit.
    expect(most).toBeGreaterThan(2 * 0.0113 + 0.005);
    expect(most).toBeLessThanOrEqual(LIMIT_USD);
    const books = await running.counter('two');
    expect(books.reservations).toBe(0);
    expect(Number(books.settledUsd)).toBeCloseTo(2 * (750 * 5.5e-6 + 10 * 1.1e-6), 9);
  });

  it('cuts a stream that it has no room for; the SDK raises an error that names the cap', async () => {
    const LIMIT_USD = 0.025;
    const key = await running.key('cutting');
    await progressive('cutting', String(LIMIT_USD));
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: running.url,
      token: { token: key },
      authSchemePreference: ['httpBearerAuth'],
      requestHandler: new NodeHttpHandler(),
    });
    const command = new ConverseStreamCommand({
      modelId: HAIKU,
      messages: [{ role: 'user', content: [{ text: LONGER }] }],
      inferenceConfig: { maxTokens: MAX_TOKENS },
    });
    const received: string[] = [];
    const reading = (async () => {
      const { stream: events } = await client.send(command);
      for await (const event of events ?? []) {
        received.push(event.contentBlockDelta?.delta?.text ?? '');
      }
    })();

    const error = await reading.then(
      () => undefined,
      (raised: unknown) => raised,
    );
    const next = await stream(key, LONG);
    client.destroy();

    expect(error).toBeInstanceOf(ValidationException);
    expect(String(error)).toMatch(
      /budget_exceeded: cap "cutting" .*: limit \$0\.025 daily, settled \$0\.00, reserved \$0\.02/,
    );
    expect(received.join('').length).toBeGreaterThan(1_000);
    expect(received.join('').length).toBeLessThan(7_900);
    expect(next.status).toBe(429);
    const { settledUsd, committedUsd, reservations } = await running.counter('cutting');
    expect(reservations).toBe(0);
    // What was reserved is charged, as no final usage came: within the limit, and not the bound.
    expect(Number(settledUsd)).toBeGreaterThan(0.0113);
    expect(Number(committedUsd)).toBeLessThanOrEqual(LIMIT_USD);
    await expect
      .poll(async () => (await running.journal()).filter(({ keyId }) => keyId === 'cutting'))
      .toContainEqual(expect.objectContaining({ outcome: 'cut' }));
  });

  it('tells a cut at the Anthropic door by an error event with the same fields', async () => {
    const key = await running.key('door');
    await progressive('door', '0.025');

    const response = await fetch(`${running.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'claude-haiku-4-5',
        max_tokens: MAX_TOKENS,
        stream: true,
        messages: [{ role: 'user', content: LONGER }],
      }),
    });
    const text = await response.text();

    const [, data = '{}'] = /event: error\ndata: (.*)/.exec(text) ?? [];
    expect(JSON.parse(data)).toMatchObject({
      type: 'error',
      error: {
        message: expect.stringMatching(/^budget_exceeded: cap "door"/),
        reason: 'spent',
        cap: 'door',
        limit_usd: '0.025',
        settled_usd: '0.00',
      },
    });
    expect(text.endsWith('\n\n')).toBe(true);
  });

  it('reserves an answer that is no stream in full', async () => {
    const key = await running.key('whole');
    await progressive('whole', '0.04');

    const answer = await converse(running.url, key, 'hello', { maxTokens: MAX_TOKENS });

    expect(BOUND_USD).toBeGreaterThan(0.04);
    expect(answer.status).toBe(429);
    expect((await stream(key, '[[output=5]]')).status).toBe(200);
  });
});

describe('a client that leaves', () => {
  const leave = async (gateway: RunningGateway, id: string) => {
    const key = await gateway.key(id);
    await gateway.cap(id, { keys: [id] });
    const leaving = new AbortController();
    const response = await converse(gateway.url, key, LONG, {
      operation: 'converse-stream',
      maxTokens: 1_000,
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    const settled = async () => (await gateway.counter(id)).reservations;
    await expect.poll(settled, { timeout: 5_000 }).toBe(0);
    const { settledUsd } = await gateway.counter(id);
    return { settledUsd, reservedUsd: response.headers.get('x-hardcap-reserved-usd') };
  };

  it('is drained for its usage where nothing else is set', async () => {
    const { settledUsd } = await leave(running, 'drained');

    expect(Number(settledUsd)).toBeCloseTo(750 * 5.5e-6 + 10 * 1.1e-6, 9);
  });

  it('is settled in full at once where that is set', async () => {
    const settling = await startRunningGateway({ env: { HARDCAP_WHEN_CLIENT_LEAVES: 'settle' } });
    try {
      const { settledUsd, reservedUsd } = await leave(settling, 'settled');
      expect(settledUsd).toBe(reservedUsd);
    } finally {
      await settling.close();
    }
  });
});

describe('a gateway that is killed in a progressive stream', () => {
  it('leaves a reservation that expires at what it had become', async () => {
    const folder = await temporaryFolder();
    const dynamodb = await startEmbeddedDynamodb();
    const bedrock = await startSimulatedBedrock({ port: 0 });
    const key = newKey('killed');
    const seed = path.join(folder.path, 'seed.json');
    const settings = {
      keys: [{ id: 'killed', secretSha256: hashKey(key) }],
      caps: [{ id: 'killed', limitUsd: '1', window: 'lifetime', streaming: 'progressive' }],
    };
    await writeFile(seed, JSON.stringify(settings));
    const startGateway = (name: string): Promise<RunningProgram> =>
      startProgram(
        'bin/local.ts',
        ['--port', '0', '--upstream', bedrock.url, '--ledger', dynamodb.url, '--seed', seed].concat(
          ['--data-dir', path.join(folder.path, name), '--function-timeout-ms', '6000'],
          ['--rollover-interval-ms', '500'],
        ),
        {
          cwd: folder.path,
          env: {
            HARDCAP_SETTINGS_TABLE: 'settings',
            HARDCAP_LEDGER_TABLE: 'ledger',
            HARDCAP_RESERVATION_MARGIN_MS: '500',
            AWS_REGION: 'us-east-1',
          },
        },
      );
    const client = createLedgerClient({
      region: 'us-east-1',
      endpoint: dynamodb.url,
      credentials: CREDENTIALS,
    });
    const books = async () => {
      const page = await client.send(
        new QueryCommand({
          TableName: 'ledger',
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': 'COUNTER#killed' },
          ConsistentRead: true,
        }),
      );
      return booksOf(page.Items?.[0] ?? {});
    };
    const first = await startGateway('first');
    const second = await startGateway('second');
    try {
      const options = { operation: 'converse-stream', maxTokens: MAX_TOKENS };
      const response = await converse(first.url, key, LONGER, options);
      const reader = response.body?.getReader();
      const reserved = Number(response.headers.get('x-hardcap-reserved-usd'));
      const held = async () => {
        await reader?.read();
        return Number((await books()).committedUsd);
      };
      await expect.poll(held, { interval: 1, timeout: 5_000 }).toBeGreaterThan(reserved);
      await first.end('SIGKILL');
      const left = await books();
      expect(left).toMatchObject({ reservations: 1, settledUsd: '0.00' });

      await expect.poll(books, { timeout: 15_000, interval: 200 }).toEqual({
        committedUsd: left.committedUsd,
        settledUsd: left.committedUsd,
        reservations: 0,
      });
    } finally {
      await Promise.all([first.end('SIGKILL'), second.end()]);
      client.destroy();
      await bedrock.close();
      await dynamodb.close();
      await folder.remove();
    }
  }, 60_000);
});
