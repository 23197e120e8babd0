// Vercel AI SDK: AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_BEARER_TOKEN_BEDROCK, AWS_REGION.
import { bedrock } from '@ai-sdk/amazon-bedrock';
import { streamText } from 'ai';

const { stream } = streamText({
  model: bedrock('us.anthropic.claude-haiku-4-5-20251001-v1:0'),
  prompt: 'Say hello.',
  maxOutputTokens: 200,
  // A full cap stays full: do not ask three times.
  maxRetries: 0,
  onError: () => undefined,
});
// streamText raises nothing: a refusal, and a cut, is a part of its stream.
for await (const part of stream) {
  if (part.type === 'text-delta') process.stdout.write(part.text);
  if (part.type === 'error') {
    console.error(part.error instanceof Error ? part.error.message : part.error);
    process.exitCode = 1;
  }
}
console.log();
