/**
 * Rules of the edge: what CloudFront is told, who proves what to whom, and when there is none.
 */
import type { App } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { ENV, ORIGIN_SECRET_HEADER } from '../../lambda/contract.ts';
import type { HardcapProps } from '../../lib/hardcap.ts';
import { HardcapStack } from '../../lib/hardcap-stack.ts';
import { createApp, createTemplate, flatten, resource, resources } from './stack-under-test.ts';

const CERTIFICATE =
  'arn:aws:acm:us-east-1:123456789012:certificate/12345678-90ab-cdef-1234-567890abcdef';
const WEB_ACL =
  'arn:aws:wafv2:us-east-1:123456789012:global/webacl/mine/12345678-90ab-cdef-1234-567890abcdef';
const DOMAIN = { edgeDomain: 'llm.example.com', edgeCertificateArn: CERTIFICATE };
const SECRET = 'AWS::SecretsManager::Secret';

const withEdge = (rest: HardcapProps = {}): Template =>
  createTemplate({ edge: 'cloudfront', ...rest });
const stackIn = (region: string, hardcap: HardcapProps, app: App = createApp()) =>
  new HardcapStack(app, 'Test', { hardcap, env: { region } });

interface DistributionConfig {
  readonly Aliases?: unknown;
  readonly CustomErrorResponses: readonly { ErrorCode: number; ErrorCachingMinTTL: number }[];
  readonly DefaultCacheBehavior: Record<string, unknown>;
  readonly HttpVersion: string;
  readonly Logging?: unknown;
  readonly Origins: readonly [Record<string, unknown>];
  readonly ViewerCertificate?: unknown;
  readonly WebACLId: unknown;
}

const distributionOf = (from: Template): DistributionConfig =>
  resource(from, 'AWS::CloudFront::Distribution').properties
    .DistributionConfig as DistributionConfig;
const resolved = (id: string) => `{{resolve:secretsmanager:<${id}>:SecretString:::}}`;
const secretIn = (from: Template, version: number) =>
  resolved(resource(from, SECRET, new RegExp(`Version${version}[0-9A-F]{8}$`)).id);
const sentBy = (from: Template) => distributionOf(from).Origins[0].OriginCustomHeaders;
const takenBy = (from: Template, name: RegExp) => {
  const { properties } = resource(from, 'AWS::Lambda::Function', name);
  return (properties.Environment as { Variables: Record<string, unknown> }).Variables[
    ENV.originSecret
  ];
};
const outputOf = (from: Template, name: string): string =>
  String(flatten(from.findOutputs(name)[name]?.Value));

const template = withEdge();
const distribution = distributionOf(template);

describe('without an edge', () => {
  const none = createTemplate();

  it.each(['AWS::CloudFront::Distribution', 'AWS::WAFv2::WebACL', SECRET])(
    'there is no %s',
    (type) => expect(resources(none, type)).toEqual([]),
  );

  it('no secret is asked for, and no output speaks of it', () => {
    expect(takenBy(none, /Gateway/)).toBeUndefined();
    expect(Object.keys(none.findOutputs('*')).filter((name) => /^Edge/.test(name))).toEqual([]);
  });
});

describe('requests through CloudFront', () => {
  it('come by HTTP/2 or HTTP/3 and TLS alone, in any method', () => {
    expect(distribution.HttpVersion).toBe('http2and3');
    expect(distribution.DefaultCacheBehavior).toMatchObject({
      ViewerProtocolPolicy: 'https-only',
      AllowedMethods: expect.arrayContaining(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']),
    });
  });

  // The ids of AWS's managed policies:
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  it('are never cached or compressed, and bring every header but Host', () => {
    expect(distribution.DefaultCacheBehavior).toMatchObject({
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
      Compress: false,
    });
  });

  it('are not answered by an error that another key got', () => {
    const kept = distribution.CustomErrorResponses.map((each) => [
      each.ErrorCode,
      each.ErrorCachingMinTTL,
    ]);

    expect(Object.fromEntries(kept)).toEqual({
      400: 0,
      403: 0,
      404: 0,
      405: 0,
      414: 0,
      500: 0,
      501: 0,
      502: 0,
      503: 0,
      504: 0,
    });
  });

  it('are waited for as long as CloudFront goes without a raised quota', () => {
    expect(distribution.Origins[0].CustomOriginConfig).toEqual({
      OriginProtocolPolicy: 'https-only',
      OriginSSLProtocols: ['TLSv1.2'],
      OriginReadTimeout: 120,
      OriginKeepaliveTimeout: 5,
    });
    expect(distribution.Origins[0]).not.toHaveProperty('ResponseCompletionTimeout');
  });

  it('may be waited for longer or less', () => {
    const { CustomOriginConfig } = distributionOf(withEdge({ edgeFirstByteSeconds: 180 }))
      .Origins[0];

    expect(CustomOriginConfig).toMatchObject({ OriginReadTimeout: 180 });
  });
});

describe('the secret', () => {
  it('is sent by CloudFront and asked for by the gateway alone', () => {
    const secret = secretIn(template, 1);

    expect(sentBy(template)).toEqual([{ HeaderName: ORIGIN_SECRET_HEADER, HeaderValue: secret }]);
    expect(takenBy(template, /Gateway/)).toBe(secret);
    expect(takenBy(template, /Rollover/)).toBeUndefined();
  });

  it('is made by Secrets Manager, of what a header and a comma-separated list can hold', () => {
    expect(resource(template, SECRET).properties.GenerateSecretString).toEqual({
      PasswordLength: 64,
      ExcludePunctuation: true,
    });
  });

  it('is changed with the one before still taken, whose value stays', () => {
    const changed = withEdge({ edgeSecretVersion: 2 });
    const again = withEdge({ edgeSecretVersion: 3 });

    expect(secretIn(changed, 1)).toBe(secretIn(template, 1));
    expect(sentBy(changed)).toMatchObject([{ HeaderValue: secretIn(changed, 2) }]);
    expect(takenBy(changed, /Gateway/)).toBe(`${secretIn(changed, 2)},${secretIn(changed, 1)}`);
    expect(takenBy(again, /Gateway/)).toBe(`${secretIn(again, 3)},${secretIn(changed, 2)}`);
    expect(resources(again, SECRET)).toHaveLength(2);
  });

  it('is sent, but not asked for, while direct calls are allowed', () => {
    const open = withEdge({ edgeDirect: 'allow' });

    expect(sentBy(open)).toMatchObject([{ HeaderValue: secretIn(open, 1) }]);
    expect(takenBy(open, /Gateway/)).toBeUndefined();
  });
});

describe('the web ACL', () => {
  const webAcl = resource(template, 'AWS::WAFv2::WebACL');

  it("stands before the distribution and blocks an address's flood by an error of AWS's form", () => {
    expect(distribution.WebACLId).toBe(`<${webAcl.id}.Arn>`);
    expect(webAcl.properties).toMatchObject({
      Scope: 'CLOUDFRONT',
      DefaultAction: { Allow: {} },
      Rules: [
        {
          Action: { Block: { CustomResponse: { ResponseCode: 429 } } },
          Statement: {
            RateBasedStatement: { AggregateKeyType: 'IP', EvaluationWindowSec: 300, Limit: 10_000 },
          },
        },
      ],
    });
    const [body] = Object.values(
      webAcl.properties.CustomResponseBodies as Record<string, { Content: string }>,
    );
    expect(JSON.parse(body?.Content ?? '')).toMatchObject({ __type: 'ThrottlingException' });
  });

  it('keeps no sample of a request, as a sample holds its key', () => {
    const text = JSON.stringify(webAcl.properties);

    expect(text.match(/"SampledRequestsEnabled":/g)).toHaveLength(2);
    expect(text).not.toContain('"SampledRequestsEnabled":true');
  });

  it('is as strict as edgeRateLimit says', () => {
    const strict = resource(withEdge({ edgeRateLimit: 500 }), 'AWS::WAFv2::WebACL');

    expect(JSON.stringify(strict.properties)).toContain('"Limit":500');
  });

  it('of the operator takes the place of ours', () => {
    const theirs = withEdge({ edgeWebAclArn: WEB_ACL });

    expect(distributionOf(theirs).WebACLId).toBe(WEB_ACL);
    expect(resources(theirs, 'AWS::WAFv2::WebACL')).toEqual([]);
  });

  it('is refused in a region where it cannot be made, with what to do', () => {
    const build = () => stackIn('eu-west-1', { edge: 'cloudfront' });

    expect(build).toThrow("the stack's region is eu-west-1");
    expect(build).toThrow('"edgeWebAclArn"');
  });

  it.each([
    ['us-east-1', {}],
    ['eu-west-1', { edgeWebAclArn: WEB_ACL }],
    ['eu-west-1', { edge: 'none' }],
  ] as const)('is no hindrance in %s with %j', (region, rest) => {
    expect(() => stackIn(region, { edge: 'cloudfront', ...rest })).not.toThrow();
  });
});

describe('a domain of the operator', () => {
  const named = withEdge(DOMAIN);

  it('is served with its certificate, by TLS 1.2 at least', () => {
    expect(distributionOf(named)).toMatchObject({
      Aliases: ['llm.example.com'],
      ViewerCertificate: {
        AcmCertificateArn: CERTIFICATE,
        MinimumProtocolVersion: 'TLSv1.2_2021',
        SslSupportMethod: 'sni-only',
      },
    });
  });

  it('stands in the outputs, beside where its DNS record leads to', () => {
    const { id } = resource(named, 'AWS::CloudFront::Distribution');

    expect(outputOf(named, 'GatewayUrl')).toBe('https://llm.example.com');
    expect(outputOf(named, 'EdgeUrl')).toBe('https://llm.example.com');
    expect(outputOf(named, 'EdgeDistributionDomain')).toBe(`<${id}.DomainName>`);
  });
});

describe('the outputs', () => {
  it("give the edge's URL, and not the Function URL", () => {
    const { id } = resource(template, 'AWS::CloudFront::Distribution');
    const url = `https://<${id}.DomainName>`;

    expect(outputOf(template, 'EdgeUrl')).toBe(url);
    expect(outputOf(template, 'GatewayUrl')).toBe(url);
    expect(outputOf(template, 'EnvironmentLines')).toContain(
      `AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${url}\n`,
    );
    expect(JSON.stringify(template.findOutputs('*'))).not.toContain('FunctionUrl');
  });

  it('do not ask JavaScript for HTTP/1.1', () => {
    expect(JSON.stringify(template.findOutputs('EnvironmentLines'))).not.toContain('NodeHttp');
    expect(JSON.stringify(createTemplate().findOutputs('EnvironmentLines'))).toContain('NodeHttp');
  });
});

describe('cdk-nag', () => {
  it.each([
    ['a domain of CloudFront', {}],
    ['a domain of the operator, and a changed secret', { ...DOMAIN, edgeSecretVersion: 2 }],
  ])('finds nothing that is not acknowledged, with %s', (_, rest) => {
    const app = createApp();
    stackIn('us-east-1', { edge: 'cloudfront', ...rest }, app);

    const { violations } = new AwsSolutionsChecks().validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });
});
