// LangChain on OpenAI's SDK: OPENAI_BASE_URL (ends with /openai/v1), OPENAI_API_KEY.
import { ChatOpenAI } from '@langchain/openai';

try {
  const model = new ChatOpenAI({
    model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    maxTokens: 200,
  });
  console.log((await model.invoke('Say hello.')).text);
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
