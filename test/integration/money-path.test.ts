/**
 * The money path on every way out, through the real handler, ledger and settings.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  converse,
  HAIKU,
  NOVA,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

let running: RunningGateway;
let key: string;
let turn = 0;
let capId = '';

beforeAll(async () => {
  running = await startRunningGateway();
});
afterAll(() => running.close());
beforeEach(async () => {
  // One key and one cap for each test, so that the books of one are not another's.
  turn += 1;
  capId = `cap-${turn}`;
  key = await running.key(`caller-${turn}`);
  await running.cap(capId, { keys: [`caller-${turn}`] });
  running.bedrock.book.reset();
});

interface ErrorBody {
  readonly __type: string;
  readonly message: string;
}
const errorOf = async (response: Response) => (await response.json()) as ErrorBody;

/** The journal is written behind the answer. */
async function lastJournal() {
  const entries = await expect
    .poll(async () => {
      const all = await running.journal();
      return all.filter(({ keyId }) => keyId === `caller-${turn}`);
    })
    .not.toHaveLength(0)
    .then(() => running.journal());
  return entries.filter(({ keyId }) => keyId === `caller-${turn}`).at(-1);
}

describe('a request that succeeds', () => {
  it('is settled at what its metered tokens cost, to the nano-dollar', async () => {
    const response = await converse(running.url, key, '[[input=1000]] [[output=50]]');

    expect(response.status).toBe(200);
    await response.arrayBuffer();
    // 1,000 x $1.10 and 50 x $5.50 a million.
    expect(response.headers.get('x-hardcap-cost-usd')).toBe('0.001375');
    expect(await running.counter(capId)).toEqual({
      committedUsd: '0.001375',
      settledUsd: '0.001375',
      reservations: 0,
    });
  });

  it('is journalled with what was reserved and what it cost, without prompt or answer', async () => {
    await (await converse(running.url, key, 'a secret prompt [[input=10]] [[output=5]]')).text();

    const entry = await lastJournal();

    expect(entry).toMatchObject({ outcome: 'settled', operation: 'converse', modelId: HAIKU });
    expect(JSON.stringify(entry)).not.toContain('secret prompt');
    expect(String(entry?.costUsd)).toBe('0.0000385');
  });

  it('costs the same streamed as whole', async () => {
    const asked = '[[input=1000]] [[output=50]] [[cache-read=200]] [[cache-write=300]]';
    await (await converse(running.url, key, asked)).text();
    const whole = (await running.counter(capId)).settledUsd;
    await (await converse(running.url, key, asked, { operation: 'converse-stream' })).text();

    const both = (await running.counter(capId)).settledUsd;

    expect(Number(both)).toBeCloseTo(2 * Number(whole), 9);
    expect(Number(whole)).toBeGreaterThan(0);
  });

  it('never meets its own reservation when requests follow one another', async () => {
    // Room for one worst case at a time: a reservation that stood on would refuse the next.
    await running.cap(capId, { keys: [`caller-${turn}`], limitUsd: '0.0020' });

    for (let i = 0; i < 3; i += 1) {
      const response = await converse(running.url, key, '[[input=1]] [[output=1]]');
      await response.text();
      expect(response.status).toBe(200);
    }
  });
});

describe('a request over its cap', () => {
  it('is refused with 429, names the cap and its books, and never reaches Bedrock', async () => {
    await running.cap(capId, { keys: [`caller-${turn}`], limitUsd: '0.000001' });

    const response = await converse(running.url, key, 'hello');

    expect(response.status).toBe(429);
    expect(response.headers.get('x-amzn-errortype')).toBe('BudgetExceededException');
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.get('retry-after')).toBeNull();
    expect(response.headers.get('x-hardcap-cap')).toBe(capId);
    const { __type, message } = await errorOf(response);
    expect(__type).toBe('BudgetExceededException');
    expect(message).toContain(`cap "${capId}"`);
    expect(message).toContain('larger-than-limit');
    expect(message).toMatch(/resets at \d{4}-\d\d-\d\dT/);
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('is refused where the limit is zero', async () => {
    await running.cap(capId, { keys: [`caller-${turn}`], limitUsd: 0 });

    expect((await converse(running.url, key, 'hello')).status).toBe(429);
  });

  it('passes where the cap only warns, and is counted', async () => {
    await running.cap(`${capId}-warn`, {
      keys: [`caller-${turn}`],
      limitUsd: '0.000001',
      action: 'warn',
    });

    const response = await converse(running.url, key, '[[input=1000]] [[output=50]]');
    await response.text();

    expect(response.status).toBe(200);
    expect((await running.counter(`${capId}-warn`)).settledUsd).toBe('0.001375');
  });

  it('takes nothing from the other caps that had room', async () => {
    await (await converse(running.url, key, 'hello')).text();
    const before = await running.counter(capId);
    await running.cap(`${capId}-none`, { keys: [`caller-${turn}`], limitUsd: 0 });

    expect((await converse(running.url, key, 'hello')).status).toBe(429);

    expect(await running.counter(capId)).toEqual(before);
  });
});

describe('what Bedrock answers with an error', () => {
  it('leaves no spend behind after a burst of throttling', async () => {
    const burst = await Promise.all(
      Array.from({ length: 20 }, () =>
        converse(running.url, key, '[[error=ThrottlingException]]', { maxTokens: 1000 }),
      ),
    );

    expect(burst.map(({ status }) => status)).toEqual(Array(20).fill(429));
    expect(burst[0]?.headers.get('x-amzn-errortype')).toContain('ThrottlingException');
    await Promise.all(burst.map((response) => response.text()));
    expect(await running.counter(capId)).toEqual({
      committedUsd: '0.00',
      settledUsd: '0.00',
      reservations: 0,
    });
  });

  it.each([
    ['AccessDeniedException', 403],
    ['ValidationException', 400],
    ['ResourceNotFoundException', 404],
    ['ServiceUnavailableException', 503],
  ])('releases after %s, and passes it on', async (type, status) => {
    const response = await converse(running.url, key, `[[error=${type}]]`);
    await response.text();

    expect(response.status).toBe(status);
    expect((await running.counter(capId)).committedUsd).toBe('0.00');
  });

  it.each(['InternalServerException', 'ModelTimeoutException', 'ModelErrorException'])(
    'charges in full after %s, as it may have been billed',
    async (type) => {
      const response = await converse(running.url, key, `[[error=${type}]]`);
      await response.text();

      const { settledUsd, reservations } = await running.counter(capId);
      expect(settledUsd).toBe(response.headers.get('x-hardcap-reserved-usd'));
      expect(reservations).toBe(0);
    },
  );

  it('charges in full where the connection is reset after the request was sent', async () => {
    const response = await converse(running.url, key, '[[reset]]');

    expect(response.status).toBe(502);
    expect((await errorOf(response)).message).toContain('upstream_failed');
    const { settledUsd, reservations } = await running.counter(capId);
    expect(Number(settledUsd)).toBeGreaterThan(0);
    expect(reservations).toBe(0);
  });

  it('charges in full where the answer holds no usage', async () => {
    const response = await converse(running.url, key, '[[no-usage]]');
    await response.text();

    expect(response.status).toBe(200);
    const { settledUsd } = await running.counter(capId);
    expect(settledUsd).toBe(response.headers.get('x-hardcap-reserved-usd'));
  });

  it('charges in full where a stream breaks off, and says so within the stream', async () => {
    const response = await converse(running.url, key, '[[chunks=10]] [[cut=3]]', {
      operation: 'converse-stream',
    });

    const text = await response.text();

    expect(text).toContain('internalServerException');
    const { settledUsd } = await running.counter(capId);
    expect(settledUsd).toBe(response.headers.get('x-hardcap-reserved-usd'));
  });

  it('releases where a stream begins with a throttling exception', async () => {
    const response = await converse(running.url, key, '[[exception=throttlingException@0]]', {
      operation: 'converse-stream',
    });
    await response.text();

    expect((await running.counter(capId)).reservations).toBe(0);
  });
});

describe('a client that leaves', () => {
  it('is settled like one that stays', async () => {
    const leaving = new AbortController();
    const response = await converse(
      running.url,
      key,
      '[[input=1000]] [[output=50]] [[chunks=20]] [[delay=20]]',
      { operation: 'converse-stream', signal: leaving.signal },
    );
    await response.body?.getReader().read();

    leaving.abort();

    await expect
      .poll(async () => (await running.counter(capId)).settledUsd, { timeout: 5_000 })
      .toBe('0.001375');
  });
});

describe('what cannot be priced', () => {
  it('refuses a request member that it does not know, by name, and sends nothing', async () => {
    const response = await converse(running.url, key, 'hello', {
      body: { turboCharge: { doublePrice: true } },
    });

    expect(response.status).toBe(400);
    const { __type, message } = await errorOf(response);
    expect(__type).toBe('ValidationException');
    expect(message).toMatch(/^unpriced_field: .*turboCharge/);
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('refuses a model that is not in the catalogue, by name', async () => {
    const modelId = 'anthropic.claude-opus-9-9';

    const response = await converse(running.url, key, 'hello', { modelId });

    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toMatch(/^model_not_priced: .*claude-opus-9-9/);
  });

  it('reserves one nano-dollar for a model marked free, which is not a tombstone', async () => {
    await running.put('PRICE', NOVA, { free: true });
    try {
      const response = await converse(running.url, key, '[[output=50]]', { modelId: NOVA });
      await response.text();

      expect(response.status).toBe(200);
      expect(response.headers.get('x-hardcap-reserved-usd')).toBe('0.000000001');
      expect(response.headers.get('x-hardcap-cost-usd')).toBe('0.00');
      const books = await running.counter(capId);
      expect(books).toEqual({ committedUsd: '0.00', settledUsd: '0.00', reservations: 0 });
    } finally {
      await running.dynamo.send(
        new (await import('@aws-sdk/lib-dynamodb')).DeleteCommand({
          TableName: running.gateway.settingsTable,
          Key: { pk: 'PRICE', sk: NOVA },
        }),
      );
    }
  });
});

describe('keys', () => {
  it('refuses a request without a key, with garbage, and with a key that is not known', async () => {
    const { newKey } = await import('../helpers/running-gateway.ts');
    for (const offered of ['', 'hc_x', newKey('nobody')]) {
      const response = await converse(running.url, offered, 'hello');
      expect(response.status).toBe(401);
      expect((await errorOf(response)).__type).toBe('UnrecognizedClientException');
    }
  });

  it('refuses a disabled and an expired key', async () => {
    const disabled = await running.key(`off-${turn}`, { enabled: false });
    const expired = await running.key(`old-${turn}`, { expiresAt: '2020-01-01T00:00:00Z' });

    expect((await converse(running.url, disabled, 'hello')).status).toBe(401);
    expect((await converse(running.url, expired, 'hello')).status).toBe(401);
  });

  it('refuses a model that the key may not use', async () => {
    const only = await running.key(`only-${turn}`, { models: ['*nova*'] });
    await running.cap(`${capId}-only`, { keys: [`only-${turn}`] });

    const response = await converse(running.url, only, 'hello');

    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toMatch(/^model_not_allowed: /);
  });

  it('refuses a request that no cap covers', async () => {
    await running.removeCap(capId);

    const response = await converse(running.url, key, 'hello');

    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toMatch(/^no_cap_applies: /);
  });

  it('takes the key from x-api-key and x-hardcap-key, and refuses two that differ', async () => {
    const post = (headers: Record<string, string>) =>
      fetch(`${running.url}/model/${HAIKU}/converse`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          messages: [{ role: 'user', content: [{ text: 'hi' }] }],
          inferenceConfig: { maxTokens: 10 },
        }),
      });

    expect((await post({ 'x-api-key': key })).status).toBe(200);
    const sigV4 = 'AWS4-HMAC-SHA256 Credential=a/20261124/us-east-1/bedrock/aws4_request';
    expect((await post({ authorization: sigV4, 'x-hardcap-key': key })).status).toBe(200);
    expect((await post({ 'x-api-key': key, 'x-hardcap-key': 'hc_other' })).status).toBe(400);
  });
});

describe('malformed settings', () => {
  it('refuses what a malformed cap could cover, naming item and field, and nothing else', async () => {
    await running.cap(`${capId}-bad`, { keys: [`caller-${turn}`], limitUsd: 'ten' });
    const other = await running.key(`other-${turn}`);
    await running.cap(`${capId}-other`, { keys: [`other-${turn}`] });
    try {
      const response = await converse(running.url, key, 'hello');

      expect(response.status).toBe(503);
      const { message } = await errorOf(response);
      expect(message).toContain(`${capId}-bad`);
      expect(message).toContain('limitUsd');
      expect((await converse(running.url, other, 'hello')).status).toBe(200);
    } finally {
      await running.removeCap(`${capId}-bad`);
    }
  });
});

describe('routes', () => {
  it('answers GET /inference-profiles and unknown routes with 404, JSON and a type', async () => {
    for (const path of ['/inference-profiles?type=SYSTEM_DEFINED', '/v2/anything', '/']) {
      const response = await fetch(`${running.url}${path}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
      expect((await errorOf(response)).__type).toBe('UnknownOperationException');
    }
  });

  it('takes model ids raw and encoded, behind a region and behind a doubled slash', async () => {
    const body = JSON.stringify({
      messages: [{ role: 'user', content: [{ text: 'hi' }] }],
      inferenceConfig: { maxTokens: 10 },
    });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const post = (path: string) =>
      fetch(`${running.url}${path}`, { method: 'POST', headers, body });

    expect((await post(`/model/${HAIKU}/converse`)).status).toBe(200);
    expect((await post(`/model/${encodeURIComponent(HAIKU)}/converse`)).status).toBe(200);
    expect((await post(`//model/${HAIKU}/converse`)).status).toBe(200);
    expect((await post(`/bedrock/us-east-1/model/${HAIKU}/converse`)).status).toBe(200);
    const elsewhere = await post(`/bedrock/eu-north-9/model/${HAIKU}/converse`);
    expect(elsewhere.status).toBe(400);
    expect((await errorOf(elsewhere)).message).toMatch(/^region_not_allowed: /);
  });

  it('counts tokens for a key, free, without a reservation', async () => {
    // Bedrock counts for a bare model id, not for a profile.
    const model = 'anthropic.claude-haiku-4-5-20251001-v1:0';
    const response = await fetch(`${running.url}/model/${model}/count-tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        input: { converse: { messages: [{ role: 'user', content: [{ text: 'hello' }] }] } },
      }),
    });

    expect(response.status).toBe(200);
    expect(await response.json()).toHaveProperty('inputTokens');
    expect(await running.counterItems(capId)).toEqual([]);
  });

  it('answers /healthz for people', async () => {
    expect(await (await fetch(`${running.url}/healthz`)).json()).toEqual({ status: 'ok' });
  });
});
