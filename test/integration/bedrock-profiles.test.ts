/**
 * The directory of profiles with the SDK's client, against a server that answers as the control
 * plane does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ClosableProfiles,
  createBedrockProfiles,
} from '../../lambda/adapters/models/bedrock-profiles.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';
const MODEL_ARN = 'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0';
const PROFILE = {
  inferenceProfileName: 'mine',
  inferenceProfileArn: ARN,
  inferenceProfileId: 'abc123def456',
  models: [{ modelArn: MODEL_ARN }],
  status: 'ACTIVE',
  type: 'APPLICATION',
};

let requests: IncomingMessage[] = [];
let respond: (response: ServerResponse) => void;
let profiles: ClosableProfiles;
const server = createServer((request, response) => {
  requests.push(request);
  respond(response);
});

beforeEach(async () => {
  requests = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  profiles = createBedrockProfiles({
    clock: createVirtualClock(),
    endpoint: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterEach(async () => {
  profiles.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const answering = (status: number, body: object, type?: string) => (response: ServerResponse) => {
  const headers = type === undefined ? {} : { 'x-amzn-errortype': type };
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

describe("Bedrock's directory of profiles", () => {
  it('T23: asks by the whole ARN, signed, once, and gives the models', async () => {
    respond = answering(200, PROFILE);

    expect(await profiles.lookUp(ARN, 'us-east-1')).toEqual({
      kind: 'found',
      modelArns: [MODEL_ARN],
    });
    await profiles.lookUp(ARN, 'us-east-1');
    expect(requests.map(({ method, url }) => [method, url])).toEqual([
      ['GET', `/inference-profiles/${encodeURIComponent(ARN)}`],
    ]);
    expect(requests[0]?.headers.authorization).toContain('/us-east-1/bedrock/aws4_request');
  });

  it.each([
    [403, 'AccessDeniedException'],
    [404, 'ResourceNotFoundException'],
    [400, 'ValidationException'],
  ])('threat 11: knows no profile where Bedrock answers %i', async (status, type) => {
    respond = answering(status, { message: 'no' }, type);

    expect(await profiles.lookUp(ARN, 'us-east-1')).toEqual({ kind: 'unknown', problem: type });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['is of another ARN', { ...PROFILE, inferenceProfileArn: `${ARN}x` }],
    ['is not active', { ...PROFILE, status: 'CREATING' }],
    ['says nothing', {}],
  ])('takes no answer that %s', async (_what, body) => {
    respond = answering(200, body);

    expect((await profiles.lookUp(ARN, 'us-east-1')).kind).toBe('unknown');
  });

  it.each([
    [429, 'ThrottlingException'],
    [500, 'InternalServerException'],
  ])('is unavailable after two attempts where Bedrock answers %i', async (status, type) => {
    respond = answering(status, { message: 'later' }, type);

    expect((await profiles.lookUp(ARN, 'us-east-1')).kind).toBe('unavailable');
    expect(requests).toHaveLength(2);
  });

  it('is unavailable where Bedrock does not answer in time', async () => {
    respond = () => undefined;

    const startedMs = performance.now();
    expect((await profiles.lookUp(ARN, 'us-east-1')).kind).toBe('unavailable');
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('asks nobody but its own endpoint, whatever the environment points SDKs at', async () => {
    respond = answering(200, PROFILE);
    process.env.AWS_ENDPOINT_URL_BEDROCK = 'http://127.0.0.1:9';
    try {
      expect((await profiles.lookUp(ARN, 'us-east-1')).kind).toBe('found');
    } finally {
      delete process.env.AWS_ENDPOINT_URL_BEDROCK;
    }
  });
});
