// A loop that nobody stops but its cap: it asks until the answer is "done", which never comes. It
// spends until it is refused, so give it a key with a small cap. It reads
// AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_BEARER_TOKEN_BEDROCK and AWS_REGION; its argument is a model.
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const modelId = process.argv[2] ?? 'us.anthropic.claude-opus-4-5-20251101-v1:0';
// The simulated Bedrock writes as many tokens as a prompt asks for in brackets.
const text = 'Plan the migration. Say "done" when it is perfect. [[output=4000]]';

const requestHandler = new NodeHttpHandler();
const client = new BedrockRuntimeClient({ requestHandler, maxAttempts: 1 });

// hardcap says in headers what an answer cost and what remains; the SDK shows them to middleware.
let headers = {};
const readHeaders = (next) => async (args) => {
  const result = await next(args);
  headers = result.response.headers;
  return result;
};
client.middlewareStack.add(readHeaders, { step: 'deserialize', priority: 'low' });

const ask = new ConverseCommand({
  modelId,
  messages: [{ role: 'user', content: [{ text }] }],
  inferenceConfig: { maxTokens: 4000 },
});

for (let call = 1; ; call += 1) {
  try {
    const { output } = await client.send(ask);
    const cost = headers['x-hardcap-cost-usd'];
    const remaining = headers['x-hardcap-remaining-usd'];
    console.log(`call ${call}: cost $${cost}, remaining $${remaining}`);
    if (output.message.content[0].text === 'done') break;
  } catch (error) {
    console.log(`call ${call}: ${error.name}: ${error.message}`);
    process.exitCode = 1;
    break;
  }
}
