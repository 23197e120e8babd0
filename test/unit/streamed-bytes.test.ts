/**
 * A stream's bytes on their way through the gateway: not copied, and never many at once.
 */
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHttpGateway } from '../../lambda/adapters/http/gateway.ts';
import { chunksOf } from '../../lambda/adapters/upstream/answer-chunks.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { eventFrame } from '../../local/simulated-stream.ts';
import {
  createFakePorts,
  deltaFrame,
  guardOptions,
  metadataFrame,
  settleDown,
} from '../helpers/fake-ports.ts';
import { answerTo, CONVERSE_BODY, eventOf } from '../helpers/http-requests.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const KB = 1_024;
const CLAUDE_BODY = JSON.stringify({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hello' }],
});

const claudeFrame = (text: string): Uint8Array => {
  const event = { type: 'content_block_delta', delta: { type: 'text_delta', text } };
  const bytes = Buffer.from(JSON.stringify(event)).toString('base64');
  return eventFrame({ type: 'chunk', payload: { bytes }, isChunk: true }, 3);
};

let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  ports = createFakePorts(createVirtualClock({ sleepsAtOnce: false }));
});

/** The body of a stream whose upstream is read from this source, as from a connection. */
async function streamOf(source: Readable, operation = 'converse-stream', body = CONVERSE_BODY) {
  ports.upstream.respond = async () => ({
    status: 200,
    headers: {},
    body: chunksOf(source),
    abort: () => source.destroy(),
  });
  const { clock, telemetry } = ports;
  const guard = createSpendGuard(ports, guardOptions());
  const regions = ['us-east-1'];
  const gateway = createHttpGateway({ guard, clock, telemetry, regions, overCapStatus: 429 });
  const { answer, done } = await answerTo(gateway, eventOf({ operation, body }));
  return { body: answer.body as Readable, done };
}

const placeOf = (bytes: Uint8Array) => ({
  memory: bytes.buffer,
  at: bytes.byteOffset,
  bytes: bytes.byteLength,
});

/** The memory of these chunks as they come in, and of those that go out. */
async function places(chunks: readonly Uint8Array[], operation?: string, requestBody?: string) {
  const source = new Readable({ read: () => undefined });
  const { body, done } = await streamOf(source, operation, requestBody);
  const sent: Uint8Array[] = [];
  body.on('data', (chunk: Uint8Array) => sent.push(chunk));
  for (const chunk of [...chunks, metadataFrame(100, 10)]) {
    source.push(chunk);
    await settleDown();
  }
  source.push(null);
  await done;
  return { came: chunks.map(placeOf), went: sent.map(placeOf) };
}

describe('a chunk of whole frames', () => {
  it.each([
    ['converse-stream', CONVERSE_BODY, deltaFrame],
    ['invoke-with-response-stream', CLAUDE_BODY, claudeFrame],
  ])('of %s goes out in the memory that it came in', async (operation, requestBody, frame) => {
    const chunks = [frame('one'), Buffer.concat([frame('two'), frame('three')]), frame('four')];

    const { came, went } = await places(chunks, operation, requestBody);

    expect(came).toHaveLength(3);
    for (const [index, place] of came.entries()) {
      expect(went[index]?.memory).toBe(place.memory);
      expect(went[index]).toMatchObject({ at: place.at, bytes: place.bytes });
    }
  });
});

describe('a frame that comes in parts', () => {
  it('is copied once, and what follows it not at all', async () => {
    const split = Buffer.from(deltaFrame('split'));
    const first = Buffer.concat([deltaFrame('first'), split.subarray(0, 20)]);
    const second = Buffer.from(split.subarray(20));
    const third = Buffer.from(deltaFrame('third'));

    const { came, went } = await places([first, second, third]);

    const wholeBytes = first.byteLength - 20;
    expect(went[0]).toMatchObject({ at: came[0]?.at, bytes: wholeBytes });
    expect(went[0]?.memory).toBe(came[0]?.memory);
    expect(went[1]?.bytes).toBe(split.byteLength);
    expect(went[2]?.memory).toBe(came[2]?.memory);
    expect(went[2]).toMatchObject({ at: came[2]?.at, bytes: came[2]?.bytes });
  });

  it('is copied no second time with the part of the next one that came along', async () => {
    const frames = ['one', 'two', 'three'].map((text) => Buffer.from(deltaFrame(text)));
    const [one = Buffer.of(), two = Buffer.of(), three = Buffer.of()] = frames;
    const middle = Buffer.concat([one.subarray(20), two, three.subarray(0, 20)]);
    const last = Buffer.from(three.subarray(20));

    const { went } = await places([Buffer.from(one.subarray(0, 20)), middle, last]);

    // One copy for each time that a part is completed; it holds no byte of what is not whole.
    expect(went.slice(0, 2).map(({ bytes }) => bytes)).toEqual([
      one.byteLength + two.byteLength,
      three.byteLength,
    ]);
  });
});

describe('a client that stops reading', () => {
  const OFFERED_CHUNKS = 1_024;
  const CHUNK = Buffer.from(deltaFrame('x'.repeat(63 * KB)));
  /** The body's mark, what waits to be relayed, and the source's own mark, each and a chunk. */
  const MOST_HELD_BYTES = 3 * CHUNK.byteLength + (256 + 64 + 64) * KB;

  it('holds back what upstream has: of 64 MB no more than some chunks are in memory', async () => {
    let offered = 0;
    const source = new Readable({
      highWaterMark: 64 * KB,
      read() {
        if (offered === OFFERED_CHUNKS) this.push(metadataFrame(100, 10));
        if (offered >= OFFERED_CHUNKS) this.push(null);
        else this.push(CHUNK);
        offered += 1;
      },
    });
    const { body, done } = await streamOf(source);
    await settleDown();
    await settleDown();
    const heldBytes = offered * CHUNK.byteLength;

    let receivedBytes = 0;
    let mostHeldBytes = 0;
    for await (const chunk of body) {
      receivedBytes += (chunk as Buffer).byteLength;
      mostHeldBytes = Math.max(mostHeldBytes, offered * CHUNK.byteLength - receivedBytes);
    }
    await done;

    expect(heldBytes).toBeGreaterThan(256 * KB);
    expect(heldBytes).toBeLessThanOrEqual(MOST_HELD_BYTES);
    expect(mostHeldBytes).toBeLessThanOrEqual(MOST_HELD_BYTES);
    expect(receivedBytes).toBeGreaterThan(OFFERED_CHUNKS * CHUNK.byteLength);
  });
});
