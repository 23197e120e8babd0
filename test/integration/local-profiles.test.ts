/**
 * Application inference profiles in local mode, whose simulated Bedrock knows two of them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const arn = (name: string, region = 'us-east-1') =>
  `arn:aws:bedrock:${region}:000000000000:application-inference-profile/${name}`;

let running: RunningGateway;
let key: string;
beforeAll(async () => {
  running = await startRunningGateway({ upstream: 'simulated' });
  key = await running.key('profiles');
  await running.cap('by-model', { limitUsd: '1', window: 'daily', keys: ['profiles'] });
});
afterAll(() => running.close());

const ask = (modelId: string, text = '[[input=1000]] [[output=100]]') =>
  fetch(`${running.url}/model/${encodeURIComponent(modelId)}/converse`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      messages: [{ role: 'user', content: [{ text }] }],
      inferenceConfig: { maxTokens: 100 },
    }),
  });

describe('T23: an application inference profile in local mode', () => {
  it.each([
    ['demo-haiku', '0.00165'],
    ['demo-nova', '0.000084'],
  ])('%s is priced as its model', async (name, costUsd) => {
    const response = await ask(arn(name));
    await response.arrayBuffer();

    expect(response.status).toBe(200);
    expect(response.headers.get('x-hardcap-cost-usd')).toBe(costUsd);
  });

  it('is counted as its model by Anthropic’s door, too', async () => {
    const response = await fetch(`${running.url}/v1/messages/count_tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: arn('demo-haiku'),
        messages: [{ role: 'user', content: '[[input=12]]' }],
      }),
    });

    expect(await response.json()).toEqual({ input_tokens: 12 });
  });

  it.each([
    ['that nobody knows', arn('demo-opus')],
    ['of another region', arn('demo-haiku', 'eu-west-1')],
  ])('is refused, if it is one %s', async (_what, modelId) => {
    const response = await ask(modelId);

    expect(response.status).toBe(400);
    expect(response.headers.get('x-hardcap-reason')).toBe('model_not_priced');
  });
});
