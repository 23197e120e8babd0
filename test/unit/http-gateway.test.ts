/**
 * The gateway's HTTP side over the true spend guard: what goes in, what goes out, what goes on.
 */
import type { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHttpGateway, type HttpEvent } from '../../lambda/adapters/http/gateway.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { METRIC } from '../../lambda/contract.ts';
import { addUsd, formatUsd } from '../../lambda/domain/money.ts';
import { UpstreamFailure } from '../../lambda/ports/upstream.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  converseAnswer,
  createFakePorts,
  deltaFrame,
  errorResponse,
  guardOptions,
  HAIKU,
  jsonBytes,
  KEY_TEXT,
  metadataFrame,
  response,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import {
  answerTo as answerOf,
  CONVERSE_BODY as BODY,
  eventOf,
  exchange as exchangeWith,
  pathOf,
} from '../helpers/http-requests.ts';
import { createVirtualClock, NOON_MS, type VirtualClock } from '../helpers/virtual-clock.ts';

const TEAM = 'COUNTER#team-budget';
const MAX_BODY_BYTES = 6 * 1024 * 1024;
let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
});

const gateway = (rest = {}) =>
  createHttpGateway({
    guard: createSpendGuard(ports, guardOptions()),
    clock,
    telemetry: ports.telemetry,
    regions: ['us-east-1', 'eu-west-1'],
    overCapStatus: 429,
    ...rest,
  });

const answerTo = (event: HttpEvent, on = gateway()) => answerOf(on, event);
const exchange = (event: HttpEvent, on = gateway()) => exchangeWith(on, event);

const errorOf = (text: string) => JSON.parse(text) as { __type: string; message: string };

describe('an answer that a door cannot write', () => {
  it('is a fault, but settled: its books are waited for', async () => {
    const depth = 20_000;
    const input = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const bytes = Buffer.from(
      `{"output":{"message":{"content":[{"toolUse":{"toolUseId":"a","name":"f","input":${input}}}]}},` +
        '"usage":{"inputTokens":100,"outputTokens":10}}',
    );
    ports.upstream.respond = async () => response(200, [bytes]);
    const body = { model: HAIKU, max_tokens: 10, messages: [{ role: 'user', content: 'a' }] };

    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'settle' ? gate : undefined);

    const { answer, done } = await answerTo(
      eventOf({ rawPath: '/openai/v1/chat/completions', body: JSON.stringify(body) }),
    );
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    await settleDown();

    expect(answer.statusCode).toBe(500);
    expect(JSON.parse(String(answer.body))).toMatchObject({ error: { code: 'invariant_broken' } });
    expect(isDone).toBe(false);
    open(undefined);
    await done;
    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(usd('0.00015'));
    expect(ports.ledger.journal).toMatchObject([{ outcome: 'settled' }]);
  });
});

describe.each([
  ['/v1/messages', 'timeout_error', 'api_error'],
  ['/openai/v1/chat/completions', 'server_error', 'server_error'],
])('a fault of the model’s at %s', (rawPath, timedOut, failed) => {
  it.each([
    [408, 'ModelTimeoutException', timedOut],
    [424, 'ModelErrorException', failed],
  ])('(%d) is not told as one of the request’s', async (status, type, told) => {
    ports.upstream.respond = async () => errorResponse(status, type, 'no');
    const body = { model: HAIKU, max_tokens: 10, messages: [{ role: 'user', content: 'a' }] };

    const { answer, text } = await exchange(eventOf({ rawPath, body: JSON.stringify(body) }));

    expect(answer.statusCode).toBe(status);
    expect(JSON.parse(text)).toMatchObject({ error: { type: told } });
  });
});

describe.each([
  ['/v1/messages', 'Anthropic'],
  ['/openai/v1/chat/completions', 'OpenAI'],
])('an error of Bedrock’s at %s', (rawPath, vendor) => {
  it(`keeps its text in ${vendor}’s shape, also where it stands as "Message"`, async () => {
    ports.upstream.respond = async () => response(403, [jsonBytes({ Message: 'not authorized' })]);
    const body = { model: HAIKU, max_tokens: 10, messages: [{ role: 'user', content: 'a' }] };

    const { answer, text } = await exchange(eventOf({ rawPath, body: JSON.stringify(body) }));

    expect(answer.statusCode).toBe(403);
    expect(JSON.parse(text)).toMatchObject({
      error: { type: 'permission_error', message: 'not authorized' },
    });
  });
});

describe('a whole answer', () => {
  it('is Bedrock’s, byte for byte, with what it cost', async () => {
    const bytes = jsonBytes({ odd: '\u2028', usage: { inputTokens: 100, outputTokens: 10 } });
    ports.upstream.respond = async () => response(200, [bytes], { 'x-amzn-requestid': 'b-1' });

    const { answer, bytes: passed } = await exchange(eventOf());

    expect(passed.equals(bytes)).toBe(true);
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: {
        'x-amzn-requestid': 'b-1',
        'x-hardcap-request-id': 'r-1',
        'x-hardcap-cost-usd': '0.00015',
        'x-hardcap-cap': 'team-budget',
      },
    });
    expect(ports.telemetry.metrics.get(METRIC.requests)).toBe(1);
  });

  it('has its bytes out at once, and ends when it is settled', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'settle' ? gate : undefined);

    const { answer, done } = await answerTo(eventOf());
    const body = answer.body as Readable;
    await settleDown();

    expect(body.readableLength).toBeGreaterThan(0);
    body.resume();
    await settleDown();
    expect(body.readableEnded).toBe(false);
    open(undefined);
    await done;
    await settleDown();
    expect(body.readableEnded).toBe(true);
  });

  it('ends after 250 ms, however slow the settle; the invocation goes on until it is done', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'settle' ? gate : undefined);
    const { answer, done } = await answerTo(eventOf());
    const body = (answer.body as Readable).resume();
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });

    await settleDown();
    clock.advance(250);
    await settleDown();

    expect(body.readableEnded).toBe(true);
    expect(isDone).toBe(false);
    open(undefined);
    await settleDown();
    expect(isDone).toBe(true);
    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(usd('0.00015'));
  });

  it('to a client that has gone is settled all the same', async () => {
    const { answer, done } = await answerTo(eventOf());

    (answer.body as Readable).destroy();
    await done;

    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(usd('0.00015'));
  });

  it('with an error of Bedrock’s keeps its status and type, and is counted', async () => {
    ports.upstream.respond = async () => errorResponse(424, 'ModelErrorException', 'it broke');

    const { answer, text } = await exchange(eventOf());

    expect(answer.statusCode).toBe(424);
    expect(answer.headers['x-amzn-errortype']).toBe('ModelErrorException:http://internal/');
    expect(text).toBe('{"message":"it broke"}');
    expect(ports.telemetry.metrics.get(METRIC.errors)).toBe(1);
  });
});

describe('a stream', () => {
  it('is Bedrock’s, byte for byte, and says no cost in its headers', async () => {
    const frames = [deltaFrame(), metadataFrame(100, 10)];
    ports.upstream.respond = async () => response(200, frames);

    const { answer, bytes } = await exchange(eventOf({ operation: 'converse-stream' }));

    expect(bytes.equals(Buffer.concat(frames))).toBe(true);
    expect(answer.headers).not.toHaveProperty('x-hardcap-cost-usd');
    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(usd('0.00015'));
  });

  it('whose client has gone is read to its end, and settled at its usage', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    ports.upstream.respond = async () =>
      response(
        200,
        (async function* () {
          yield deltaFrame();
          await gate;
          for (let i = 0; i < 5_000; i += 1) yield deltaFrame('x'.repeat(200));
          yield metadataFrame(100, 10);
        })(),
      );
    const { answer, done } = await answerTo(eventOf({ operation: 'converse-stream' }));
    (answer.body as Readable).destroy();

    open();
    await done;

    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(usd('0.00015'));
    expect(ports.ledger.journal).toMatchObject([{ outcome: 'settled' }]);
  });

  it('that is refused before it starts is a whole answer', async () => {
    ports.upstream.respond = async () => errorResponse(400, 'ValidationException', 'no');

    const { answer, text } = await exchange(eventOf({ operation: 'converse-stream' }));

    expect(answer.statusCode).toBe(400);
    expect(text).toBe('{"message":"no"}');
  });
});

describe('a full cap', () => {
  it.each([429, 402])('answers %i, and writes the refusal down', async (overCapStatus) => {
    const caps = [cap({ limitNanoUsd: usd('0') })];
    ports.settings.last = { ...settingsTable({ caps }), readAtMs: NOON_MS };

    const { answer, text } = await exchange(eventOf(), gateway({ overCapStatus }));

    expect(answer.statusCode).toBe(overCapStatus);
    expect(errorOf(text).__type).toBe('BudgetExceededException');
    expect(answer.headers['x-hardcap-request-id']).toBe('r-1');
    expect(answer.headers['server-timing']).toMatch(
      /^auth;dur=[\d.]+, estimate;dur=[\d.]+, reserve;dur=[\d.]+, upstream;dur=0\.00$/,
    );
    expect(ports.ledger.journal).toHaveLength(1);
  });
});

describe('a request that is not let in', () => {
  it.each([
    ['of an unknown path', eventOf({ rawPath: '/chat' }), 404, 'unknown_route'],
    ['of another method', eventOf({ method: 'GET' }), 404, 'unknown_route'],
    ['without a key', eventOf({ headers: {} }), 401, 'unknown_key'],
    ['with garbage for a key', eventOf({ headers: { 'x-api-key': 'x' } }), 401, 'unknown_key'],
    ['with no JSON', eventOf({ body: '{"a":' }), 400, 'invalid_request'],
    [
      'with another region',
      eventOf({ rawPath: `/bedrock/x${pathOf('converse')}` }),
      400,
      'region_not_allowed',
    ],
    ['that is too large', eventOf({ body: ' '.repeat(MAX_BODY_BYTES + 1) }), 413, 'body_too_large'],
    [
      'that is compressed',
      eventOf({ headers: { authorization: `Bearer ${KEY_TEXT}`, 'content-encoding': 'gzip' } }),
      400,
      'invalid_request',
    ],
    [
      // Bedrock could not be asked with it, which nobody would know for certain after the reserve.
      'with a header that no request can be sent with',
      eventOf({
        headers: { authorization: `Bearer ${KEY_TEXT}`, 'x-amzn-bedrock-trace': '\u65e5\u672c' },
      }),
      400,
      'invalid_request',
    ],
  ])('%s touches neither settings nor ledger', async (_, event, status, code) => {
    const { answer, text } = await exchange(event);

    expect(answer.statusCode).toBe(status);
    expect(errorOf(text).message).toMatch(new RegExp(`^${code}: `));
    expect(ports.events).toEqual([]);
  });

  it('of exactly the largest size is let in', async () => {
    const body = BODY.padEnd(MAX_BODY_BYTES);

    expect((await exchange(eventOf({ body }))).answer.statusCode).toBe(200);
  });

  it('by a fault of ours tells the client nothing of it, and the log all', async () => {
    const guard = {
      handle: () => Promise.reject(new TypeError('secret inner detail')),
      handleFree: () => Promise.reject(new Error()),
    };

    const { answer, text } = await exchange(eventOf(), gateway({ guard }));

    expect(answer.statusCode).toBe(500);
    expect(text).not.toContain('secret');
    expect(ports.telemetry.lines).toMatchObject([
      { level: 'error', fields: { requestId: 'r-1', error: 'secret inner detail' } },
    ]);
  });

  it('after its reservation says in headers and message what is charged for nothing', async () => {
    ports.upstream.respond = async () => {
      throw new UpstreamFailure('unknown', 'a reset', undefined);
    };

    const { answer, text } = await exchange(eventOf());

    const reserved = formatUsd(ports.ledger.books(TEAM).settledNanoUsd);
    expect(answer.statusCode).toBe(502);
    expect(answer.headers['x-hardcap-reserved-usd']).toBe(reserved);
    expect(answer.headers['x-hardcap-cost-usd']).toBe(reserved);
    expect(errorOf(text).message).toContain(`charged in full, $${reserved}`);
  });

  it('after its reservation, but before it was sent, says that it costs nothing', async () => {
    ports.upstream.respond = async () => {
      throw new UpstreamFailure('not-sent', 'no connection', undefined);
    };

    const { answer, text } = await exchange(eventOf());

    expect(answer.headers['x-hardcap-cost-usd']).toBe('0.00');
    expect(errorOf(text).message).toContain('nothing is charged');
  });

  it('is answered even where telemetry throws', async () => {
    const broken = () => {
      throw new Error('no more metrics');
    };
    const telemetry = {
      info: broken,
      warn: broken,
      error: broken,
      count: broken,
      describe: broken,
      flush: broken,
    };

    const { answer } = await exchange(eventOf({ headers: {} }), gateway({ telemetry }));

    expect(answer.statusCode).toBe(401);
  });
});

describe('what Bedrock is sent', () => {
  it('is the body that was priced, read from base64 or from text', async () => {
    const encoded = Buffer.from(BODY).toString('base64');

    await exchange(eventOf({ body: encoded, isBase64Encoded: true }));
    await exchange(eventOf());

    const [first, second] = ports.upstream.sent;
    expect(JSON.parse(Buffer.from(first?.body ?? []).toString())).toEqual(JSON.parse(BODY));
    expect(Buffer.from(second?.body ?? []).equals(Buffer.from(first?.body ?? []))).toBe(true);
  });

  it('has headers built from nothing: no key, no cookie, no header that is not known', async () => {
    const headers = {
      Authorization: `Bearer ${KEY_TEXT}`,
      cookie: 'a=b',
      'x-amz-security-token': 'stolen',
      'x-amzn-bedrock-trace': 'ENABLED',
      'x-forwarded-for': '10.0.0.1',
      'content-type': 'text/plain',
    };

    await exchange(eventOf({ headers }));

    expect(ports.upstream.sent[0]?.headers).toEqual({
      'content-type': 'application/json',
      accept: 'application/json',
      'x-amzn-bedrock-trace': 'ENABLED',
    });
  });

  it('goes to the region of the path, at the path that AWS SDKs would ask', async () => {
    await exchange(eventOf({ rawPath: `/bedrock/eu-west-1/model/${HAIKU}/converse` }));

    expect(ports.upstream.sent).toMatchObject([{ region: 'eu-west-1', path: pathOf('converse') }]);
  });
});

describe('CountTokens', () => {
  it('passes the client’s own bytes, reserves nothing and costs nothing', async () => {
    ports.upstream.respond = async () => response(200, [jsonBytes({ inputTokens: 7 })]);

    const { answer, text } = await exchange(
      eventOf({ operation: 'count-tokens', body: '{ "input" : 1 }' }),
    );

    expect(text).toBe('{"inputTokens":7}');
    expect(answer.headers['x-hardcap-cost-usd']).toBe('0.00');
    expect(Buffer.from(ports.upstream.sent[0]?.body ?? []).toString()).toBe('{ "input" : 1 }');
    expect(ports.events).toEqual(['read settings', 'send']);
  });

  it('still needs a key that may use the model', async () => {
    ports.settings.table = settingsTable({ key: undefined });

    const { answer } = await exchange(eventOf({ operation: 'count-tokens' }));

    expect(answer.statusCode).toBe(401);
    expect(ports.upstream.sent).toEqual([]);
  });
});

describe('health', () => {
  it('is answered without a key', async () => {
    const { answer, text } = await exchange(
      eventOf({ rawPath: '/healthz', method: 'GET', headers: {} }),
    );

    expect([answer.statusCode, text]).toEqual([200, '{"status":"ok"}']);
    expect(ports.telemetry.metrics.size).toBe(0);
  });
});

describe('two requests in turn', () => {
  it('of a client that waits for each body’s end never meet their own reservation', async () => {
    // Room for one reservation and what little was settled, not for two reservations.
    ports.upstream.respond = async () => converseAnswer(1, 1);
    const { answer } = await exchange(eventOf());
    const reserved = usd(String(answer.headers['x-hardcap-reserved-usd']));
    const limitNanoUsd = addUsd(reserved, usd('0.0002'));
    const caps = [cap({ limitNanoUsd })];
    ports.settings.last = { ...settingsTable({ caps }), readAtMs: NOON_MS };

    for (let i = 0; i < 5; i += 1) {
      expect((await exchange(eventOf())).answer.statusCode).toBe(200);
    }
  });
});
