/**
 * An event as a mail: what SNS takes, whatever came over the bus.
 */
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { EventBridgeEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it, vi } from 'vitest';
import { alertMailOf } from '../../lambda/adapters/events/alert-mail.ts';

const event = (detail: unknown): EventBridgeEvent<string, unknown> => ({
  id: 'e',
  version: '0',
  account: '123456789012',
  time: '2026-03-02T12:00:00Z',
  region: 'eu-west-1',
  resources: [],
  source: 'hardcap',
  'detail-type': 'hardcap.cap.threshold',
  detail,
});

describe('the mail of an event', () => {
  it('has its subject and its message', () => {
    expect(alertMailOf(event({ subject: 'a cap', message: 'line\nline' }))).toEqual({
      Subject: 'a cap',
      Message: 'line\nline',
    });
  });

  it.each([
    ['nothing', undefined],
    ['no words', { cap: 'a' }],
    ['numbers for words', { subject: 1, message: 2 }],
    ['empty words', { subject: '', message: '' }],
    ['a subject of two lines', { subject: 'a\nb', message: 'm' }],
    ['a subject that is too long', { subject: 'a'.repeat(200), message: 'm' }],
  ])('of an event with %s is one that SNS takes', (_title, detail) => {
    const { Subject, Message } = alertMailOf(event(detail));

    expect(Subject).toMatch(/^[!-~][ -~]{0,99}$/);
    expect(Message).not.toBe('');
  });

  it('is published to the topic, and fails where the topic does not take it', async () => {
    vi.stubEnv('HARDCAP_ALERT_TOPIC', 'arn:aws:sns:eu-west-1:123456789012:t');
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    const mock = mockClient(SNSClient);
    mock.on(PublishCommand).resolvesOnce({}).rejects(new Error('throttled'));
    const { handler } = await import('../../lambda/mail/handler.ts');

    await handler(event({ subject: 's', message: 'm' }));

    expect(mock.commandCalls(PublishCommand)[0]?.args[0].input).toEqual({
      TopicArn: 'arn:aws:sns:eu-west-1:123456789012:t',
      Subject: 's',
      Message: 'm',
    });
    await expect(handler(event({}))).rejects.toThrow('throttled');
    mock.restore();
    vi.unstubAllEnvs();
  });
});
