/**
 * The TokenCounter port on Bedrock Runtime's CountTokens, by the SDK's own command.
 *
 * The command's model of a Converse request would drop members that it does not know, and what is
 * not counted is not bounded: so the bytes that are priced are what is sent, in its envelope.
 */
import type {
  BedrockRuntimeClient,
  BedrockRuntimeClientConfig,
} from '@aws-sdk/client-bedrock-runtime';
import { HttpRequest } from '@smithy/protocol-http';
import type { CountOutcome, CountRequest, TokenCounter } from '../../ports/token-counter.ts';

type Sdk = typeof import('@aws-sdk/client-bedrock-runtime');

/** @param configOf of a client of a region that sends once; it is asked for each count */
export function createBedrockTokenCounter(
  configOf: (region: string) => BedrockRuntimeClientConfig,
): TokenCounter {
  const clients = new Map<string, BedrockRuntimeClient>();
  return {
    async count(request) {
      try {
        const { region, timeoutMs } = request;
        const abortSignal = AbortSignal.timeout(timeoutMs);
        // Loaded with the first question, which only a request near a cap asks.
        const sdk = await import('@aws-sdk/client-bedrock-runtime');
        const config = configOf(region);
        const client = clients.get(region) ?? new sdk.BedrockRuntimeClient(config);
        clients.set(region, client);
        const { inputTokens } = await client.send(commandOf(sdk, request), { abortSignal });
        return inputTokens === undefined
          ? { kind: 'unavailable', why: 'the answer has no count' }
          : { kind: 'counted', inputTokens };
      } catch (error) {
        return failureOf(error);
      }
    },
  };
}

function commandOf({ CountTokensCommand }: Sdk, { baseModelId, form, body }: CountRequest) {
  if (form === 'invokeModel') {
    return new CountTokensCommand({ modelId: baseModelId, input: { invokeModel: { body } } });
  }
  const command = new CountTokensCommand({ modelId: baseModelId, input: { converse: {} } });
  const envelope = Buffer.concat([Buffer.from('{"input":{"converse":'), body, Buffer.from('}}')]);
  // After the serializer, which comes first, and before the length is taken and it is signed.
  command.middlewareStack.add(
    (next) => (args) => {
      if (HttpRequest.isInstance(args.request)) args.request.body = envelope;
      return next(args);
    },
    { step: 'serialize', priority: 'low', name: 'hardcapCountedBytes' },
  );
  return command;
}

/** Answers that are about the model or the role, and not about this request. */
const UNSUPPORTED_NAMES: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'ResourceNotFoundException',
  'UnknownOperationException',
]);
const UNSUPPORTED_MODEL = /support counting tokens|model identifier is invalid/;

/** Messages may quote the request, so only names are told. */
function failureOf(error: unknown): CountOutcome {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (UNSUPPORTED_NAMES.has(name)) return { kind: 'unsupported', why: name };
  if (name !== 'ValidationException') return { kind: 'unavailable', why: name };
  return { kind: UNSUPPORTED_MODEL.test(message) ? 'unsupported' : 'rejected', why: name };
}
