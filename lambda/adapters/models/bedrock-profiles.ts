/**
 * The directory of profiles at Bedrock's control plane: GetInferenceProfile.
 *
 * The SDK's client is loaded with the first question: a gateway that is never asked for an
 * application inference profile does not pay for it when it starts.
 */
import type { BedrockClient, BedrockClientConfig } from '@aws-sdk/client-bedrock';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Clock } from '../../ports/clock.ts';
import type { ProfileAnswer, ProfileDirectory } from '../../ports/profile-directory.ts';
import { withCache } from './profile-directory-with-cache.ts';

export interface BedrockProfilesOptions {
  readonly clock: Clock;
  /** Another endpoint that speaks the control plane's API; absent: Bedrock of the region. */
  readonly endpoint?: URL;
  readonly credentials?: NonNullable<BedrockClientConfig['credentials']>;
}

/** Of one attempt. A caller waits for it, and nothing is reserved meanwhile. */
const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;
/** Reading is free and safe to repeat. */
const MAX_ATTEMPTS = 2;

/** What Bedrock answers of a profile that is not there, or not for this account. */
const UNKNOWN_ERRORS: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'ResourceNotFoundException',
  'ValidationException',
]);

export interface ClosableProfiles extends ProfileDirectory {
  /** Closes idle connections. */
  close(): void;
}

export function createBedrockProfiles(options: BedrockProfilesOptions): ClosableProfiles {
  const clients = new Map<string, BedrockClient>();
  const loadSdk = () => import('@aws-sdk/client-bedrock');

  const ask = async (arn: string, region: string): Promise<ProfileAnswer> => {
    const sdk = await loadSdk();
    const client = clients.get(region) ?? new sdk.BedrockClient(configOf(options, region));
    clients.set(region, client);
    try {
      const command = new sdk.GetInferenceProfileCommand({ inferenceProfileIdentifier: arn });
      return readAnswer(await client.send(command), arn);
    } catch (error) {
      return failureOf(error);
    }
  };

  return {
    ...withCache(ask, options.clock),
    close: () => {
      for (const client of clients.values()) client.destroy();
    },
  };
}

function configOf(options: BedrockProfilesOptions, region: string): BedrockClientConfig {
  return {
    region,
    // Named, as an environment that points AWS SDKs at hardcap must not point hardcap at itself.
    endpoint: options.endpoint?.href ?? `https://bedrock.${region}.amazonaws.com`,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  };
}

/** The parts of an answer that are read. */
interface ProfileOutput {
  readonly inferenceProfileArn?: string | undefined;
  readonly status?: string | undefined;
  readonly models?: readonly { readonly modelArn?: string | undefined }[] | undefined;
}

function readAnswer(output: ProfileOutput, arn: string): ProfileAnswer {
  const { inferenceProfileArn, status, models = [] } = output;
  if (inferenceProfileArn !== arn || status !== 'ACTIVE') {
    return { kind: 'unknown', problem: 'Bedrock answered of another profile, or it is not active' };
  }
  // A model without an ARN is kept: as an empty text it leads to no list price.
  return { kind: 'found', modelArns: models.map(({ modelArn }) => modelArn ?? '') };
}

function failureOf(error: unknown): ProfileAnswer {
  if (!(error instanceof Error)) return { kind: 'unavailable', problem: String(error) };
  const { name, message } = error;
  return UNKNOWN_ERRORS.has(name)
    ? { kind: 'unknown', problem: name }
    : { kind: 'unavailable', problem: `${name}: ${message}` };
}
