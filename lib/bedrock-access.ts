/**
 * What the gateway's role may ask of Bedrock, and nothing else.
 *
 * Invariant: a model is called in a chosen region, or through an inference profile of one.
 */
import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

const INVOKE = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'];
const ANY_MODEL = 'foundation-model/*';
const ANY_PROFILE = ['inference-profile/*', 'application-inference-profile/*'];
/** A guardrail that works across regions does so by a profile of its own. */
const ANY_GUARDRAIL = ['guardrail/*', 'guardrail-profile/*'];
/** Imported, provisioned and deployed custom models: hardcap serves those that have a price item. */
const ANY_OWN_MODEL = '*-model*/*';

const arn = (region: string, account: string, resource: string): string =>
  `arn:${Aws.PARTITION}:bedrock:${region}:${account}:${resource}`;

const modelsIn = (regions: readonly string[]): string[] =>
  regions.map((region) => arn(region, '', ANY_MODEL));

const profilesIn = (regions: readonly string[]): string[] =>
  regions.flatMap((region) => ANY_PROFILE.map((profile) => arn(region, Aws.ACCOUNT_ID, profile)));

const ownModelsIn = (regions: readonly string[]): string[] =>
  regions.map((region) => arn(region, Aws.ACCOUNT_ID, ANY_OWN_MODEL));

const guardrails = (): string[] =>
  ANY_GUARDRAIL.map((resource) => arn('*', Aws.ACCOUNT_ID, resource));

/** Shorter than a resource for each region, of which IAM takes so many characters. */
const calledIn = (regions: readonly string[]) => ({
  StringEquals: { 'aws:RequestedRegion': [...regions] },
});

/**
 * A cross-region profile needs the model's permission in every region that it may route to: any
 * region for a geography's profile, and an empty region for a global one.
 */
const routedModels = (): string[] => modelsIn(['*', '']);

/** Statements that let a role invoke, count and resolve models, and apply guardrails, in these regions. */
export function bedrockStatements(regions: readonly string[]): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'InvokeInChosenRegions',
      actions: INVOKE,
      resources: [...modelsIn(regions), ...profilesIn(regions), ...ownModelsIn(regions)],
    }),
    new PolicyStatement({
      sid: 'InvokeWhereProfilesRoute',
      actions: INVOKE,
      resources: routedModels(),
      // Without the condition any region's models could be called directly.
      conditions: { ArnLike: { 'bedrock:InferenceProfileArn': profilesIn(regions) } },
    }),
    new PolicyStatement({
      sid: 'CountTokens',
      actions: ['bedrock:CountTokens'],
      resources: modelsIn(regions),
    }),
    new PolicyStatement({
      // Bedrock asks for it as well where a request to a model names a guardrail.
      sid: 'ApplyGuardrails',
      actions: ['bedrock:ApplyGuardrail'],
      resources: guardrails(),
      conditions: calledIn(regions),
    }),
    new PolicyStatement({
      sid: 'CheckText',
      actions: ['bedrock:InvokeGuardrailChecks'],
      // It has no resource to name.
      resources: ['*'],
      conditions: calledIn(regions),
    }),
    new PolicyStatement({
      sid: 'ResolveProfiles',
      actions: ['bedrock:GetInferenceProfile'],
      resources: profilesIn(['*']),
      conditions: calledIn(regions),
    }),
  ];
}

/** The resources above that hold a wildcard: which models may be used is not IAM's to say. */
export const bedrockWildcards = (regions: readonly string[]): string[] => [
  ...modelsIn(regions),
  ...profilesIn(regions),
  ...ownModelsIn(regions),
  ...profilesIn(['*']),
  ...guardrails(),
  '*',
  ...routedModels(),
];
