/**
 * Errors as clients read them: status, type in two places, a message that says what to do.
 */
import { describe, expect, it } from 'vitest';
import { bedrockErrorAnswer } from '../../lambda/adapters/http/doors/bedrock-door.ts';
import { wireErrorOf, wireRefusalOf } from '../../lambda/adapters/http/error-response.ts';
import type { CapRefusal } from '../../lambda/application/guarded-request.ts';
import { type ErrorCode, HardcapError } from '../../lambda/domain/errors.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const errorAnswer = (error: unknown, requestId: string) =>
  bedrockErrorAnswer(wireErrorOf(error, requestId));
const capRefusedAnswer = (refused: CapRefusal, status: number) =>
  bedrockErrorAnswer(wireRefusalOf(refused, status));

const WIRE: readonly (readonly [ErrorCode, number, string])[] = [
  ['invalid_request', 400, 'ValidationException'],
  ['body_too_large', 413, 'ValidationException'],
  ['unknown_route', 404, 'UnknownOperationException'],
  ['operation_not_served', 501, 'UnknownOperationException'],
  ['edge_required', 403, 'AccessDeniedException'],
  ['unknown_key', 401, 'UnrecognizedClientException'],
  ['model_not_priced', 400, 'ValidationException'],
  ['model_unresolved', 503, 'ServiceUnavailableException'],
  ['model_not_allowed', 400, 'ValidationException'],
  ['region_not_allowed', 400, 'ValidationException'],
  ['no_cap_applies', 400, 'ValidationException'],
  ['unpriced_field', 400, 'ValidationException'],
  ['request_too_dear', 400, 'ValidationException'],
  ['settings_malformed', 503, 'ServiceUnavailableException'],
  ['settings_unavailable', 503, 'ServiceUnavailableException'],
  ['ledger_unavailable', 503, 'ServiceUnavailableException'],
  ['upstream_failed', 502, 'InternalServerException'],
  ['upstream_timeout', 504, 'InternalServerException'],
];

const messageOf = (body: string): string => JSON.parse(body).message;

describe('an error of ours', () => {
  it.each(WIRE)('%s answers %i %s', (code, status, type) => {
    const answer = errorAnswer(new HardcapError(code, `${code}: what and where`), 'r-1');

    expect(answer.status).toBe(status);
    expect(answer.headers['x-amzn-errortype']).toBe(type);
    expect(JSON.parse(answer.body)).toEqual({ __type: type, message: `${code}: what and where` });
    expect(answer.headers['x-hardcap-reason']).toBe(code);
  });

  it.each(WIRE)('%s says x-should-retry: false only where a retry is no use', (code, status) => {
    const { headers } = errorAnswer(new HardcapError(code, 'x'), 'r-1');

    expect(headers['x-should-retry']).toBe(status < 500 || status === 501 ? 'false' : undefined);
    expect(Object.keys(headers).map((name) => name.toLowerCase())).not.toContain('retry-after');
  });

  it('has a message that begins with its code, also where it was left out', () => {
    const { body } = errorAnswer(new HardcapError('invalid_request', 'no JSON'), 'r-1');

    expect(messageOf(body)).toBe('invalid_request: no JSON');
  });

  it('does not show its cause', () => {
    const cause = new Error('secret inner detail');
    const error = new HardcapError('ledger_unavailable', 'ledger_unavailable: no answer', {
      cause,
    });

    expect(errorAnswer(error, 'r-1').body).not.toContain('secret');
  });
});

describe('a fault', () => {
  it.each([
    new TypeError('secret inner detail'),
    'secret inner detail',
    undefined,
    new HardcapError('invariant_broken', 'secret inner detail'),
  ])('tells its request id and nothing else: %s', (fault) => {
    const answer = errorAnswer(fault, 'r-1');

    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('secret');
    expect(answer.body).toContain('r-1');
    expect(answer.headers['x-amzn-errortype']).toBe('InternalServerException');
  });
});

const refusal = (rest: Partial<CapRefusal> = {}, kind: 'daily' | 'lifetime' = 'daily') => {
  const window = windowAt(windowRule(kind), NOON_MS);
  return {
    charge: {
      cap: cap({ window: windowRule(kind) }),
      counter: { pk: 'COUNTER#team-budget', sk: window.id },
      window,
      limitNanoUsd: usd('10'),
      enforced: true,
    },
    reason: 'spent' as const,
    state: { settledNanoUsd: usd('9.5'), committedNanoUsd: usd('9.75'), inFlight: 1 },
    boundNanoUsd: usd('0.5'),
    ...rest,
  };
};

describe('a full cap', () => {
  it('answers with cap, limit, settled, reserved, remaining, the bound, and the reset', () => {
    const answer = capRefusedAnswer(refusal(), 429);

    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.body)).toEqual({
      __type: 'BudgetExceededException',
      message:
        'budget_exceeded: cap "team-budget" has no room for this request (spent): ' +
        'limit $10.00 daily, settled $9.50, reserved $0.25, remaining $0.25; ' +
        'the request may cost up to $0.50; resets at 2026-03-03T00:00:00.000Z; ' +
        'ask for fewer tokens, wait for the reset, or have the limit raised',
      reason: 'spent',
      cap: 'team-budget',
      limit_usd: '10.00',
      settled_usd: '9.50',
      reserved_usd: '0.25',
      resets_at: '2026-03-03T00:00:00.000Z',
    });
    expect(answer.headers).toEqual({
      'content-type': 'application/json',
      'x-amzn-errortype': 'BudgetExceededException',
      'x-should-retry': 'false',
      'x-hardcap-reason': 'spent',
      'x-hardcap-cap': 'team-budget',
      'x-hardcap-remaining-usd': '0.25',
      'x-hardcap-reserved-usd': '0.00',
      'x-hardcap-cost-usd': '0.00',
      'x-hardcap-resets-at': '2026-03-03T00:00:00.000Z',
    });
  });

  it('answers 402 where the setting says so', () => {
    expect(capRefusedAnswer(refusal(), 402).status).toBe(402);
  });

  it('never says that less than nothing remains', () => {
    const state = { settledNanoUsd: usd('12'), committedNanoUsd: usd('12'), inFlight: 0 };

    expect(capRefusedAnswer(refusal({ state }), 429).headers['x-hardcap-remaining-usd']).toBe(
      '0.00',
    );
  });

  it('of a lifetime never resets', () => {
    const answer = capRefusedAnswer(refusal({}, 'lifetime'), 429);

    expect(messageOf(answer.body)).toContain('it never resets');
    expect(answer.headers).not.toHaveProperty('x-hardcap-resets-at');
  });

  it.each(['spent', 'reserved-in-flight', 'larger-than-limit', 'in-flight-limit'] as const)(
    'tells its reason: %s',
    (reason) => {
      const answer = capRefusedAnswer(refusal({ reason }), 429);

      expect(answer.headers['x-hardcap-reason']).toBe(reason);
      expect(messageOf(answer.body)).toContain(`(${reason})`);
    },
  );

  it.each(['larger-than-limit', 'spent'] as const)(
    'of limit zero advises to have the limit raised, never to wait or to ask for less: %s',
    (reason) => {
      const { charge } = refusal();
      const zero = refusal({ reason, charge: { ...charge, limitNanoUsd: usd('0') } });

      const message = messageOf(capRefusedAnswer(zero, 429).body);

      expect(message).toMatch(/; this cap is set to zero and refuses all; have the limit raised$/);
      expect(message).not.toMatch(/wait|reset|tokens/);
    },
  );

  it('that never resets does not advise to wait for its reset', () => {
    const message = messageOf(capRefusedAnswer(refusal({}, 'lifetime'), 429).body);

    expect(message).not.toContain('wait');
  });
});
