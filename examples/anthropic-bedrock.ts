// Anthropic's SDK in Bedrock mode: ANTHROPIC_BEDROCK_BASE_URL, AWS_BEARER_TOKEN_BEDROCK, AWS_REGION.
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk';

try {
  const message = await new AnthropicBedrock().messages.create({
    model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    max_tokens: 200,
    messages: [{ role: 'user', content: 'Say hello.' }],
  });
  for (const block of message.content) if (block.type === 'text') console.log(block.text);
} catch (error) {
  // RateLimitError at 429, PaymentRequiredError at 402; the message names the cap.
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
