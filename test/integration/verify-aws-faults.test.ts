/**
 * Every check of `verify:aws` can fail: each finds the fault that it is for, and only a fault.
 */
import { readFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../scripts/verify-aws/all-checks.ts';
import type { AwsAccount } from '../../scripts/verify-aws/aws-account.ts';
import { createCaller, type Sign } from '../../scripts/verify-aws/caller.ts';
import type { Scene } from '../../scripts/verify-aws/check.ts';
import { type Fault, startFaultyFront } from '../helpers/faulty-front.ts';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';
import { sceneAt } from '../helpers/verify-scene.ts';

let running: RunningGateway;
let key: string;
const opened: { close(): unknown }[] = [];

beforeAll(async () => {
  running = await startRunningGateway();
  key = await running.key('verify');
  await running.cap('verify', { keys: ['verify'], limitUsd: 1 });
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
afterAll(() => running.close());

function find(id: string, scene: Scene) {
  const check = CHECKS.find((one) => one.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check.run(scene);
}

const without =
  (name: string): NonNullable<Fault['head']> =>
  ({ status, headers: { [name]: _, ...headers } }) => ({ status, headers });

const withHeader =
  (name: string, value: string): NonNullable<Fault['head']> =>
  ({ status, headers }) => ({ status, headers: { ...headers, [name]: value } });

const denied = (part: RegExp): NonNullable<Fault['instead']> => {
  const body = JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized' });
  return ({ path }) => (part.test(path) ? { status: 403, headers: {}, body } : undefined);
};

const decodedOnce = (url: string): string => decodeURIComponent(url);

/** By check: what is wrong, and how the platform (or the gateway) would do it. */
const FAULTS: readonly [id: string, name: string, fault: Fault][] = [
  ['clock', 'another time', { head: withHeader('date', new Date(0).toUTCString()) }],
  ['error-headers', 'an error without its type', { head: without('x-amzn-errortype') }],
  ['error-headers', 'a type of the platform', { head: withHeader('x-amzn-errortype', 'Other') }],
  ['error-headers', 'a renamed header', { head: withHeader('x-amzn-remapped-date', 'x') }],
  [
    'authorization',
    'Authorization that does not come through',
    { requestHeaders: ({ authorization: _, ...headers }) => headers },
  ],
  [
    'authorization',
    'a signature that is judged',
    {
      instead: ({ headers }) =>
        headers.authorization?.startsWith('AWS4')
          ? { status: 403, headers: {}, body: '{"Message":"Forbidden"}' }
          : undefined,
    },
  ],
  ['paths', 'a path that is decoded', { path: decodedOnce }],
  [
    'answer-headers',
    'token counts that are lost',
    { head: without('x-amzn-bedrock-input-token-count') },
  ],
  ['answer-headers', 'no Server-Timing', { head: without('server-timing') }],
  ['role', 'a role that may not stream', { instead: denied(/with-response-stream/) }],
  ['stream', 'streams that are held back', { body: (body) => body }],
  ['stream', 'a stream that is damaged', { body: (body) => body.fill(1, 200, 210) }],
  ['stream', 'a stream that ends early', { body: (body) => body.subarray(0, -40) }],
  ['client-leaves', 'a stream that is charged above its bound', { head: chargedTooMuch() }],
  [
    'refusal',
    'a refusal of another type',
    {
      instead: ({ path }) =>
        path.includes('opus')
          ? {
              status: 429,
              headers: { 'x-amzn-errortype': 'ThrottlingException' },
              body: '{"message":"slow down"}',
            }
          : undefined,
    },
  ],
  [
    'request-size',
    'a lower limit',
    {
      instead: ({ body }) =>
        body.length > 4_000_000 ? { status: 413, headers: {}, body: '{}' } : undefined,
    },
  ],
  ['count-tokens', 'a model that is not counted', { instead: denied(/count-tokens/) }],
  [
    'count-tokens',
    'a count that is too low',
    {
      instead: ({ path }) =>
        path.includes('count-tokens')
          ? { status: path.includes('us.') ? 400 : 200, headers: {}, body: '{"inputTokens":1}' }
          : undefined,
    },
  ],
  ['metadata', 'a header that InvokeModel refuses', { instead: denied(/invoke$/) }],
  ['chat', 'a role that may not chat', { instead: denied(/chat/) }],
  ['chat', 'a stream without its end', { body: (body) => body.subarray(0, -20) }],
  ['guardrail-checks', 'an action of another name', { instead: denied(/guardrail/) }],
  ['latency', 'no Server-Timing', { head: without('server-timing') }],
  [
    'latency',
    'a slow ledger',
    {
      head: withHeader(
        'server-timing',
        'auth;dur=1, estimate;dur=1, reserve;dur=900, upstream;dur=1',
      ),
    },
  ],
  [
    'idle-sockets',
    'a dead connection',
    { instead: () => ({ status: 502, headers: {}, body: '{}' }) },
  ],
  ['parallel', 'a crash', { instead: () => ({ status: 502, headers: {}, body: '{}' }) }],
];

/** What remains falls by a dollar once a stream has been asked for. */
function chargedTooMuch(): NonNullable<Fault['head']> {
  let hasStreamed = false;
  return ({ status, headers }, { path }) => {
    hasStreamed ||= path.includes('converse-stream');
    const remaining = Number(headers['x-hardcap-remaining-usd']) - (hasStreamed ? 0.5 : 0);
    return { status, headers: { ...headers, 'x-hardcap-remaining-usd': remaining.toFixed(9) } };
  };
}

describe('a check finds', () => {
  it.each(FAULTS)('%s: %s', { timeout: 30_000 }, async (id, _name, fault) => {
    const front = await startFaultyFront(running.url, fault);
    opened.push(front);

    const finding = await find(id, sceneAt(front.url, key));

    expect(finding).toMatchObject({ verdict: 'differs' });
    expect(finding.todo).toBeTruthy();
    expect(JSON.stringify(finding)).not.toContain(key);
  });

  it('nothing where a front passes everything on', { timeout: 30_000 }, async () => {
    const front = await startFaultyFront(running.url, {});
    opened.push(front);
    const ids = new Set(FAULTS.map(([id]) => id).filter((id) => id !== 'latency'));

    const verdicts: Record<string, string> = {};
    for (const id of ids) verdicts[id] = (await find(id, sceneAt(front.url, key))).verdict;

    expect(verdicts).toEqual(Object.fromEntries([...ids].map((id) => [id, 'ok'])));
  });
});

describe('the check of the latency beside a direct call', () => {
  const withDirect = (elapsedMs: number) => {
    const account = { converse: async () => ({ kind: 'answered', elapsedMs }) };
    const scene = sceneAt(running.url, key);
    return find('direct-latency', { ...scene, account: account as unknown as AwsAccount });
  };

  it('is content where the gateway adds little, and finds much', async () => {
    expect(await withDirect(1)).toMatchObject({ verdict: 'ok' });
    expect(await withDirect(-500)).toMatchObject({ verdict: 'differs' });
  });
});

describe('the check of a URL that asks for IAM', () => {
  const withFront = async (asksForSignature: boolean) => {
    const front = await startFaultyFront(running.url, {
      instead: ({ headers }) =>
        asksForSignature && headers.authorization !== 'signed'
          ? { status: 403, headers: {}, body: '{"Message":"Forbidden"}' }
          : undefined,
      requestHeaders: ({ authorization: _, ...headers }) => headers,
    });
    opened.push(front);
    const scene = sceneAt(front.url, key, { authType: 'iam' });
    const sign: Sign = async ({ headers }) => ({ ...headers, authorization: 'signed' });
    const caller = createCaller({ ...scene.caller, sign });
    return find('authorization', { ...scene, caller });
  };

  it('is content with a signed request, and finds a URL that lets everybody in', async () => {
    expect(await withFront(true)).toMatchObject({ verdict: 'ok' });
    expect(await withFront(false)).toMatchObject({ verdict: 'differs' });
  });
});

describe('the check of the HTTP version', () => {
  const certificateFile = path.resolve('test/fixtures/tls/certificate.pem');
  const certificate = readFileSync(certificateFile, 'utf8');
  const tls = { cert: certificate, key: readFileSync(path.resolve('test/fixtures/tls/key.pem')) };

  const versionAt = async (server: Http2SecureServer | ReturnType<typeof createHttpsServer>) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(server);
    const url = `https://localhost:${(server.address() as AddressInfo).port}`;
    return find('http-version', sceneAt(url, key, { trustedCertificates: certificate }));
  };

  it('tells HTTP/2 that works', async () => {
    const server = createSecureServer(tls, (_request, response) => response.end('ok'));

    expect(await versionAt(server)).toMatchObject({ verdict: 'ok', seen: /^h2/ });
  });

  it('finds HTTP/2 that is offered and does not answer', async () => {
    const server = createSecureServer(tls, (request) => request.stream.close(2));

    expect(await versionAt(server)).toMatchObject({ verdict: 'differs' });
  });

  it('tells HTTP/1.1 alone, and what it means for the JavaScript SDK', async () => {
    const server = createHttpsServer({ ...tls, ALPNProtocols: ['http/1.1'] }, (_, response) =>
      response.end('ok'),
    );

    const finding = await versionAt(server);

    expect(finding).toMatchObject({ verdict: 'ok' });
    expect(finding.seen).toContain('http/1.1: the JavaScript SDK needs its NodeHttpHandler');
  });

  it('finds an address that is no gateway', async () => {
    const server = createHttpsServer(tls, (_, response) => response.writeHead(404).end());

    expect(await versionAt(server)).toMatchObject({ verdict: 'differs' });
  });
});
