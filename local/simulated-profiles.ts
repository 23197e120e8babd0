/**
 * Two application inference profiles for the simulated Bedrock, so that their ARNs can be tried
 * without an account: one leads to Haiku by its us profile, one to Nova Lite in the region itself.
 */
import { regionOfArn } from '../lambda/domain/model-id.ts';
import type { ProfileAnswer, ProfileDirectory } from '../lambda/ports/profile-directory.ts';

const PROFILE_ARN =
  /^arn:aws:bedrock:[a-z0-9-]{1,20}:000000000000:application-inference-profile\/(demo-[a-z]+)$/;

const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const NOVA = 'amazon.nova-lite-v1:0';

/** Where the us profile of Haiku routes to. */
const US_REGIONS = ['us-east-1', 'us-east-2', 'us-west-2'];

/** By the end of the ARN: the model, and its regions; none are the ARN's own. */
const PROFILES: ReadonlyMap<string, { readonly model: string; readonly regions?: string[] }> =
  new Map([
    ['demo-haiku', { model: HAIKU, regions: US_REGIONS }],
    ['demo-nova', { model: NOVA }],
  ]);

const profileOf = (arn: string) => PROFILES.get(PROFILE_ARN.exec(arn)?.[1] ?? '');

/** The id of the model that one of these profiles leads to; any other id as it is. */
export const simulatedModelOf = (modelId: string): string => profileOf(modelId)?.model ?? modelId;

/** A directory that knows these profiles and no other. */
export function createSimulatedProfiles(): ProfileDirectory {
  const answerOf = (arn: string): ProfileAnswer => {
    const profile = profileOf(arn);
    if (profile === undefined) return { kind: 'unknown', problem: 'ResourceNotFoundException' };
    const { model, regions = [regionOfArn(arn) ?? ''] } = profile;
    const modelArns = regions.map(
      (region) => `arn:aws:bedrock:${region}::foundation-model/${model}`,
    );
    return { kind: 'found', modelArns };
  };
  return { peek: answerOf, lookUp: async (arn) => answerOf(arn) };
}
