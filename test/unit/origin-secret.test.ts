/**
 * Rules of the edge's secret: asked for before all else where one is set, and kept by the front.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createHttpGateway, type HttpEvent } from '../../lambda/adapters/http/gateway.ts';
import type { GuardedRequest } from '../../lambda/application/guarded-request.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { ORIGIN_SECRET_HEADER } from '../../lambda/contract.ts';
import { createFakePorts, guardOptions, KEY_TEXT } from '../helpers/fake-ports.ts';
import { eventOf, exchange, pathOf } from '../helpers/http-requests.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const CURRENT = 'c'.repeat(64);
const PREVIOUS = 'p'.repeat(64);
const AUTHORIZATION = { authorization: `Bearer ${KEY_TEXT}` };

let ports: ReturnType<typeof createFakePorts>;
let gateway: ReturnType<typeof createHttpGateway>;
/** What came through the front. */
let entered: GuardedRequest[];

/** A gateway that takes these secrets, over ports that have seen nothing yet. */
function open(originSecrets: readonly string[]): void {
  const clock = createVirtualClock();
  ports = createFakePorts(clock);
  entered = [];
  const guard = createSpendGuard(ports, guardOptions());
  gateway = createHttpGateway({
    guard: {
      ...guard,
      handle(request) {
        entered.push(request);
        return guard.handle(request);
      },
    },
    clock,
    telemetry: ports.telemetry,
    regions: ['us-east-1'],
    overCapStatus: 429,
    originSecrets,
  });
}

const ask = (offered?: string, rest: Partial<HttpEvent> = {}) => {
  const secret = offered === undefined ? {} : { [ORIGIN_SECRET_HEADER]: offered };
  return exchange(gateway, eventOf({ ...rest, headers: { ...AUTHORIZATION, ...secret } }));
};

describe('where the edge has a secret', () => {
  beforeEach(() => open([CURRENT, PREVIOUS]));

  it.each([
    ['the current one', CURRENT],
    ['the one before', PREVIOUS],
  ])('a request with %s is served', async (_, offered) => {
    const { answer } = await ask(offered);

    expect(answer.statusCode).toBe(200);
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['another one', 'x'.repeat(64)],
    ['the beginning of it', CURRENT.slice(0, 63)],
    ['more than it', `${CURRENT}c`],
    ['it in another case', CURRENT.toUpperCase()],
    ['both, as the environment has them', `${CURRENT},${PREVIOUS}`],
    ['it twice, as two headers are joined', `${CURRENT}, ${CURRENT}`],
  ])('a request with %s is answered 403, and nothing is looked at', async (_, offered) => {
    const { answer, text } = await ask(offered);

    expect(answer.statusCode).toBe(403);
    expect(answer.headers).toMatchObject({
      'x-amzn-errortype': 'AccessDeniedException',
      'x-hardcap-reason': 'edge_required',
      'x-should-retry': 'false',
    });
    expect(text).toContain('edge_required: ');
    expect(ports.events).toEqual([]);
    expect(ports.upstream.sent).toEqual([]);
  });

  it('finds it under a name in any case, as HTTP has it', async () => {
    const headers = { ...AUTHORIZATION, 'X-Hardcap-Origin-Secret': CURRENT };

    const { answer } = await exchange(gateway, eventOf({ headers }));

    expect(answer.statusCode).toBe(200);
  });

  it('says nothing of secrets or keys to who comes without it', async () => {
    const { answer, text } = await ask('x'.repeat(64));

    const told = JSON.stringify(answer.headers) + text;
    for (const secret of [CURRENT, PREVIOUS, KEY_TEXT, 'xxxx']) expect(told).not.toContain(secret);
  });

  it.each([
    ['a key that is none', { headers: { authorization: 'Bearer none' } }],
    ['a path that is none', { rawPath: '/nothing' }],
    ['a body that is none', { body: '{' }],
    ['the health check', { rawPath: '/healthz', method: 'GET' }],
    ['what is served to nobody', { rawPath: '/async-invoke' }],
  ])('%s is answered alike: nobody learns there what is served', async (_, rest) => {
    const { answer } = await exchange(gateway, eventOf(rest));

    expect(answer.statusCode).toBe(403);
  });

  it.each([
    ['/v1/messages', { type: 'error', error: { type: 'permission_error' } }],
    ['/openai/v1/chat/completions', { error: { type: 'permission_error', code: 'edge_required' } }],
    [pathOf('converse'), { __type: 'AccessDeniedException' }],
  ])('the answer at %s is in the shape of that door', async (rawPath, shape) => {
    const { text } = await ask(undefined, { rawPath });

    expect(JSON.parse(text)).toMatchObject(shape);
  });

  it('goes no further than the front: not to Bedrock, not to the journal, not to the log', async () => {
    await ask(CURRENT);

    const { sent } = ports.upstream;
    expect([entered.length, sent.length]).toEqual([1, 1]);
    const all = JSON.stringify(
      [entered, sent, ports.ledger.journal, ports.telemetry],
      (_name, value) => (typeof value === 'bigint' ? String(value) : value),
    );
    expect(all).not.toContain(CURRENT);
    expect(all).not.toContain(ORIGIN_SECRET_HEADER);
  });
});

describe('where the edge has none', () => {
  beforeEach(() => open([]));

  it.each([undefined, CURRENT])('every request is served (header: %s)', async (offered) => {
    const { answer } = await ask(offered);

    expect(answer.statusCode).toBe(200);
  });
});
