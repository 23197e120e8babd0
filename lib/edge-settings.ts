/**
 * Which settings of the edge do not go together, and with which region.
 *
 * Not here: the bounds of each by itself (configuration.ts).
 */
import type { Configuration } from './configuration.ts';

/** All that only an edge reads. */
const OF_THE_EDGE = [
  'edgeDirect',
  'edgeDomain',
  'edgeCertificateArn',
  'edgeRateLimit',
  'edgeWebAclArn',
  'edgeFirstByteSeconds',
  'edgeSecretVersion',
] as const satisfies readonly (keyof Configuration)[];

/** One sentence for each contradiction; none where all is well. */
export function edgeProblems(given: Configuration, defaults: Configuration): string[] {
  if (given.edge === 'none') return OF_THE_EDGE.flatMap((name) => idle(name, given, defaults));
  const problems: string[] = [];
  if (given.authType === 'iam') {
    problems.push(
      '"authType" is "iam" while "edge" is "cloudfront", which signs no request; set authType to ' +
        'none (the edge has a secret of its own), or edge to none',
    );
  }
  if ((given.edgeDomain === '') !== (given.edgeCertificateArn === '')) {
    problems.push(
      `"edgeDomain" is ${JSON.stringify(given.edgeDomain)} and "edgeCertificateArn" is ` +
        `${JSON.stringify(given.edgeCertificateArn)}; set both or neither`,
    );
  }
  if (given.edgeWebAclArn !== '' && given.edgeRateLimit !== defaults.edgeRateLimit) {
    problems.push(
      `"edgeRateLimit" is ${given.edgeRateLimit}, which nothing would enforce: "edgeWebAclArn" ` +
        'names a web ACL whose rules are yours; set one of the two',
    );
  }
  return problems;
}

/** A setting that is left to rest may be one that somebody relies on. */
function idle(
  name: (typeof OF_THE_EDGE)[number],
  given: Configuration,
  defaults: Configuration,
): string[] {
  if (given[name] === defaults[name]) return [];
  return [
    `"${name}" is ${JSON.stringify(given[name])} while "edge" is "none"; set edge to ` +
      `cloudfront, or leave ${name} out`,
  ];
}

/** Where AWS keeps the web ACLs, and the certificates, of all CloudFront distributions. */
const CLOUDFRONT_REGION = 'us-east-1';

/**
 * The contradiction between the web ACL that would be made and the region of the stack, if there
 * is one. A stack makes resources in its own region only, and CloudFront's web ACLs live in one.
 *
 * @param region undefined where it is not known before the deployment
 */
export function webAclProblem(
  { edge, edgeWebAclArn }: Pick<Configuration, 'edge' | 'edgeWebAclArn'>,
  region: string | undefined,
): string | undefined {
  if (edge === 'none' || edgeWebAclArn !== '') return undefined;
  if (region === undefined || region === CLOUDFRONT_REGION) return undefined;
  return (
    `"edge" is "cloudfront" and the stack's region is ${region}: a web ACL for CloudFront can only ` +
    `be made in ${CLOUDFRONT_REGION}. Make one there (docs/edge.md has the command) and give its ` +
    `ARN as "edgeWebAclArn", or deploy the stack to ${CLOUDFRONT_REGION}`
  );
}
