/**
 * Rules of what rings for people: the alarms and the topic that they publish to.
 */
import { describe, expect, it } from 'vitest';
import { METRIC, METRIC_NAMESPACE } from '../../lambda/contract.ts';
import { createTemplate, resource, resources } from './stack-under-test.ts';

const template = createTemplate({ alarmEmail: 'ops@example.com' });
const queue = resource(template, 'AWS::SQS::Queue');
const gateway = resource(template, 'AWS::Lambda::Function', /Gateway/);
const topic = resource(template, 'AWS::SNS::Topic');

interface AlarmProperties {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: { Name: string; Value: string }[];
}

describe('the alarms', () => {
  const alarms = resources(template, 'AWS::CloudWatch::Alarm');
  const watched = alarms.map(({ properties }) => {
    const { Namespace, MetricName, Dimensions } = properties as unknown as AlarmProperties;
    return [Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`)];
  });

  it('watch what must never happen, and what stops hardcap', () => {
    expect(watched).toEqual([
      ['hardcap', 'SettleFailures', 'service=gateway'],
      ['hardcap', 'Overruns', 'service=gateway'],
      ['hardcap', 'InvariantBroken', 'service=gateway'],
      ['hardcap', 'InvariantBroken', 'service=rollover'],
      ['hardcap', 'MalformedSettings', 'service=gateway'],
      ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', `QueueName=<${queue.id}.QueueName>`],
      ['hardcap', 'CatalogueAgeDays', 'service=rollover'],
      ['AWS/Lambda', 'Errors', `FunctionName=<${gateway.id}>`],
      ['AWS/Lambda', 'Throttles', `FunctionName=<${gateway.id}>`],
    ]);
  });

  it('name only metrics of the contract in the namespace of hardcap', () => {
    const emitted: readonly string[] = Object.values(METRIC);
    const own = watched.filter(([namespace]) => namespace === METRIC_NAMESPACE);

    expect(own.filter(([, name]) => !emitted.includes(String(name)))).toEqual([]);
  });

  it('ring at the first occurrence, stay silent without data, and tell the topic why', () => {
    for (const { properties } of alarms) {
      const isAge = properties.MetricName === 'CatalogueAgeDays';
      expect(properties).toMatchObject({
        Threshold: isAge ? expect.any(Number) : 1,
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
        AlarmActions: [`<${topic.id}>`],
        AlarmDescription: expect.stringMatching(/^hardcap: .{40}/),
      });
    }
  });

  it('ring when nobody has looked at the prices for longer than the setting says', () => {
    const old = createTemplate({ catalogueMaxAgeDays: 30 });
    const { properties } = resource(old, 'AWS::CloudWatch::Alarm', /PricesOld/);

    expect(properties).toMatchObject({ Threshold: 31, Statistic: 'Maximum', Period: 3_600 });
  });

  it('ring for a malformed settings item within a minute', () => {
    const { properties } = resource(template, 'AWS::CloudWatch::Alarm', /MalformedSettings/);

    expect(properties.Period).toBe(60);
  });
});

describe('the topic', () => {
  it('takes messages over TLS only, and lets the alarms of this account publish', () => {
    const { properties } = resource(template, 'AWS::SNS::TopicPolicy');

    expect(properties.PolicyDocument).toMatchObject({
      Statement: [
        { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        {
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
        },
      ],
    });
  });

  it('mails the address that was set', () => {
    expect(resource(template, 'AWS::SNS::Subscription').properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'ops@example.com',
    });
  });

  it('mails nobody where none was set', () => {
    expect(resources(createTemplate(), 'AWS::SNS::Subscription')).toEqual([]);
  });
});
