/**
 * AWS's prices in us-east-1 that docs/cost.md computes with, each with its source and how sure it
 * is. To correct one, change it here and run `npm run docs:cost`.
 *
 * No price was read from AWS's own price list: hardcap was built without an AWS account. Each was
 * looked up on 2026-11-24, in copies of the pages named, whose own dates are given.
 */
import { divCeil, type NanoUsd, nanoUsd, parseUsd } from '../lambda/domain/money.ts';

export interface AwsPrice {
  /** Decimal dollars for `per` units. */
  readonly usd: string;
  readonly per: bigint;
  readonly unit: string;
  /** Units of each month that an account does not pay for; for ever, not for its first year. */
  readonly free?: bigint;
  readonly source: string;
  /** high: AWS's own page, or two others that agree; medium: one other page; low: none. */
  readonly sure: 'high' | 'medium' | 'low';
}

const MILLION = 1_000_000n;
/** Lambda's unit is a GB-second; these are the MB-milliseconds that make one. */
export const MB_MS_A_GB_SECOND = 1_024_000n;
export const BYTES_A_GB = 1_073_741_824n;

export const PRICES = {
  lambdaTime: {
    usd: '13.3334',
    per: MILLION * MB_MS_A_GB_SECOND,
    unit: '1,000,000 GB-seconds, arm64, first tier',
    free: 400_000n * MB_MS_A_GB_SECOND,
    source: 'cloudchipr.com/blog/aws-lambda-pricing (2024), git.mcrn.ar, lambda_local_runner',
    sure: 'high',
  },
  lambdaRequests: {
    usd: '0.20',
    per: MILLION,
    unit: '1,000,000 requests',
    free: MILLION,
    source:
      'git.mcrn.ar, lambda_local_runner; aws.amazon.com/lambda/pricing for how they are counted',
    sure: 'high',
  },
  dynamodbWrites: {
    usd: '0.625',
    per: MILLION,
    unit: '1,000,000 write request units, on demand',
    source:
      'airbyte.com, Amazon DynamoDB Pricing (2025-07); half of what it was: jusdb.com (2025-08)',
    sure: 'high',
  },
  dynamodbReads: {
    usd: '0.125',
    per: MILLION,
    unit: '1,000,000 read request units, on demand',
    source:
      'airbyte.com, Amazon DynamoDB Pricing (2025-07); half of what it was: jusdb.com (2025-08)',
    sure: 'high',
  },
  dynamodbStorage: {
    usd: '0.25',
    per: BYTES_A_GB,
    unit: 'GB-month of a table',
    free: 25n * BYTES_A_GB,
    source: 'aws.amazon.com/dynamodb/pricing',
    sure: 'high',
  },
  dynamodbRecovery: {
    usd: '0.20',
    per: BYTES_A_GB,
    unit: 'GB-month of a table with point-in-time recovery',
    source: 'finops.com.py/services/dynamodb/backups',
    sure: 'medium',
  },
  logIngestion: {
    usd: '0.50',
    per: BYTES_A_GB,
    unit: 'GB of log lines, first tier',
    free: 5n * BYTES_A_GB,
    source: 'factualminds.com, Amazon CloudWatch Pricing (2026-06), and cloudburn.io (2026-02)',
    sure: 'high',
  },
  logStorage: {
    usd: '0.03',
    per: BYTES_A_GB,
    unit: 'GB-month of kept log lines, before they are compressed',
    source: 'no page found with the number; from memory',
    sure: 'low',
  },
  metrics: {
    usd: '0.30',
    per: 1n,
    unit: 'custom metric and month, by the hours in which it is written',
    free: 10n,
    source: 'signoz.io/guides/cloudwatch-pricing (2026-02), and AWS’s page for what is free',
    sure: 'high',
  },
  alarms: {
    usd: '0.10',
    per: 1n,
    unit: 'alarm and month, of one metric at standard resolution',
    free: 10n,
    source:
      'c3x.dev, aws_cloudwatch_metric_alarm; aws.amazon.com/cloudwatch/pricing for what is free',
    sure: 'medium',
  },
  dashboards: {
    usd: '3.00',
    per: 1n,
    unit: 'dashboard and month',
    free: 3n,
    source: 'factualminds.com, Amazon CloudWatch Pricing (2026-06); 3 of up to 50 metrics are free',
    sure: 'high',
  },
  schedulerInvocations: {
    usd: '1.00',
    per: MILLION,
    unit: '1,000,000 invocations by EventBridge Scheduler',
    free: 14n * MILLION,
    source: 'cloudburn.io/blog/amazon-eventbridge-pricing (2026-03); another calls it free',
    sure: 'medium',
  },
  customEvents: {
    usd: '1.00',
    per: MILLION,
    unit: '1,000,000 custom events on EventBridge; AWS’s own are free',
    source: 'cloudburn.io and wring.co, EventBridge pricing (2026)',
    sure: 'high',
  },
  mails: {
    usd: '2.00',
    per: 100_000n,
    unit: '100,000 mails by SNS',
    free: 1_000n,
    source: 'factualminds.com, Amazon SNS Pricing (2026-06)',
    sure: 'medium',
  },
  kmsRequests: {
    usd: '0.03',
    per: 10_000n,
    unit: '10,000 requests to KMS, AWS’s own keys included',
    free: 20_000n,
    source: 'aws.amazon.com/kms/pricing, and wring.co/blog/aws-kms-pricing-guide (2026-03)',
    sure: 'high',
  },
  kmsKeys: {
    usd: '1.00',
    per: 1n,
    unit: 'KMS key of your own and month',
    source: 'aws.amazon.com/kms/pricing',
    sure: 'high',
  },
  secrets: {
    usd: '0.40',
    per: 1n,
    unit: 'secret and month; 10,000 reads of it are $0.05',
    source: 'hivebook.wiki, AWS Secrets Manager; AWS’s own page was not found',
    sure: 'medium',
  },
  transferOut: {
    usd: '0.09',
    per: BYTES_A_GB,
    unit: 'GB out to the internet, first tier; in is free',
    free: 100n * BYTES_A_GB,
    source: 'wring.co/blog/aws-data-transfer-pricing-guide (2026), cloud-cost-557.pages.dev (2026)',
    sure: 'high',
  },
  edgeRequests: {
    usd: '1.00',
    per: MILLION,
    unit: '1,000,000 HTTPS requests to CloudFront; none that WAF blocks',
    free: 10n * MILLION,
    source: 'wring.co/blog/aws-cloudfront-pricing-guide (2026-03); AWS’s news of 2024-11 for WAF',
    sure: 'medium',
  },
  edgeTransfer: {
    usd: '0.085',
    per: BYTES_A_GB,
    unit: 'GB out by CloudFront, in place of the line above; to it is free',
    free: 1_024n * BYTES_A_GB,
    source: 'aws.amazon.com/cloudfront/pricing',
    sure: 'high',
  },
  wafLists: {
    usd: '5.00',
    per: 1n,
    unit: 'web ACL and month',
    source: 'c3x.dev/blog/aws-waf-cost-explained, and awsnegotiations.com',
    sure: 'high',
  },
  wafRules: {
    usd: '1.00',
    per: 1n,
    unit: 'rule of it and month',
    source: 'c3x.dev/blog/aws-waf-cost-explained, and awsnegotiations.com',
    sure: 'high',
  },
  wafRequests: {
    usd: '0.60',
    per: MILLION,
    unit: '1,000,000 requests that WAF looks at, blocked ones too',
    source: 'c3x.dev/blog/aws-waf-cost-explained, and awsnegotiations.com',
    sure: 'high',
  },
} as const satisfies Readonly<Record<string, AwsPrice>>;

export type PriceName = keyof typeof PRICES;

/** What so many units cost, rounded up to a nano-dollar. @throws Error for a price that is none */
export function costOf(name: PriceName, units: bigint): NanoUsd {
  const { usd, per }: AwsPrice = PRICES[name];
  const price = parseUsd(usd);
  if (price === undefined) throw new Error(`the price ${name} is not decimal dollars: ${usd}`);
  return nanoUsd(divCeil(price * units, per));
}
