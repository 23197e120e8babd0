/**
 * The gateway function's entry point: reads the environment, composes, exports.
 */
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
const upstream = createBedrockUpstream({ clock: systemClock });

export const handler = composeGateway({
  environment: readEnvironment(process.env),
  dynamo: createSignedCalls({
    region,
    endpoint: dynamodbUrl(region, process.env),
    timeouts: LEDGER_TIMEOUTS,
  }),
  upstream,
  tokenCounter: upstream.tokenCounter,
  profiles: createBedrockProfiles({ clock: systemClock }),
  clock: systemClock,
  telemetry: createTelemetry(METRIC_SERVICE.gateway),
});
