// Anthropic's SDK as it is, at /v1/messages: ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY.
import Anthropic from '@anthropic-ai/sdk';

try {
  const stream = new Anthropic().messages.stream({
    model: 'claude-haiku-4-5',
    max_tokens: 200,
    messages: [{ role: 'user', content: 'Say hello.' }],
  });
  stream.on('text', (text) => process.stdout.write(text));
  await stream.finalMessage();
  console.log();
} catch (error) {
  // RateLimitError at 429, PaymentRequiredError at 402; the message names the cap.
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
