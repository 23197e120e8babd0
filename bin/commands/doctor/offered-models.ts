/**
 * The models and inference profiles that Bedrock offers an account, and what stands in the way.
 */
import {
  type BedrockClient,
  GetFoundationModelAvailabilityCommand,
  ListFoundationModelsCommand,
  paginateListInferenceProfiles,
} from '@aws-sdk/client-bedrock';

/** Ids that can be asked for by the token, in the client's region. */
export async function offeredModels(client: BedrockClient): Promise<ReadonlySet<string>> {
  const { modelSummaries = [] } = await client.send(new ListFoundationModelsCommand({}));
  const offered = new Set<string>();
  for (const { modelId, inferenceTypesSupported = [] } of modelSummaries) {
    // Others are sold by a profile, or as throughput.
    if (modelId !== undefined && inferenceTypesSupported.includes('ON_DEMAND')) {
      offered.add(modelId);
    }
  }
  const pages = paginateListInferenceProfiles({ client }, { typeEquals: 'SYSTEM_DEFINED' });
  for await (const { inferenceProfileSummaries = [] } of pages) {
    for (const { inferenceProfileId } of inferenceProfileSummaries) {
      if (inferenceProfileId !== undefined) offered.add(inferenceProfileId);
    }
  }
  return offered;
}

/** Why the account may not use the model of this bare id; undefined where it may. */
export async function modelObstacle(
  client: BedrockClient,
  modelId: string,
): Promise<string | undefined> {
  try {
    const seen = await client.send(new GetFoundationModelAvailabilityCommand({ modelId }));
    const obstacles = [
      ...(seen.authorizationStatus === 'AUTHORIZED' ? [] : ['not authorized']),
      ...(seen.entitlementAvailability === 'AVAILABLE' ? [] : ['no access']),
      ...(seen.regionAvailability === 'AVAILABLE' ? [] : ['not in this region']),
      ...(isAgreed(seen.agreementAvailability?.status) ? [] : ['no agreement']),
    ];
    return obstacles.length === 0 ? undefined : obstacles.join(', ');
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'ResourceNotFoundException' || name === 'ValidationException') {
      return 'not known in this region';
    }
    throw error;
  }
}

/** Models without terms of their own have no agreement to be made. */
const isAgreed = (status: string | undefined): boolean =>
  status === undefined || status === 'AVAILABLE';
