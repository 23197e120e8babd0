/**
 * Which errors of Bedrock's are certain to cost nothing.
 */
import { describe, expect, it } from 'vitest';
import { errorTypeOf, isCertainlyNotBilled } from '../../lambda/application/upstream-verdict.ts';

const bytes = (text: string) => Buffer.from(text);

describe('an error is certainly not billed', () => {
  it.each([
    'AccessDeniedException',
    'ResourceNotFoundException',
    'ThrottlingException',
    'ServiceQuotaExceededException',
    'ModelNotReadyException',
    'ServiceUnavailableException',
    'ValidationException',
  ])('where it is %s', (type) => {
    expect(isCertainlyNotBilled(type, 'a message')).toBe(true);
  });

  it.each([
    'ModelTimeoutException',
    'ModelErrorException',
    'ModelStreamErrorException',
    'InternalServerException',
    'BudgetExceededException',
    'throttlingexception',
    '',
  ])('but not where it is "%s"', (type) => {
    expect(isCertainlyNotBilled(type, 'a message')).toBe(false);
  });

  it.each([
    'blocked by a guardrail',
    'GuardrailId is not valid',
    'Output blocked by content filtering policy',
    'The content filters stopped the answer',
    '',
  ])('nor where it is a ValidationException that says "%s"', (message) => {
    expect(isCertainlyNotBilled('ValidationException', message)).toBe(false);
  });
});

describe('the type of an error', () => {
  it.each([
    [{ 'x-amzn-errortype': 'ThrottlingException' }, '{}', 'ThrottlingException'],
    [{ 'x-amzn-errortype': 'ThrottlingException:http://x/' }, '{}', 'ThrottlingException'],
    [{}, '{"__type":"com.amazon.bedrock#ThrottlingException"}', 'ThrottlingException'],
    [{}, '{"__type":"throttlingException"}', 'ThrottlingException'],
    [{ 'x-amzn-errortype': 'A' }, '{"__type":"B"}', 'A'],
    [{}, '<html>', ''],
    [{}, 'null', ''],
    [{}, '{"__type":7}', ''],
    [{}, '', ''],
  ])('of %j with the body %s is "%s"', (headers, body, type) => {
    expect(errorTypeOf(headers as Record<string, string>, bytes(body)).type).toBe(type);
  });

  it('comes with the message, however it is spelt', () => {
    expect(errorTypeOf({}, bytes('{"message":"a"}')).message).toBe('a');
    expect(errorTypeOf({}, bytes('{"Message":"b"}')).message).toBe('b');
    expect(errorTypeOf({}, bytes('{"message":{}}')).message).toBe('');
  });
});
