/**
 * Bedrock itself, not by way of the gateway: what it sells, how fast it answers, what it counts.
 */
import { BedrockClient } from '@aws-sdk/client-bedrock';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { offeredModels } from '../../bin/commands/doctor/offered-models.ts';
import type { AwsAccount, DirectAnswer } from './aws-account.ts';
import type { Place } from './sdk-account.ts';

type BedrockSide = Pick<AwsAccount, 'offeredModels' | 'converse' | 'leaveStream' | 'outputTokens'>;

export function createBedrockSide(place: Place): BedrockSide {
  const runtime = createRuntime(place);
  const cloudWatch = new CloudWatchClient(place);
  return {
    offeredModels: (region) => offeredModels(new BedrockClient({ ...place, region })),
    converse: (modelId) => converse(runtime, modelId),
    leaveStream: (modelId, maxTokens) => leaveStream(createRuntime(place), modelId, maxTokens),
    async outputTokens(modelId, fromMs, toMs) {
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          Namespace: 'AWS/Bedrock',
          MetricName: 'OutputTokenCount',
          Dimensions: [{ Name: 'ModelId', Value: modelId }],
          StartTime: new Date(fromMs),
          EndTime: new Date(toMs),
          Period: 60,
          Statistics: ['Sum'],
        }),
      );
      if (Datapoints.length === 0) return undefined;
      return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
    },
  };
}

const createRuntime = (place: Place): BedrockRuntimeClient =>
  new BedrockRuntimeClient({
    ...place,
    // The environment may send AWS SDKs to hardcap, with its key: this one goes to Bedrock.
    endpoint: place.endpoint ?? `https://bedrock-runtime.${place.region}.amazonaws.com`,
    authSchemePreference: ['sigv4'],
    maxAttempts: 1,
  });

const HELLO = [{ role: 'user' as const, content: [{ text: 'Say hello.' }] }];

async function converse(runtime: BedrockRuntimeClient, modelId: string): Promise<DirectAnswer> {
  const startedAtMs = performance.now();
  try {
    const inferenceConfig = { maxTokens: 1 };
    await runtime.send(new ConverseCommand({ modelId, messages: HELLO, inferenceConfig }));
    return { kind: 'answered', elapsedMs: performance.now() - startedAtMs };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AccessDeniedException') throw error;
    return { kind: 'denied', message: error.message };
  }
}

const LONG = [
  { role: 'user' as const, content: [{ text: 'Count from one to five thousand in words.' }] },
];
const LEAVE_AFTER_EVENTS = 20;

async function leaveStream(
  runtime: BedrockRuntimeClient,
  modelId: string,
  maxTokens: number,
): Promise<void> {
  const { stream } = await runtime.send(
    new ConverseStreamCommand({ modelId, messages: LONG, inferenceConfig: { maxTokens } }),
  );
  let events = 0;
  for await (const _event of stream ?? []) {
    events += 1;
    if (events >= LEAVE_AFTER_EVENTS) break;
  }
  // The client is of this stream alone: its connection goes with it.
  runtime.destroy();
}
