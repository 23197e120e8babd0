/**
 * What `npm start` tells the person who started it: the address, a key, and lines to paste.
 */
import type { LocalGateway } from './local-gateway.ts';
import { DEMO_CAP_ID, DEMO_LIMIT_USD, type DemoKey } from './seed.ts';

export interface Announced {
  readonly gateway: LocalGateway;
  /** Undefined where nobody knows a key's secret, or nobody should be told. */
  readonly demo: DemoKey | undefined;
  /** The seed's file, where there is one. */
  readonly seed: string | undefined;
  /** By which options the command line works on this gateway's tables; none at the defaults. */
  readonly cliOptions: readonly string[];
}

const DEMO_MODEL = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';

/** The greeting; its first line says that requests are served. */
export function greeting({ gateway, demo, seed, cliOptions }: Announced): string {
  const key = demo?.key ?? '<your key>';
  const cli = (words: string) => ['npm run hardcap --', words, ...cliOptions.map(quoted)].join(' ');
  const parts = [
    `hardcap listening on ${gateway.url}`,
    demo === undefined ? settingsLines(gateway, seed, cli) : demoLines(demo),
    `For any AWS SDK, in its environment:
  export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${gateway.url}
  export AWS_BEARER_TOKEN_BEDROCK=${quoted(key)}
  export AWS_REGION=${gateway.region} AWS_DEFAULT_REGION=${gateway.region}`,
    `For Anthropic's and OpenAI's own SDKs:
  export ANTHROPIC_BASE_URL=${gateway.url} ANTHROPIC_API_KEY=${quoted(key)}
  export OPENAI_BASE_URL=${gateway.url}/openai/v1 OPENAI_API_KEY=${quoted(key)}`,
    `Or by hand:
  curl -s ${gateway.url}/model/${DEMO_MODEL}/converse \\
    -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\
    -d '{"messages":[{"role":"user","content":[{"text":"Hello"}]}],"inferenceConfig":{"maxTokens":200}}'`,
    `Watch the caps in a browser:  ${gateway.url}/`,
    `See what is spent:  ${cli('status')}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function demoLines({ key, isNew }: DemoKey): string {
  // A cap that was there already may have been changed since.
  const limit = isNew ? `: $${DEMO_LIMIT_USD} a day` : '';
  return `demo key  ${key}\nits cap   ${DEMO_CAP_ID}${limit}`;
}

function settingsLines(
  { dynamoEndpoint, settingsTable, ledgerTable, region }: LocalGateway,
  seed: string | undefined,
  cli: (words: string) => string,
): string {
  const make = `Make a key:  ${cli("key create '<id>' --daily 5")}`;
  if (dynamoEndpoint === undefined) {
    return `settings  table ${settingsTable} in ${region}\nledger    table ${ledgerTable}\n${make}`;
  }
  const why =
    seed === undefined
      ? 'There is a demo key already; its secret was shown when it was made.'
      : `The keys, caps and prices of ${seed} are in place.`;
  return `${why}\n${make}`;
}

const PLAIN = /^[\w@%+=:,./-]+$/;

/** As a shell takes it for one word. */
const quoted = (word: string): string =>
  PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
