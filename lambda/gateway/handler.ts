/**
 * The gateway function's entry point: reads the environment, composes, exports.
 */
import { systemClock } from '../adapters/clock/system-clock.ts';
import { createLedgerClient } from '../adapters/ledger/dynamo-client.ts';
import { createBedrockProfiles } from '../adapters/models/bedrock-profiles.ts';
import { createTelemetry } from '../adapters/telemetry/powertools-telemetry.ts';
import { createBedrockUpstream } from '../adapters/upstream/bedrock-upstream.ts';
import { METRIC_SERVICE } from '../contract.ts';
import { composeGateway } from './compose.ts';
import { readEnvironment } from './environment.ts';

const upstream = createBedrockUpstream({ clock: systemClock });

export const handler = composeGateway({
  environment: readEnvironment(process.env),
  dynamo: createLedgerClient(),
  upstream,
  tokenCounter: upstream.tokenCounter,
  profiles: createBedrockProfiles({ clock: systemClock }),
  clock: systemClock,
  telemetry: createTelemetry(METRIC_SERVICE.gateway),
});
