/**
 * What comes through the gateway is what Bedrock sent, byte for byte, and is not hoarded.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';
import { HAIKU, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

let running: RunningGateway;
let key: string;

beforeAll(async () => {
  running = await startRunningGateway();
  key = await running.key('transparent');
  await running.cap('transparent', { keys: ['transparent'], limitUsd: 10_000 });
});
afterAll(() => running.close());

const bodyOf = (text: string) =>
  JSON.stringify({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: 1000,
    messages: [{ role: 'user', content: text }],
  });

function post(url: string, bearer: string, operation: string, text: string) {
  return fetch(`${url}/model/${HAIKU}/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: bodyOf(text),
  });
}

async function both(operation: string, text: string) {
  const [direct, through] = await Promise.all([
    post(running.bedrock.url, 'any', operation, text),
    post(running.url, key, operation, text),
  ]);
  return {
    direct: { response: direct, bytes: Buffer.from(await direct.arrayBuffer()) },
    through: { response: through, bytes: Buffer.from(await through.arrayBuffer()) },
  };
}

describe('an answer through the gateway', () => {
  it('is byte-identical for a stream of 200 chunks', async () => {
    const text = '[[output=200]] [[chunks=200]]';

    const { direct, through } = await both('invoke-with-response-stream', text);

    expect(direct.bytes.byteLength).toBeGreaterThan(20_000);
    expect(through.bytes.equals(direct.bytes)).toBe(true);
    expect(through.response.headers.get('content-type')).toBe(
      direct.response.headers.get('content-type'),
    );
  });

  it('is byte-identical for a whole answer of 4 MB', async () => {
    const { direct, through } = await both('invoke', '[[bytes=4000000]]');

    expect(direct.bytes.byteLength).toBeGreaterThan(4_000_000);
    expect(through.bytes.equals(direct.bytes)).toBe(true);
  });

  it('is byte-identical for a stream that ends without its last events', async () => {
    const { direct, through } = await both(
      'invoke-with-response-stream',
      '[[chunks=10]] [[end=3]]',
    );

    expect(through.bytes.equals(direct.bytes)).toBe(true);
  });

  it('keeps the headers that Bedrock gave, and status and type of its errors', async () => {
    const { direct, through } = await both('invoke', '[[error=ModelErrorException]]');

    expect(through.response.status).toBe(direct.response.status);
    expect(through.bytes.equals(direct.bytes)).toBe(true);
    expect(through.response.headers.get('x-amzn-errortype')).toBe(
      direct.response.headers.get('x-amzn-errortype'),
    );
  });
});

const STREAM_BYTES = 96_000_000;
const FLAT_BYTES = 48_000_000;

describe('a slow reader', () => {
  let program: RunningProgram;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    program = await startProgram(
      'bin/local.ts',
      [
        '--port',
        '0',
        '--upstream',
        running.bedrock.url,
        '--ledger',
        running.gateway.dynamoEndpoint ?? '',
      ],
      { cwd: folder.path },
    );
  });
  afterAll(async () => {
    await program.end();
    await folder.remove();
  });

  it('holds the memory of the gateway flat while a long stream waits for it', async () => {
    // Once without waiting: code and buffers that any stream needs are then in place.
    await (await post(program.url, key, 'invoke-with-response-stream', '[[chunks=20]]')).text();
    const before = (await program.residentBytes()) ?? 0;
    const text = `[[bytes=${STREAM_BYTES}]] [[chunks=2000]]`;
    const answer = await openSlowly(
      `${program.url}/model/${HAIKU}/invoke-with-response-stream`,
      text,
    );

    await sleep(2_000);
    const waiting = (await program.residentBytes()) ?? 0;
    let bytes = 0;
    for await (const chunk of answer) bytes += (chunk as Buffer).byteLength;

    expect(bytes).toBeGreaterThan(STREAM_BYTES);
    expect(waiting - before).toBeLessThan(FLAT_BYTES);
  });

  async function openSlowly(url: string, text: string): Promise<IncomingMessage> {
    const sent = request(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    sent.end(bodyOf(text));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.pause();
    return answer;
  }
});
