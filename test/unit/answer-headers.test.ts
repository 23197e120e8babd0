/**
 * The headers of an answer: Bedrock's that belong to it, and hardcap's own.
 */
import { describe, expect, it } from 'vitest';
import { answerHeaders } from '../../lambda/adapters/http/answer-headers.ts';
import type { AnswerHead } from '../../lambda/application/guarded-request.ts';
import { usd } from '../helpers/builders.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const head = (rest: Partial<AnswerHead> = {}): AnswerHead => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  reservedNanoUsd: usd('0.5'),
  cap: { capId: 'team-budget', remainingNanoUsd: usd('9.5'), resetsAtMs: NOON_MS },
  timings: { authMs: 0.1, estimateMs: 1.234, reserveMs: 5, upstreamMs: 800.5 },
  ...rest,
});

describe('the headers of Bedrock’s', () => {
  it.each([
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'content-length',
    'date',
    'server',
  ])('do not pass where they belong to a connection: %s', (name) => {
    expect(answerHeaders(head({ headers: { [name]: 'x' } }), 'r-1', undefined)).not.toHaveProperty(
      name,
    );
  });

  it.each([
    'content-type',
    'x-amzn-requestid',
    'x-amzn-errortype',
    'x-amzn-bedrock-input-token-count',
    'x-amzn-bedrock-content-type',
    'x-something-new',
  ])('pass as they are: %s', (name) => {
    expect(answerHeaders(head({ headers: { [name]: 'x' } }), 'r-1', undefined)).toHaveProperty(
      name,
      'x',
    );
  });

  it('cannot speak for hardcap', () => {
    const headers = { 'x-hardcap-reserved-usd': '0', 'x-hardcap-request-id': 'forged' };

    expect(answerHeaders(head({ headers }), 'r-1', undefined)).toMatchObject({
      'x-hardcap-reserved-usd': '0.50',
      'x-hardcap-request-id': 'r-1',
    });
  });
});

describe('the headers of hardcap’s', () => {
  it('say what was reserved, what it cost, what remains, and when it resets', () => {
    expect(answerHeaders(head(), 'r-1', usd('0.125'))).toEqual({
      'content-type': 'application/json',
      'x-hardcap-request-id': 'r-1',
      'x-hardcap-reserved-usd': '0.50',
      'x-hardcap-cost-usd': '0.125',
      'x-hardcap-cap': 'team-budget',
      'x-hardcap-remaining-usd': '9.50',
      'x-hardcap-resets-at': '2026-03-02T12:00:00.000Z',
      'server-timing': 'auth;dur=0.10, estimate;dur=1.23, reserve;dur=5.00, upstream;dur=800.50',
    });
  });

  it('say what the output limit was lowered to, and nothing where it was not', () => {
    const name = 'x-hardcap-clamped-max-tokens';

    expect(answerHeaders(head({ clampedMaxTokens: 300 }), 'r-1', undefined)[name]).toBe('300');
    expect(answerHeaders(head(), 'r-1', undefined)).not.toHaveProperty(name);
  });

  it('of a stream say no cost: it is not known yet', () => {
    expect(answerHeaders(head(), 'r-1', undefined)).not.toHaveProperty('x-hardcap-cost-usd');
  });

  it('without an enforced cap name none', () => {
    const headers = answerHeaders(head({ cap: undefined }), 'r-1', undefined);

    expect(Object.keys(headers).filter((name) => /cap$|remaining|resets/.test(name))).toEqual([]);
  });

  it('under a lifetime cap name no reset', () => {
    const lifetime = { capId: 'c', remainingNanoUsd: usd('1'), resetsAtMs: undefined };

    expect(answerHeaders(head({ cap: lifetime }), 'r-1', undefined)).not.toHaveProperty(
      'x-hardcap-resets-at',
    );
  });
});
