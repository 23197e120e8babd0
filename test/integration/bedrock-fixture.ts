/**
 * Requests of a real SDK client to a simulated Bedrock, for its tests.
 */
import {
  BedrockRuntimeClient,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export const CLAUDE = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
export const BARE_CLAUDE = 'anthropic.claude-haiku-4-5-20251001-v1:0';
export const NOVA = 'amazon.nova-lite-v1:0';

export const clientOf = (version: string, url: string): BedrockRuntimeClient =>
  new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    ...(version === 'HTTP/1.1' ? { requestHandler: new NodeHttpHandler() } : {}),
  });

export const converseInput = (modelId: string, text: string): ConverseCommandInput => ({
  modelId,
  messages: [{ role: 'user', content: [{ text }] }],
  inferenceConfig: { maxTokens: 100 },
});

export const claudeBody = (text: string, maxTokens = 100) => ({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: maxTokens,
  messages: [{ role: 'user', content: text }],
});

export const novaBody = (text: string) => ({
  schemaVersion: 'messages-v1',
  messages: [{ role: 'user', content: [{ text }] }],
  inferenceConfig: { maxTokens: 100 },
});

export const bodyOf = (modelId: string, text: string) =>
  modelId === NOVA ? novaBody(text) : claudeBody(text);

export const invokeInput = (modelId: string, text: string) => ({
  modelId,
  body: JSON.stringify(bodyOf(modelId, text)),
});

/** 4 bytes a token: the directives are part of the prompt. */
export const tokensOf = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

export type VendorJson = Readonly<Record<string, unknown>>;

export async function vendorEvents(client: BedrockRuntimeClient, modelId: string, text: string) {
  const input = invokeInput(modelId, text);
  const { body } = await client.send(new InvokeModelWithResponseStreamCommand(input));
  const events: VendorJson[] = [];
  for await (const { chunk } of body ?? []) {
    events.push(JSON.parse(Buffer.from(chunk?.bytes ?? []).toString()));
  }
  return events;
}

export async function converseEvents(client: BedrockRuntimeClient, text: string, modelId = CLAUDE) {
  const { stream } = await client.send(new ConverseStreamCommand(converseInput(modelId, text)));
  const events: ConverseStreamOutput[] = [];
  for await (const event of stream ?? []) events.push(event);
  return events;
}
