/**
 * The optional edge: CloudFront and a web ACL in front of the gateway's Function URL.
 *
 * Invariant: nothing is cached and no byte is changed: each request reaches the function once, and
 *            what the function answers is what the client gets.
 * Not here:  the secret that it sends (origin-secret.ts) and who checks it (lambda).
 */
import { Duration, Stack, Token, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginRequestPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { IFunctionUrl } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ORIGIN_SECRET_HEADER } from '../lambda/contract.ts';
import { type Configuration, settingsError } from './configuration.ts';
import { webAclProblem } from './edge-settings.ts';
import { EdgeWebAcl } from './edge-web-acl.ts';

/** What the edge stands in front of, and its settings. */
export interface EdgeProps {
  readonly functionUrl: IFunctionUrl;
  /** What it proves itself by. */
  readonly originSecret: string;
  readonly configuration: Configuration;
}

/**
 * CloudFront's own default. A Function URL does not say how long it keeps a connection, and a
 * request on a closed one is answered 502: CloudFront sends no POST twice.
 */
const KEEP_ALIVE = Duration.seconds(5);

/**
 * Every status that CloudFront can be told about. Unless told so it answers a GET with an error
 * that another key got in the last 10 seconds, whatever the cache policy says.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
 */
const CACHED_ERRORS = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504];

/** A distribution in front of a Function URL. */
export class Edge extends Construct {
  readonly distribution: Distribution;
  /** `https://...` without a slash at its end: clients append a path to it. */
  readonly url: string;

  /** @throws Error where the stack is known to be in a region that has no web ACLs for CloudFront */
  constructor(scope: Construct, id: string, props: EdgeProps) {
    super(scope, id);
    const { configuration } = props;
    const { edgeDomain } = configuration;
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'hardcap: in front of the gateway',
      httpVersion: HttpVersion.HTTP2_AND_3,
      webAclId: this.#webAclArn(configuration),
      ...domainOf(this, configuration),
      defaultBehavior: {
        origin: originOf(props),
        allowedMethods: AllowedMethods.ALLOW_ALL,
        cachePolicy: CachePolicy.CACHING_DISABLED,
        // Authorization included; the Function URL refuses a Host that is not its own.
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        // Not a redirect: a client that is sent on has shown its key in plain text already.
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        compress: false,
      },
      errorResponses: CACHED_ERRORS.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
    });
    this.url = `https://${edgeDomain === '' ? this.distribution.distributionDomainName : edgeDomain}`;
    this.#acknowledge(edgeDomain);
  }

  #webAclArn(configuration: Configuration): string {
    const { region } = Stack.of(this);
    const known = Token.isUnresolved(region) ? undefined : region;
    const problem = webAclProblem(configuration, known);
    if (problem !== undefined) throw settingsError([problem]);
    const { edgeWebAclArn, edgeRateLimit } = configuration;
    if (edgeWebAclArn !== '') return edgeWebAclArn;
    return new EdgeWebAcl(this, 'WebAcl', { rateLimit: edgeRateLimit }).arn;
  }

  #acknowledge(domain: string): void {
    const findings = {
      'AwsSolutions-CFR1': 'Who may ask is decided by hardcap keys, wherever they are used.',
      'AwsSolutions-CFR3':
        'Each request that passes has an entry in the journal and metrics of its own; the web ' +
        'ACL counts those that do not. An access log would keep addresses and paths once more.',
      ...(domain === '' && {
        'AwsSolutions-CFR4':
          'For its own domain name CloudFront decides the TLS versions; with edgeDomain set it ' +
          'is TLS 1.2 at least.',
      }),
    };
    for (const [id, reason] of Object.entries(findings)) {
      Validations.of(this.distribution).acknowledge({ id, reason });
    }
  }
}

const originOf = ({ functionUrl, originSecret, configuration }: EdgeProps): FunctionUrlOrigin =>
  new FunctionUrlOrigin(functionUrl, {
    customHeaders: { [ORIGIN_SECRET_HEADER]: originSecret },
    readTimeout: Duration.seconds(configuration.edgeFirstByteSeconds),
    keepaliveTimeout: KEEP_ALIVE,
  });

const domainOf = (scope: Construct, { edgeDomain, edgeCertificateArn }: Configuration) =>
  edgeDomain === ''
    ? {}
    : {
        domainNames: [edgeDomain],
        certificate: Certificate.fromCertificateArn(scope, 'Certificate', edgeCertificateArn),
        minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      };
