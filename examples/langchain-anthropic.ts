// LangChain on Anthropic's SDK: ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY.
import { ChatAnthropic } from '@langchain/anthropic';

try {
  const model = new ChatAnthropic({ model: 'claude-haiku-4-5', maxTokens: 200 });
  console.log((await model.invoke('Say hello.')).text);
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
