/**
 * The gateway function's entry point: reads the environment, composes, exports.
 */
import { fromEnv } from '@aws-sdk/credential-provider-env';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { LEDGER_TIMEOUTS } from '../adapters/dynamodb/connections.ts';
import { createSignedCalls, dynamodbUrl } from '../adapters/dynamodb/signed-calls.ts';
import { createBedrockProfiles } from '../adapters/models/bedrock-profiles.ts';
import { createTelemetry } from '../adapters/telemetry/powertools-telemetry.ts';
import { createBedrockUpstream } from '../adapters/upstream/bedrock-upstream.ts';
import { METRIC_SERVICE } from '../contract.ts';
import { composeGateway } from './compose.ts';
import { readEnvironment } from './environment.ts';

/** Lambda sets it in every function. */
const region = process.env.AWS_REGION ?? '';
/** Those of the function's role: Lambda sets them for an instance's whole life. */
const credentials = fromEnv();
const upstream = createBedrockUpstream({ clock: systemClock, credentials });

export const handler = composeGateway({
  environment: readEnvironment(process.env),
  dynamo: createSignedCalls({
    region,
    endpoint: dynamodbUrl(region, process.env),
    timeouts: LEDGER_TIMEOUTS,
    credentials,
  }),
  upstream,
  tokenCounter: upstream.tokenCounter,
  profiles: createBedrockProfiles({ clock: systemClock }),
  clock: systemClock,
  telemetry: createTelemetry(METRIC_SERVICE.gateway),
});
