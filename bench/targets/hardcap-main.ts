/**
 * hardcap as a program: the gateway's own handler behind the imitated Function URL.
 *
 * Its tables are named by BENCH_TABLES, made and filled by whoever starts it. The imitation (event
 * and answer, in this process) is what Lambda's runtime does, and is counted as hardcap's.
 */
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { LEDGER_TIMEOUTS } from '../../lambda/adapters/dynamodb/connections.ts';
import { createSignedCalls } from '../../lambda/adapters/dynamodb/signed-calls.ts';
import { createTelemetry } from '../../lambda/adapters/telemetry/powertools-telemetry.ts';
import { createBedrockUpstream } from '../../lambda/adapters/upstream/bedrock-upstream.ts';
import { ENV, METRIC_SERVICE } from '../../lambda/contract.ts';
import { readEnvironment } from '../../lambda/gateway/environment.ts';
import { installAwslambda } from '../../local/function-url-response.ts';
import { type StreamingHandler, startFunctionUrlServer } from '../../local/function-url-server.ts';
import { createSimulatedProfiles } from '../../local/simulated-profiles.ts';
import { serveControl } from '../control.ts';
import { ledgerTableOf, settingsTableOf } from '../table-names.ts';

const { BENCH_UPSTREAM = '', BENCH_DYNAMODB = '', BENCH_TABLES = '' } = process.env;
const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const TIMEOUT_MS = 60_000;

// middy looks for the runtime's global while it composes.
installAwslambda();
const { composeGateway } = await import('../../lambda/gateway/compose.ts');
const handler = composeGateway({
  environment: readEnvironment({
    [ENV.settingsTable]: settingsTableOf(BENCH_TABLES),
    [ENV.ledgerTable]: ledgerTableOf(BENCH_TABLES),
    AWS_REGION: 'us-east-1',
  }),
  dynamo: createSignedCalls({
    region: 'us-east-1',
    endpoint: new URL(BENCH_DYNAMODB),
    timeouts: LEDGER_TIMEOUTS,
    credentials,
  }),
  upstream: createBedrockUpstream({
    clock: systemClock,
    endpoint: new URL(BENCH_UPSTREAM),
    credentials,
  }),
  profiles: createSimulatedProfiles(),
  clock: systemClock,
  telemetry: createTelemetry(METRIC_SERVICE.gateway),
}) as StreamingHandler;
const { url } = await startFunctionUrlServer({ handler, port: 0, timeoutMs: TIMEOUT_MS });
serveControl(url);
