/**
 * Programs before a Function URL with `authType: iam`: the signature is Lambda's to judge, and the
 * hardcap key stands in a header of its own. docs/deploying.md shows people the same lines.
 */
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { HttpRequest } from '@smithy/protocol-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOVA, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'st' };
const QUESTION = {
  modelId: NOVA,
  messages: [{ role: 'user' as const, content: [{ text: 'Hello. [[output=7]]' }] }],
  inferenceConfig: { maxTokens: 50 },
};

let running: RunningGateway;
let key: string;

beforeAll(async () => {
  running = await startRunningGateway();
  key = await running.key('signed');
  await running.cap('signed-daily', { keys: ['signed'], limitUsd: 1 });
});
afterAll(() => running.close());

/** A Bedrock client that signs for Lambda, and what it last sent. */
function signingClient(hardcapKey: string | undefined) {
  const sent: { headers?: Record<string, string> } = {};
  const client = new BedrockRuntimeClient({
    endpoint: running.url,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    // A Function URL takes signatures for Lambda only.
    httpAuthSchemeProvider: () => [
      {
        schemeId: 'aws.auth#sigv4',
        signingProperties: { signingName: 'lambda', signingRegion: 'us-east-1' },
        propertiesExtractor: (config, context) => ({ signingProperties: { config, context } }),
      },
    ],
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as HttpRequest;
      if (hardcapKey !== undefined) headers['x-hardcap-key'] = hardcapKey;
      return next(args);
    },
    { step: 'build' },
  );
  client.middlewareStack.add(
    (next) => (args) => {
      sent.headers = { ...(args.request as HttpRequest).headers };
      return next(args);
    },
    { step: 'deserialize', priority: 'low' },
  );
  return { client, sent };
}

describe('a request that is signed for the Function URL', () => {
  it('is served by the key in x-hardcap-key: the signature beside it is ignored', async () => {
    const { client, sent } = signingClient(key);

    const { usage } = await client.send(new ConverseCommand(QUESTION));

    expect(usage?.outputTokens).toBe(7);
    expect(sent.headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/lambda\/aws4_request, /,
    );
    expect(sent.headers?.authorization).toContain('x-hardcap-key');
  });

  it('streams', async () => {
    const { client } = signingClient(key);

    const { stream } = await client.send(new ConverseStreamCommand(QUESTION));

    const events = [];
    for await (const event of stream ?? []) events.push(event);
    expect(events.at(-1)?.metadata?.usage?.outputTokens).toBe(7);
  });

  it('is refused without the key, which no signature stands for', async () => {
    const { client } = signingClient(undefined);

    await expect(client.send(new ConverseCommand(QUESTION))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      $metadata: { httpStatusCode: 401 },
    });
  });
});
