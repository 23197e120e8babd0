// AWS SDK for JavaScript: AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_BEARER_TOKEN_BEDROCK, AWS_REGION.
// Where the endpoint has no HTTP/2, give the client `requestHandler: new NodeHttpHandler()`.
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';

try {
  const answer = await new BedrockRuntimeClient({}).send(
    new ConverseStreamCommand({
      modelId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
      messages: [{ role: 'user', content: [{ text: 'Say hello.' }] }],
      inferenceConfig: { maxTokens: 200 },
    }),
  );
  for await (const event of answer.stream ?? []) {
    process.stdout.write(event.contentBlockDelta?.delta?.text ?? '');
  }
  console.log();
} catch (error) {
  // BudgetExceededException at the start, ValidationException within a stream; both name the cap.
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
