/**
 * The web ACL of the edge: one rule, so many requests in five minutes from one address.
 *
 * Invariant: no request is sampled or logged by it: AWS WAF keeps whole headers, keys included.
 */
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

/** What it lets through. */
export interface EdgeWebAclProps {
  /** Requests from one address in 5 minutes, 100 to 2,000,000,000. */
  readonly rateLimit: number;
}

const WINDOW_SECONDS = 300;
const BODY_KEY = 'rate-limited';

/** AWS SDKs read the type of an error in its body, and wait before they send again. */
const rateLimitedBody = (rateLimit: number): string =>
  JSON.stringify({
    __type: 'ThrottlingException',
    message:
      `rate_limited: more than ${rateLimit} requests in 5 minutes from this address; send fewer, ` +
      'or have edgeRateLimit raised',
  });

/** In us-east-1, as every web ACL for CloudFront. */
export class EdgeWebAcl extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { rateLimit }: EdgeWebAclProps) {
    super(scope, id);
    const webAcl = new CfnWebACL(this, 'Default', {
      description: 'hardcap: requests from one address in front of the gateway',
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: countedAs('hardcap-edge'),
      customResponseBodies: {
        [BODY_KEY]: { contentType: 'APPLICATION_JSON', content: rateLimitedBody(rateLimit) },
      },
      rules: [
        {
          name: 'RateByAddress',
          priority: 0,
          statement: {
            rateBasedStatement: {
              aggregateKeyType: 'IP',
              evaluationWindowSec: WINDOW_SECONDS,
              limit: rateLimit,
            },
          },
          action: {
            block: { customResponse: { responseCode: 429, customResponseBodyKey: BODY_KEY } },
          },
          visibilityConfig: countedAs('hardcap-edge-rate'),
        },
      ],
    });
    this.arn = webAcl.attrArn;
  }
}

const countedAs = (metricName: string) => ({
  metricName,
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: false,
});
