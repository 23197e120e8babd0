/**
 * Errors in OpenAI's shape: as hardcap writes them, and as Bedrock's are read.
 */
import { describe, expect, it } from 'vitest';
import {
  openAiErrorAnswer,
  openAiErrorEvent,
  openAiStreamError,
} from '../../lambda/adapters/http/doors/openai-error.ts';
import { wireErrorOf } from '../../lambda/adapters/http/error-response.ts';
import { errorTypeOf, isCertainlyNotBilled } from '../../lambda/application/upstream-verdict.ts';
import { type ErrorCode, HardcapError } from '../../lambda/domain/errors.ts';
import { openAiErrorOf } from '../../lambda/domain/openai-error.ts';

const answerTo = (code: ErrorCode) =>
  openAiErrorAnswer(wireErrorOf(new HardcapError(code, `${code}: what is wrong`), 'request-1'));

describe('an error before the first byte', () => {
  it.each([
    ['invalid_request', 400, 'invalid_request_error'],
    ['unknown_key', 401, 'authentication_error'],
    ['unknown_route', 404, 'not_found_error'],
    ['body_too_large', 413, 'invalid_request_error'],
    ['ledger_unavailable', 503, 'server_error'],
    ['upstream_timeout', 504, 'server_error'],
  ] as const)('%s has its status, OpenAI’s type, and its code', (code, status, type) => {
    const { status: answered, headers, body } = answerTo(code);

    expect(answered).toBe(status);
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toEqual({
      error: { message: `${code}: what is wrong`, type, code, param: null },
    });
  });

  it('below 500 asks clients not to send it again', () => {
    expect(answerTo('invalid_request').headers['x-should-retry']).toBe('false');
    expect(answerTo('upstream_failed').headers).not.toHaveProperty('x-should-retry');
  });
});

describe('an error within a stream', () => {
  const dataOf = (event: Uint8Array) => {
    const text = Buffer.from(event).toString();
    expect(text).toMatch(/^data: .*\n\n$/);
    return JSON.parse(text.slice('data: '.length)).error;
  };

  it('of a cut has the code that its message begins with', () => {
    expect(
      dataOf(
        openAiStreamError({ type: 'validationException', message: 'budget_exceeded: the cap' }),
      ),
    ).toEqual({
      message: 'budget_exceeded: the cap',
      type: 'budget_exceeded',
      code: 'budget_exceeded',
      param: null,
    });
    expect(
      dataOf(openAiStreamError({ type: 'internalServerException', message: 'upstream_failed: x' })),
    ).toMatchObject({ type: 'server_error', code: 'upstream_failed' });
  });

  it('of Bedrock’s has the name of its exception', () => {
    expect(dataOf(openAiErrorEvent('validationException', 'm'))).toMatchObject({
      type: 'invalid_request_error',
      code: 'validationException',
    });
    expect(dataOf(openAiErrorEvent('modelStreamErrorException', 'm')).type).toBe('server_error');
  });
});

describe('an error of Bedrock’s in OpenAI’s shape', () => {
  const verdict = (error: object, message = 'no such field'): boolean => {
    const body = Buffer.from(JSON.stringify({ error: { message, ...error } }));
    const told = errorTypeOf({}, body);
    return isCertainlyNotBilled(told.type, told.message);
  };

  it.each([
    [{ type: 'invalid_request_error', code: 'context_length_exceeded' }],
    [{ type: 'authentication_error' }],
    [{ type: 'permission_error' }],
    [{ type: 'not_found_error' }],
    [{ type: 'odd', code: 'model_not_found' }],
    [{ type: 'tokens', code: 'rate_limit_exceeded' }],
    [{ code: 'insufficient_quota' }],
    [{ type: 'ThrottlingException' }],
  ])('that turns a request away is certainly not billed: %j', (error) => {
    expect(verdict(error)).toBe(true);
  });

  it.each([[{ type: 'server_error' }], [{}], [{ type: 7, code: null }], [{ type: 'constructor' }]])(
    'of any other kind may be billed: %j',
    (error) => {
      expect(verdict(error)).toBe(false);
    },
  );

  it('that a content filter gave may be billed, as the answer was made', () => {
    expect(verdict({ type: 'invalid_request_error' }, 'blocked by a content filter')).toBe(false);
    expect(verdict({ type: 'invalid_request_error' }, '')).toBe(false);
  });

  it('is named by the header first', () => {
    const body = Buffer.from('{"error":{"message":"m","type":"invalid_request_error"}}');

    expect(errorTypeOf({ 'x-amzn-errortype': 'ModelErrorException:x' }, body)).toEqual({
      type: 'ModelErrorException',
      message: 'm',
    });
  });

  it('is none where the member is null or missing', () => {
    expect(openAiErrorOf({ error: null })).toBeUndefined();
    expect(openAiErrorOf({})).toBeUndefined();
    expect(openAiErrorOf({ error: 'down' })).toEqual({ type: '', message: 'down' });
  });
});
