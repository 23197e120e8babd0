/**
 * The edge's secret in local mode: the Function URL answers only who comes by way of the edge.
 */
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ENV, ORIGIN_SECRET_HEADER } from '../../lambda/contract.ts';
import {
  converse,
  HAIKU,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

const SECRET = 's3cr3t'.repeat(8);
const CAP = 'edge-daily';

let running: RunningGateway;
let key: string;

beforeAll(async () => {
  running = await startRunningGateway({
    env: { [ENV.originSecret]: `${SECRET},${'o'.repeat(40)}` },
  });
  key = await running.key('edge');
  await running.cap(CAP, { keys: ['edge'] });
});
afterAll(() => running.close());

/** What CloudFront does to each request, done by the SDK itself. */
function byWayOfTheEdge(client: BedrockRuntimeClient): BedrockRuntimeClient {
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers[ORIGIN_SECRET_HEADER] = SECRET;
      return next(args);
    },
    { step: 'finalizeRequest', name: 'edge' },
  );
  return client;
}

const client = () =>
  new BedrockRuntimeClient({
    endpoint: running.url,
    region: 'us-east-1',
    token: { token: key },
    authSchemePreference: ['httpBearerAuth'],
  });

const ASK = {
  modelId: HAIKU,
  messages: [{ role: 'user' as const, content: [{ text: '[[output=7]]' }] }],
  inferenceConfig: { maxTokens: 100 },
};

it('refuses a good key that comes directly, and reserves nothing', async () => {
  const response = await converse(running.url, key, 'hello');

  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ __type: 'AccessDeniedException' });
  expect(await running.counterItems(CAP)).toEqual([]);
});

it('is raised by the JavaScript SDK as what it is, after one attempt', async () => {
  const failure = await client()
    .send(new ConverseCommand(ASK))
    .catch((error: unknown) => error);

  expect(failure).toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining('edge_required: '),
    $metadata: { httpStatusCode: 403, attempts: 1 },
  });
});

it('serves the JavaScript SDK by way of the edge, over its own HTTP/2', async () => {
  const answer = await byWayOfTheEdge(client()).send(new ConverseCommand(ASK));

  expect(answer.usage?.outputTokens).toBe(7);
  expect((await running.counter(CAP)).reservations).toBe(0);
});

it('streams by way of the edge', async () => {
  const headers = { [ORIGIN_SECRET_HEADER]: SECRET };

  const response = await converse(running.url, key, '[[output=9]]', {
    operation: 'converse-stream',
    headers,
  });

  expect(response.status).toBe(200);
  expect(await response.text()).toContain('"outputTokens":9');
});
