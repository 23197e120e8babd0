// LangChain on the AWS SDK: AWS_BEARER_TOKEN_BEDROCK, AWS_DEFAULT_REGION, and the endpoint as
// AWS_ENDPOINT_URL_BEDROCK_RUNTIME.
import { ChatBedrockConverse } from '@langchain/aws';

try {
  const model = new ChatBedrockConverse({
    model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    maxTokens: 200,
  });
  console.log((await model.invoke('Say hello.')).text);
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
