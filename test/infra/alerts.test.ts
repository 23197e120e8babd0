/**
 * Rules of alerts: which events are mailed, by what right, and what the chat examples make.
 */
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { AmazonQAlerts, ChatAlerts, type ChatAlertsProps } from '../../examples/cdk/chat-alerts.ts';
import { EVENT } from '../../lambda/contract.ts';
import { createApp, createTemplate, resource, statementsOf } from './stack-under-test.ts';

const template = createTemplate();
const mailer = resource(template, 'AWS::Lambda::Function', /Alerts/);
const topic = resource(template, 'AWS::SNS::Topic');
const rule = resource(template, 'AWS::Events::Rule', /Alerts/);

const ACTED_ON = [
  EVENT.threshold,
  EVENT.settingsMalformed,
  EVENT.priceChanged,
  EVENT.priceProposed,
];

describe('the rule of mails', () => {
  it('takes what a person must act on from the default bus, and ended windows not', () => {
    expect(rule.properties).toMatchObject({
      EventPattern: { source: ['hardcap'], 'detail-type': ACTED_ON },
      State: 'ENABLED',
      Targets: [{ Arn: `<${mailer.id}.Arn>` }],
    });
    expect(rule.properties.EventBusName).toBeUndefined();
  });

  it('alone may invoke the function that mails', () => {
    expect(resource(template, 'AWS::Lambda::Permission', /Alerts/).properties).toMatchObject({
      FunctionName: `<${mailer.id}.Arn>`,
      Principal: 'events.amazonaws.com',
      SourceArn: `<${rule.id}.Arn>`,
    });
  });
});

describe('the function that mails', () => {
  it("is told the alarms' topic, and may publish there, log, and nothing else", () => {
    const role = resource(template, 'AWS::IAM::Role', /AlertsMailer/);
    const logs = resource(template, 'AWS::Logs::LogGroup', /Alerts/);

    expect(mailer.properties).toMatchObject({
      Role: `<${role.id}.Arn>`,
      Environment: { Variables: { HARDCAP_ALERT_TOPIC: `<${topic.id}>` } },
    });
    expect(statementsOf(template, role)).toEqual({
      PublishAlerts: {
        Sid: 'PublishAlerts',
        Effect: 'Allow',
        Action: 'sns:Publish',
        Resource: `<${topic.id}>`,
      },
      WriteOwnLogs: {
        Sid: 'WriteOwnLogs',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: `<${logs.id}.Arn>`,
      },
    });
  });
});

/** The template of a stack with one of the examples in it. */
function exampleTemplate(add: (stack: Stack) => void): Template {
  const stack = new Stack(createApp(), 'Chat');
  add(stack);
  return Template.fromStack(stack);
}

const webhook = (chat: ChatAlertsProps['chat']): Template =>
  exampleTemplate((stack) => {
    new ChatAlerts(stack, 'Chat', { webhookSecretName: 'hardcap/chat', chat });
  });

/** The rule's only target, with what it sends. */
const targetOf = (of: Template) => {
  const { Targets } = resource(of, 'AWS::Events::Rule').properties;
  const [target] = Targets as { InputTransformer: { InputTemplate: string } }[];
  return target?.InputTransformer;
};

describe('the example of a chat', () => {
  it.each(['slack', 'teams'] as const)('takes what a person must act on, for %s', (chat) => {
    const { EventPattern } = resource(webhook(chat), 'AWS::Events::Rule').properties;

    expect(EventPattern).toEqual({ source: ['hardcap'], 'detail-type': ACTED_ON });
  });

  it('sends Slack the message of the event as its text', () => {
    expect(targetOf(webhook('slack'))).toEqual({
      InputPathsMap: { 'detail-message': '$.detail.message' },
      InputTemplate: '{"text":<detail-message>}',
    });
  });

  it('sends Teams a card with subject and message', () => {
    const { InputTemplate = '' } = targetOf(webhook('teams')) ?? {};
    const filled = JSON.parse(InputTemplate.replaceAll(/<detail-(\w+)>/g, '"the $1"'));

    expect(filled.attachments[0].content.body).toMatchObject([
      { text: 'the subject' },
      { text: 'the message' },
    ]);
  });

  it('leaves the URL of the webhook to Secrets Manager', () => {
    const { InvocationEndpoint } = resource(
      webhook('slack'),
      'AWS::Events::ApiDestination',
    ).properties;

    expect(InvocationEndpoint).toMatch(/^\{\{resolve:secretsmanager:hardcap\/chat:/);
  });

  it('sends Amazon Q the one form that it shows', () => {
    const inQ = exampleTemplate((stack) => new AmazonQAlerts(stack, 'Chat'));
    const { InputTemplate = '' } = targetOf(inQ) ?? {};

    expect(JSON.parse(InputTemplate.replaceAll(/<detail-(\w+)>/g, '"the $1"'))).toEqual({
      version: '1.0',
      source: 'custom',
      content: { textType: 'client-markdown', title: 'the subject', description: 'the message' },
    });
  });
});
