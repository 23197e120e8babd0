/**
 * Rules of what people watch: the dashboard, the alarms and the topic that they publish to.
 */
import { describe, expect, it } from 'vitest';
import { METRIC, METRIC_NAMESPACE } from '../../lambda/contract.ts';
import { createTemplate, resource, resources } from './stack-under-test.ts';

const template = createTemplate({ alarmEmail: 'ops@example.com' });
const queue = resource(template, 'AWS::SQS::Queue', /Rollover/);
const gateway = resource(template, 'AWS::Lambda::Function', /Gateway/);
const topic = resource(template, 'AWS::SNS::Topic');

interface Widget {
  readonly type: string;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly metrics?: [string, string, string, string, { stat: string; label: string }][];
    readonly yAxis?: { left: { label: string } };
  };
}

const dashboard = JSON.parse(
  String(resource(template, 'AWS::CloudWatch::Dashboard').properties.DashboardBody),
) as { widgets: Widget[] };
const graphs = dashboard.widgets.filter(({ type }) => type === 'metric');
const lines = graphs.flatMap(({ properties }) => properties.metrics ?? []);

describe('the dashboard', () => {
  it('draws only metrics that the functions emit', () => {
    const emitted: readonly string[] = Object.values(METRIC);

    expect(lines.length).toBeGreaterThan(0);
    for (const [namespace, name, dimension, service] of lines) {
      expect(namespace).toBe(METRIC_NAMESPACE);
      expect(emitted).toContain(name);
      expect(dimension).toBe('service');
      expect(['gateway', 'rollover']).toContain(service);
    }
  });

  it('shows spend, reserved, refusals, added latency, errors and cut streams', () => {
    const shown = lines.map(([, name, , , { stat }]) => `${name} ${stat}`);

    expect(shown).toEqual(
      expect.arrayContaining([
        'SpendUsd Sum',
        'ReservedUsd Sum',
        'Refusals Sum',
        'RequestsClamped Sum',
        'AddedLatencyMs p50',
        'AddedLatencyMs p99',
        'Errors Sum',
        'StreamsCut Sum',
      ]),
    );
  });

  it('titles each of its six graphs and names its unit', () => {
    expect(graphs).toHaveLength(6);
    for (const { properties } of graphs) {
      expect(properties.title).toMatch(/^[A-Z]/);
      expect(properties.yAxis?.left.label).toMatch(/dollars|Milliseconds|in 5 minutes/);
    }
  });

  it('leads to both tables and to the README', () => {
    const text = dashboard.widgets.find(({ type }) => type === 'text')?.properties.markdown;

    for (const { id } of resources(template, 'AWS::DynamoDB::Table')) {
      expect(text).toContain(`#item-explorer?table=<${id}>`);
    }
    expect(text).toContain('README');
  });
});

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
