// OpenAI's SDK, with any model of Bedrock's: OPENAI_BASE_URL (ends with /openai/v1), OPENAI_API_KEY.
import OpenAI from 'openai';

try {
  const stream = await new OpenAI().chat.completions.create({
    model: process.argv[2] ?? 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    max_tokens: 200,
    messages: [{ role: 'user', content: 'Say hello.' }],
    stream: true,
  });
  for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
  console.log();
} catch (error) {
  // `code` is budget_exceeded; `error.error` has cap, limit_usd, settled_usd, resets_at.
  console.error(error instanceof OpenAI.APIError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
