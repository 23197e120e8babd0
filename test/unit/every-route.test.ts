/**
 * T34: no way in reaches Bedrock without a decision. Every door's routes, by every method and in
 * every form that a path can be bent into, go through the gateway over the true spend guard.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { DoorRoute } from '../../lambda/adapters/http/doors/door.ts';
import { loadDoors } from '../../lambda/adapters/http/doors/door-of-path.ts';
import { createHttpGateway } from '../../lambda/adapters/http/gateway.ts';
import { createSpendGuard, type SpendGuard } from '../../lambda/application/spend-guard.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  errorResponse,
  type FakeSettings,
  guardOptions,
  HAIKU,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { eventOf, exchange } from '../helpers/http-requests.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const METHODS = ['POST', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'post', 'Post', ''];
const REGION = 'us-east-1';

const VALUES: Readonly<Record<string, string>> = {
  modelId: encodeURIComponent(HAIKU),
  guardrail: 'gr4ndr41l',
  version: '1',
};

/** The path with something for each name in braces. */
const filled = (path: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => VALUES[name] ?? 'anything');

/** Forms that a proxy, a careless client or an attacker makes of a path. */
const FORMS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.replaceAll('/', '//'),
  (path) => path.replaceAll('/', '///'),
  (path) => path.slice(1),
  (path) => path.replaceAll('/', '%2F'),
  (path) => path.replace(/\/([^/]*)$/, '%2F$1'),
  (path) => path.replace(/\/([^/]*)$/, '%252f$1'),
  (path) => path.replace(/\/([^/]*)$/, '\\$1'),
  (path) => path.replaceAll('/', '/./'),
  (path) => `/x/..${path}`,
  (path) => `${path}/../invoke`,
  (path) => `${path}/invoke`,
  (path) => `${path}%00`,
  (path) => `${path}%`,
  (path) => `${path}?a=b`,
  (path) => `${path};a=b`,
  (path) => `${path}#a`,
  (path) => `${path} `,
  (path) => path.toUpperCase(),
  (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
  (path) => path.replace(/([a-z])([a-z-]*)$/, (_, a: string, b: string) => a.toUpperCase() + b),
  (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => `/bedrock/${REGION}${path}`,
  (path) => `//bedrock//${REGION}/${path}`,
  (path) => `/bedrock/${REGION}/bedrock/${REGION}${path}`,
  (path) => `/bedrock${path}`,
  (path) => `/bedrock/us-west-2${path}`,
  (path) => `/BEDROCK/${REGION}${path}`,
  (path) => `/v1${path}`,
  (path) => `/openai${path}`,
  (path) => `http://elsewhere.example${path}`,
];

/** Operations of other services, and of nobody: none is a route. */
const STRANGERS = [
  '',
  '/',
  '/model',
  '/model//invoke',
  `/model/${VALUES.modelId}`,
  `/model/${VALUES.modelId}/rerank`,
  '/foundation-models',
  '/inference-profiles',
  '/model-invocation-job',
  '/agents/a/agentAliases/b/sessions/c/text',
  '/rerank',
  '/retrieveAndGenerate',
  '/prompts/p',
  '/v1/complete',
  '/v1/messages/batches',
  '/v1/files',
  '/v1/responses',
  '/openai/v1/batches',
  '/openai/v1/responses',
  '/openai/v1/images/generations',
];

const BODIES: readonly [RegExp, object][] = [
  [/guardrail-checks/, { messages: [{ role: 'user', content: [{ text: 'a' }] }], checks: {} }],
  [/guardrail/, { source: 'INPUT', content: [{ text: { text: 'a' } }] }],
  [/count-tokens/, { input: { converse: { messages: [] } } }],
  [/converse/, { messages: [{ role: 'user', content: [{ text: 'a' }] }] }],
  [
    /invoke/,
    {
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'a' }],
    },
  ],
];

/** What a chat client of any door would send. */
const CHAT = { model: HAIKU, max_tokens: 10, messages: [{ role: 'user', content: 'a' }] };

const bodyFor = (path: string): string =>
  JSON.stringify(BODIES.find(([pattern]) => pattern.test(path))?.[1] ?? CHAT);

const ROUTES: readonly DoorRoute[] = (await loadDoors()).flatMap(({ routes }) => routes);
const PATHS = [...new Set([...ROUTES.map(({ path }) => filled(path)), ...STRANGERS])];

/** What a path comes to once slashes are single and an allowed region is taken off. */
const plain = (path: string): string =>
  path.replace(/\/{2,}/g, '/').replace(new RegExp(`^/bedrock/${REGION}(?=/)`), '');

let ports: ReturnType<typeof createFakePorts>;
let clock: ReturnType<typeof createVirtualClock>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
  ports.upstream.respond = async () => errorResponse(400, 'ValidationException', 'as it may be');
});

/** What happened on one request, in order: `handle`, `handleFree`, and all that the ports did. */
async function happened(method: string, path: string, headers?: Record<string, string>) {
  ports.events.length = 0;
  const guard = createSpendGuard(ports, guardOptions());
  const told: SpendGuard = {
    handle(request) {
      ports.events.push('handle');
      return guard.handle(request);
    },
    listModels: (request) => guard.listModels(request),
    handleFree(request, body) {
      ports.events.push(`handleFree ${request.operation}`);
      return guard.handleFree(request, body);
    },
  };
  const gateway = createHttpGateway({
    guard: told,
    clock,
    telemetry: ports.telemetry,
    regions: [REGION, 'eu-west-1'],
    overCapStatus: 429,
  });
  const event = eventOf({
    rawPath: path,
    method,
    body: bodyFor(path),
    ...(headers && { headers }),
  });
  const { answer } = await exchange(gateway, event);
  return { events: [...ports.events], status: answer.statusCode };
}

const isSent = (events: readonly string[]): boolean => events.includes('send');
const isReserve = (event: string): boolean => event.startsWith('reserved ');

/** Calls `look` with what happened on every method, path and form. */
async function walk(
  look: (seen: { method: string; path: string; events: readonly string[] }) => void,
  headers?: Record<string, string>,
): Promise<number> {
  let count = 0;
  for (const path of PATHS) {
    for (const form of FORMS) {
      for (const method of METHODS) {
        const bent = form(path);
        const { events } = await happened(method, bent, headers);
        look({ method, path: bent, events });
        count += 1;
      }
    }
  }
  return count;
}

function holds(rest: Partial<FakeSettings['table']>): void {
  ports.settings.table = settingsTable(rest);
  ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
}

describe('T34: a route', () => {
  it.each(ROUTES)(
    '$method $path is $outcome, as its door says',
    async ({ method, path, outcome }) => {
      const { events, status } = await happened(method, filled(path));

      const sends = events.filter((event) => event === 'send').length;
      expect(sends).toBe(outcome === 'reserved' || outcome === 'free' ? 1 : 0);
      expect(events.filter(isReserve)).toHaveLength(outcome === 'reserved' ? 1 : 0);
      if (outcome === 'answered' || outcome === 'listed') expect(status).toBe(200);
      if (outcome === 'refused') expect(status).toBeGreaterThanOrEqual(400);
    },
  );

  it('reaches Bedrock only after the guard decided, and under a reservation unless free', async () => {
    const leaks: unknown[] = [];
    const tried = await walk(({ method, path, events }) => {
      const sentAt = events.indexOf('send');
      if (sentAt === -1) return;
      const before = events.slice(0, sentAt);
      const isReserved = before.includes('handle') && before.some(isReserve);
      const isFree = before.includes('handleFree count-tokens');
      if (!isReserved && !isFree) leaks.push({ method, path, events });
    });

    expect(leaks).toEqual([]);
    expect(tried).toBe(PATHS.length * FORMS.length * METHODS.length);
  });

  it('is one that a door names: nothing else reaches Bedrock, whatever its form', async () => {
    const named = new Set(
      ROUTES.filter(({ outcome }) => outcome === 'reserved' || outcome === 'free').map(
        ({ method, path }) => `${method} ${filled(path)}`,
      ),
    );
    const unnamed = new Set<string>();
    await walk(({ method, path, events }) => {
      if (isSent(events) && !named.has(`${method} ${plain(path)}`))
        unnamed.add(`${method} ${path}`);
    });

    expect([...unnamed]).toEqual([]);
  });

  it('without a key neither reaches Bedrock nor reads settings or ledger', async () => {
    const touched: unknown[] = [];
    await walk((seen) => {
      if (seen.events.length > 0) touched.push(seen);
    }, {});

    expect(touched).toEqual([]);
  });

  it('with a disabled key reaches nothing', async () => {
    holds({ key: callerKey({ enabled: false }) });
    const touched: unknown[] = [];
    await walk((seen) => {
      if (isSent(seen.events) || seen.events.some(isReserve)) touched.push(seen);
    });

    expect(touched).toEqual([]);
  });

  it('under a cap of nothing reaches Bedrock only where it is free', async () => {
    holds({ caps: [cap({ limitNanoUsd: usd('0') })] });
    const charged: unknown[] = [];
    await walk((seen) => {
      const isFree = seen.events.some((event) => event.startsWith('handleFree'));
      if (isSent(seen.events) && !isFree) charged.push(seen);
    });

    expect(charged).toEqual([]);
  });
});

describe('an operation that is not served', () => {
  it.each(ROUTES.filter(({ outcome, path }) => outcome === 'refused' && !path.startsWith('/v1')))(
    '$method $path is a 501 that says why, in Bedrock’s shape, and touches nothing',
    async ({ method, path }) => {
      ports.events.length = 0;
      const gateway = createHttpGateway({
        guard: createSpendGuard(ports, guardOptions()),
        clock,
        telemetry: ports.telemetry,
        regions: [REGION],
        overCapStatus: 429,
      });
      const { answer, text } = await exchange(gateway, eventOf({ rawPath: filled(path), method }));

      expect(answer.statusCode).toBe(501);
      expect(answer.headers['x-amzn-errortype']).toBe('UnknownOperationException');
      expect(answer.headers['x-should-retry']).toBe('false');
      expect(JSON.parse(text)).toMatchObject({
        __type: 'UnknownOperationException',
        message: expect.stringMatching(/^operation_not_served: hardcap does not serve [A-Z]\w+: ./),
      });
      expect(ports.events).toEqual([]);
      expect(ports.telemetry.lines).toEqual([]);
    },
  );
});

describe('what Claude Code asks before its first request', () => {
  it('GET /inference-profiles is a 404 in JSON, for which nothing is looked up', async () => {
    const { events, status } = await happened('GET', '/inference-profiles');

    expect([status, events]).toEqual([404, []]);
  });

  it('a probe of a model that the key may not use is a 400, which it accepts', async () => {
    holds({ key: callerKey({ models: ['*nova*'] }) });

    const { events, status } = await happened('POST', filled('/model/{modelId}/invoke'));

    expect(status).toBe(400);
    expect(isSent(events) || events.some(isReserve)).toBe(false);
  });
});
