/**
 * What is counted and said of a request, on each way that it can end.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createHttpGateway, type HttpEvent } from '../../lambda/adapters/http/gateway.ts';
import { createRefusalLog } from '../../lambda/application/refusal-log.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { METRIC } from '../../lambda/contract.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import type { RefusalReason } from '../../lambda/ports/ledger.ts';
import { UpstreamFailure } from '../../lambda/ports/upstream.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  errorResponse,
  guardedRequest,
  guardOptions,
  HAIKU,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { CONVERSE_BODY, eventOf, exchange, pathOf } from '../helpers/http-requests.ts';
import { createVirtualClock, NOON_MS, type VirtualClock } from '../helpers/virtual-clock.ts';

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock();
  ports = createFakePorts(clock);
});

const ask = (event: HttpEvent = eventOf()) =>
  exchange(
    createHttpGateway({
      guard: createSpendGuard(ports, guardOptions()),
      clock,
      telemetry: ports.telemetry,
      regions: ['us-east-1'],
      overCapStatus: 429,
    }),
    event,
  );
const table = (rest: Parameters<typeof settingsTable>[0]) => {
  ports.settings.table = settingsTable(rest);
  ports.settings.last = undefined;
};
const counted = () => Object.fromEntries(ports.telemetry.metrics);
const withBody = (body: unknown): HttpEvent => eventOf({ body: JSON.stringify(body) });
const asked = JSON.parse(CONVERSE_BODY);

describe('a request that is served', () => {
  it('says whose it is, of what model, and how it ended', async () => {
    table({ key: callerKey({ team: 'red' }) });

    await ask();

    expect(ports.telemetry.described).toEqual({
      requestId: 'r-1',
      key: 'ci',
      team: 'red',
      model: HAIKU,
      vendor: 'anthropic',
      operation: 'converse',
      outcome: 'settled',
      status: '200',
    });
    expect(counted()).toMatchObject({
      [METRIC.requests]: 1,
      [METRIC.spendUsd]: 0.00015,
      [METRIC.settleLatencyMs]: expect.any(Number),
    });
    expect(counted()).not.toHaveProperty(METRIC.errors);
  });

  it('counts all the time before it is sent, from when it came in', async () => {
    const request = guardedRequest(clock, ports.sink, { arrivedMs: clock.elapsedMs() });
    clock.advance(40);
    ports.settings.last = undefined;
    ports.settings.fault = () => clock.advance(7);

    const answer = await createSpendGuard(ports, guardOptions()).handle(request);
    await answer.done;

    expect(counted()[METRIC.addedLatencyMs]).toBe(47);
  });

  it('counts how long its books took to close', async () => {
    const { settle } = ports.ledger;
    ports.ledger.settle = async (hold, cost) => {
      clock.advance(9);
      return settle(hold, cost);
    };

    await ask();

    expect(counted()[METRIC.settleLatencyMs]).toBe(9);
  });
});

describe('a request that a full cap refuses', () => {
  it('says which cap, and why', async () => {
    table({ caps: [cap({ capId: 'none', limitNanoUsd: usd('0') })] });

    await ask();

    expect(ports.telemetry.described).toMatchObject({
      key: 'ci',
      model: HAIKU,
      cap: 'none',
      reason: 'larger-than-limit',
      status: '429',
    });
    expect(counted()).toMatchObject({ [METRIC.refusals]: 1, [METRIC.refusedLargerThanLimit]: 1 });
  });

  it.each<[RefusalReason, string]>([
    ['spent', METRIC.refusedSpent],
    ['reserved-in-flight', METRIC.refusedReservedInFlight],
    ['larger-than-limit', METRIC.refusedLargerThanLimit],
    ['in-flight-limit', METRIC.refusedInFlightLimit],
    ['tag-counter-limit', METRIC.refusedTagCounterLimit],
  ])('as %s counts as %s, and as a refusal', async (reason, metric) => {
    const window = windowAt(windowRule('daily'), NOON_MS);
    const charge = {
      cap: cap(),
      counter: { pk: 'COUNTER#a', sk: window.id },
      window,
      limitNanoUsd: usd('1'),
      enforced: true,
    };
    const state = { settledNanoUsd: usd('1'), committedNanoUsd: usd('1'), inFlight: 0 };

    await createRefusalLog(ports, 429).record(guardedRequest(clock, ports.sink), {
      charge,
      reason,
      state,
      boundNanoUsd: usd('1'),
    });

    expect(counted()).toEqual({ [METRIC.refusals]: 1, [metric]: 1 });
  });
});

const malformed = { capId: 'odd', field: 'limitUsd', problem: 'is no number', selectors: {} };

describe('a request that fails', () => {
  it.each<[string, string, () => HttpEvent | undefined]>([
    ['unknown_key', METRIC.authenticationFailures, () => eventOf({ headers: {} })],
    [
      'unknown_key',
      METRIC.authenticationFailures,
      () => void table({ key: callerKey({ enabled: false }) }),
    ],
    ['unknown_route', METRIC.refusedInvalid, () => eventOf({ rawPath: '/nowhere' })],
    ['invalid_request', METRIC.refusedInvalid, () => eventOf({ body: '{' })],
    [
      'model_not_priced',
      METRIC.refusedUnpriced,
      () => eventOf({ rawPath: '/model/acme.new-v9/converse' }),
    ],
    ['unpriced_field', METRIC.refusedUnpriced, () => withBody({ ...asked, turbo: true })],
    [
      'model_not_allowed',
      METRIC.refusedNotAllowed,
      () => void table({ key: callerKey({ models: ['amazon.*'] }) }),
    ],
    [
      'region_not_allowed',
      METRIC.refusedNotAllowed,
      () => eventOf({ rawPath: `/bedrock/eu-west-1${pathOf('converse')}` }),
    ],
    ['no_cap_applies', METRIC.refusedNoCap, () => void table({ caps: [] })],
    [
      'request_too_dear',
      METRIC.refusedTooDear,
      () => void table({ key: callerKey({ maxRequestNanoUsd: usd('0.000001') }) }),
    ],
    [
      'settings_malformed',
      METRIC.malformedSettings,
      () => void table({ malformedCaps: [malformed] }),
    ],
    [
      'settings_unavailable',
      METRIC.refusedUnavailable,
      () => {
        ports.settings.last = undefined;
        ports.settings.fault = () => {
          throw new HardcapError('settings_unavailable', 'settings_unavailable: gone');
        };
        return undefined;
      },
    ],
    [
      'upstream_failed',
      METRIC.upstreamFailures,
      () => {
        ports.upstream.respond = () =>
          Promise.reject(new UpstreamFailure('unknown', 'broke off', undefined));
        return undefined;
      },
    ],
  ])('as %s counts as %s, and as an error', async (reason, metric, prepare) => {
    await ask(prepare() ?? eventOf());

    expect(counted()).toMatchObject({ [metric]: 1, [METRIC.errors]: 1 });
    expect(counted()).not.toHaveProperty(METRIC.refusals);
    expect(ports.telemetry.described.reason).toBe(reason);
  });

  it('by an error of Bedrock’s has a status, and no reason of hardcap’s', async () => {
    ports.upstream.respond = async () => errorResponse(429, 'ThrottlingException', 'slow down');

    await ask();

    expect(ports.telemetry.described).toMatchObject({ status: '429', outcome: 'released' });
    expect(ports.telemetry.described).not.toHaveProperty('reason');
    expect(counted()).toMatchObject({ [METRIC.errors]: 1 });
  });

  it('names the model or the field that it is about', async () => {
    await ask(eventOf({ rawPath: '/model/acme.new-v9/converse' }));
    expect(ports.telemetry.described).toMatchObject({ key: 'ci', model: 'acme.new-v9' });

    await ask(withBody({ ...asked, turbo: true }));
    expect(ports.telemetry.described.field).toBe('turbo');
  });

  it.each(['a secret plan', 'x'.repeat(200), 'hc_ci_secret'])(
    'never tells a text that is no name, nor a key: %s',
    async (text) => {
      await ask(eventOf({ rawPath: `/model/${encodeURIComponent(text)}/converse` }));
      await ask(withBody({ ...asked, [text]: 1 }));

      expect(counted()).toMatchObject({ [METRIC.refusedUnpriced]: 2 });
      expect(ports.telemetry.described).not.toHaveProperty('model');
      expect(ports.telemetry.described).not.toHaveProperty('field');
    },
  );
});

describe('a call of the ledger that fails', () => {
  const broken = () => Promise.reject(new Error('no answer'));

  it('is counted where the request is refused for it', async () => {
    ports.ledger.reserve = broken;

    await ask();

    expect(counted()).toMatchObject({ [METRIC.ledgerErrors]: 1, [METRIC.refusedUnavailable]: 1 });
  });

  it('is counted where the request never notices: on a warn cap, and in the journal', async () => {
    const { reserve } = ports.ledger;
    ports.ledger.reserve = (request) =>
      request.limitNanoUsd === undefined ? broken() : reserve(request);
    ports.ledger.appendJournal = broken;
    table({ caps: [cap(), cap({ capId: 'warned', action: 'warn' })] });

    const { answer } = await ask();

    expect(answer.statusCode).toBe(200);
    expect(counted()[METRIC.ledgerErrors]).toBe(2);
  });

  it('is counted where it gives up with an answer', async () => {
    ports.ledger.settle = async () => ({ kind: 'unavailable', cause: new Error('no answer') });

    await ask();

    expect(counted()).toMatchObject({ [METRIC.ledgerErrors]: 1, [METRIC.settleFailures]: 1 });
  });

  it('is no refusal: a full cap is an answer', async () => {
    table({ caps: [cap({ limitNanoUsd: usd('0') })] });

    await ask();

    expect(counted()).not.toHaveProperty(METRIC.ledgerErrors);
  });
});
