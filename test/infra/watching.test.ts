/**
 * Rules of what rings for people: the alarms and the topic that they publish to.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRIC, METRIC_NAMESPACE } from '../../lambda/contract.ts';
import { createTemplate, resource, resources } from './stack-under-test.ts';

const template = createTemplate({ alarmEmail: 'ops@example.com' });
const queue = resource(template, 'AWS::SQS::Queue', /Rollover/);
const gateway = resource(template, 'AWS::Lambda::Function', /Gateway/);
const topic = resource(template, 'AWS::SNS::Topic');

interface AlarmProperties {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: { Name: string; Value: string }[];
}

const FIVE_MINUTES = 300;
const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
/** As the forges make them of headings. */
const anchors = [...RUNBOOK.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-'),
);

describe('the alarms', () => {
  const alarms = resources(template, 'AWS::CloudWatch::Alarm');
  const nameOf = (id: string) => /^HardcapAlarms(.+)[0-9A-F]{8}$/.exec(id)?.[1] ?? id;
  const watched = alarms.map(({ id, properties }) => {
    const { Namespace, MetricName, Dimensions } = properties as unknown as AlarmProperties;
    const dimensions = Dimensions.map(({ Name, Value }) => `${Name}=${Value}`);
    return [nameOf(id), Namespace, MetricName, ...dimensions].join(' ');
  });

  it('watch what must never happen, what stops hardcap, and what is asked too often', () => {
    const ledger = resource(template, 'AWS::DynamoDB::Table', /Ledger/);

    expect(watched).toEqual(
      expect.arrayContaining([
        'SettleFailures hardcap SettleFailures service=gateway',
        'Overruns hardcap Overruns service=gateway',
        'GatewayInvariantBroken hardcap InvariantBroken service=gateway',
        'RolloverInvariantBroken hardcap InvariantBroken service=rollover',
        'LedgerErrors hardcap LedgerErrors service=gateway',
        `LedgerThrottled AWS/DynamoDB WriteThrottleEvents TableName=<${ledger.id}>`,
        'ReservationsExpired hardcap ReservationsExpired service=rollover',
        'MalformedSettings hardcap MalformedSettings service=gateway',
        'PricesOld hardcap CatalogueAgeDays service=rollover',
        'RolloverLate hardcap RolloverRuns service=rollover',
        `RolloverFailed AWS/SQS ApproximateNumberOfMessagesVisible QueueName=<${queue.id}.QueueName>`,
        `GatewayFailed AWS/Lambda Errors FunctionName=<${gateway.id}>`,
        `GatewayThrottled AWS/Lambda Throttles FunctionName=<${gateway.id}>`,
        `GatewayNearTimeout AWS/Lambda Duration FunctionName=<${gateway.id}>`,
        'RefusalsSurge hardcap Refusals service=gateway',
        'AuthenticationFailuresSurge hardcap AuthenticationFailures service=gateway',
      ]),
    );
  });

  it('name only metrics of the contract in the namespace of hardcap', () => {
    const emitted: readonly string[] = Object.values(METRIC);
    const own = alarms.filter(({ properties }) => properties.Namespace === METRIC_NAMESPACE);

    expect(own.length).toBeGreaterThan(0);
    for (const { properties } of own) expect(emitted).toContain(properties.MetricName);
  });

  it('tell the topic what happened, in words that fit a description', () => {
    for (const { properties } of alarms) {
      expect(properties.AlarmActions).toEqual([`<${topic.id}>`]);
      expect(properties.AlarmDescription).toMatch(/^hardcap: .{40}/);
      expect(String(properties.AlarmDescription).length).toBeLessThan(600);
    }
  });

  it('ring after one period, and stay silent without data, but for what must be heard of', () => {
    for (const { id, properties } of alarms) {
      const isOfAbsence = nameOf(id) === 'RolloverLate';
      expect([nameOf(id), properties]).toMatchObject([
        nameOf(id),
        {
          EvaluationPeriods: 1,
          ComparisonOperator: isOfAbsence ? 'LessThanThreshold' : 'GreaterThanOrEqualToThreshold',
          TreatMissingData: isOfAbsence ? 'breaching' : 'notBreaching',
        },
      ]);
    }
  });

  it('ring at the first occurrence, but for those that a threshold keeps quiet', () => {
    const thresholds = Object.fromEntries(
      alarms.map(({ id, properties }) => [nameOf(id), properties.Threshold]),
    );
    const quiet = {
      PricesOld: 61,
      LedgerErrors: 5,
      LedgerThrottled: 10,
      GatewayNearTimeout: 810_000,
      RefusalsSurge: 100,
      AuthenticationFailuresSurge: 100,
    };

    expect(thresholds).toMatchObject(quiet);
    const loud = Object.entries(thresholds).filter(([name]) => !(name in quiet));
    for (const [name, threshold] of loud) expect([name, threshold]).toEqual([name, 1]);
  });

  it('ring for a late rollover where no run ended well in five minutes', () => {
    const { properties } = resource(template, 'AWS::CloudWatch::Alarm', /RolloverLate/);

    expect(properties).toMatchObject({ Statistic: 'Sum', Period: FIVE_MINUTES, Threshold: 1 });
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

  it('ring at nine tenths of the time-out that is set', () => {
    const short = createTemplate({ timeoutSeconds: 60 });
    const { properties } = resource(short, 'AWS::CloudWatch::Alarm', /GatewayNearTimeout/);

    expect(properties).toMatchObject({ Threshold: 54_000, Statistic: 'Maximum' });
  });

  it('ring for as many refusals or wrong keys as the setting says, and for none at 0', () => {
    const surges = (alarmRefusals: number) =>
      resources(createTemplate({ alarmRefusals }), 'AWS::CloudWatch::Alarm')
        .filter(({ id }) => /Surge/.test(id))
        .map(({ properties }) => properties.Threshold);

    expect(surges(7)).toEqual([7, 7]);
    expect(surges(0)).toEqual([]);
  });
});

describe('the runbook', () => {
  const alarmsOf = (given: Parameters<typeof createTemplate>[0] = {}) =>
    resources(createTemplate(given), 'AWS::CloudWatch::Alarm').map(({ properties }) =>
      String(properties.AlarmDescription),
    );

  it('has one section of its own name for each alarm', () => {
    expect(new Set(anchors).size).toBe(anchors.length);
    for (const description of alarmsOf()) {
      const anchor = / Runbook: docs\/runbook\.md#([a-z-]+)$/.exec(description)?.[1];
      expect(anchors).toContain(anchor);
    }
  });

  it('says of each alarm what it means, what to look at, what to do and when it is over', () => {
    for (const description of alarmsOf()) {
      const anchor = description.split('#').at(-1) ?? '';
      const section = RUNBOOK.split(/^## /m)[anchors.indexOf(anchor) + 1] ?? '';
      for (const part of ['Means', 'How bad', 'Look at', 'Do', 'Over']) {
        expect([anchor, section]).toEqual([anchor, expect.stringContaining(`**${part}.**`)]);
      }
    }
  });

  it('is linked at the address that is set', () => {
    const runbookUrl = 'https://git.example.com/hardcap/docs/runbook.md';

    for (const description of alarmsOf({ runbookUrl })) {
      expect(description).toMatch(/ Runbook: https:\/\/git\.example\.com\/[a-z/.]+#[a-z-]+$/);
    }
  });

  it('leads to its own sections by links that exist', () => {
    for (const [, anchor] of RUNBOOK.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
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
