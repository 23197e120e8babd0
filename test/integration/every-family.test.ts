/**
 * Every model that hardcap serves, by every operation that it has, through the real SDK client:
 * what the cap is charged is what the simulated Bedrock billed, at the model's price.
 */
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import type { CatalogueRow, FamilyName } from '../../lambda/domain/catalogue/catalogue-row.ts';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import { formatUsd, type NanoUsd, nanoUsd, parseUsd } from '../../lambda/domain/money.ts';
import { costOf } from '../../lambda/domain/price.ts';
import { converseQuestion, type ModelFamily, nativeBody } from '../helpers/family-requests.ts';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const REGION = 'us-east-1';
const CAP = 'everything';
const QUESTION = 'what is it? [[input=412]] [[output=37]]';
/** Of models that bill no tokens, so that none are to be asked for. */
const UNIT_QUESTION = 'what is it?';
/** Of families whose answers tell cached tokens. */
const CACHED_QUESTION = `${QUESTION} [[cache-read=300]] [[cache-write=70]]`;

let running: RunningGateway;
let client: BedrockRuntimeClient;
let key = '';

beforeAll(async () => {
  running = await startRunningGateway();
  key = await running.key('everyone');
  await running.cap(CAP, { keys: ['everyone'], limitUsd: 1_000 });
  client = new BedrockRuntimeClient({
    region: REGION,
    endpoint: running.url,
    token: { token: key },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  });
});
beforeEach(() => running.bedrock.book.reset());
afterAll(async () => {
  client.destroy();
  await running.close();
});

/** As the row is sold in us-east-1: bare where it can be. */
function idOf({ baseModelId, offers }: CatalogueRow): string {
  const prefixes = offers.flatMap(({ soldAs }) => soldAs);
  if (prefixes.includes('bare')) return baseModelId;
  return `${prefixes.includes('us') ? 'us' : prefixes[0]}.${baseModelId}`;
}

const settledNanoUsd = async (): Promise<NanoUsd> => {
  const items = await running.counterItems(CAP);
  if (items.length === 0) return nanoUsd(0n);
  const { settledUsd, reservations } = await running.counter(CAP);
  expect(reservations).toBe(0);
  return parseUsd(settledUsd) ?? expect.fail(`no dollars: ${settledUsd}`);
};

/** What one request moved the cap by, and what Bedrock billed for it, in dollars. */
async function chargedAndBilled(modelId: string, ask: () => Promise<unknown>) {
  running.bedrock.book.reset();
  const before = await settledNanoUsd();
  await ask();
  const charged = nanoUsd((await settledNanoUsd()) - before);
  const { records } = running.bedrock.book.page();
  const [record] = records;
  if (record === undefined || records.length !== 1) {
    throw new Error(`Bedrock got ${records.length} requests`);
  }
  expect(record).toMatchObject({ outcome: 'billed', status: 200, modelId });
  const { price } = findModel(modelId, new Map(), REGION);
  return { charged: formatUsd(charged), billed: formatUsd(costOf(price, record)) };
}

async function drain(stream: AsyncIterable<unknown> | undefined): Promise<void> {
  let events = 0;
  for await (const _ of stream ?? []) events += 1;
  expect(events).toBeGreaterThan(0);
}

const invoke = (family: ModelFamily, modelId: string, text: string) => () =>
  client.send(new InvokeModelCommand({ modelId, body: nativeBody(family, modelId, text) }));

const invokeStream = (family: ModelFamily, modelId: string, text: string) => async () => {
  const body = nativeBody(family, modelId, text);
  const answer = await client.send(new InvokeModelWithResponseStreamCommand({ modelId, body }));
  await drain(answer.body);
};

const converse = (modelId: string, text: string) => () =>
  client.send(new ConverseCommand(converseQuestion(modelId, text)));

const converseStream = (modelId: string, text: string) => async () => {
  const answer = await client.send(new ConverseStreamCommand(converseQuestion(modelId, text)));
  await drain(answer.stream);
};

/** Called by every operation: each family, and each vendor and form of body within it. */
const MODELS = [
  'anthropic.claude-haiku-4-5-20251001-v1:0',
  'anthropic.claude-sonnet-4-6',
  'anthropic.claude-v2:1',
  'amazon.nova-micro-v1:0',
  'amazon.nova-2-lite-v1:0',
  'amazon.titan-text-express-v1',
  'ai21.jamba-1-5-mini-v1:0',
  'ai21.j2-mid-v1',
  'cohere.command-text-v14',
  'cohere.command-r-v1:0',
  'deepseek.r1-v1:0',
  'deepseek.v3.2',
  'google.gemma-3-27b-it',
  'meta.llama3-3-70b-instruct-v1:0',
  'minimax.minimax-m2.5',
  'mistral.mistral-7b-instruct-v0:2',
  'mistral.mistral-large-3-675b-instruct',
  'moonshotai.kimi-k2.5',
  'nvidia.nemotron-nano-3-30b',
  'openai.gpt-5.6-luna',
  'openai.gpt-oss-120b-1:0',
  'qwen.qwen3-32b-v1:0',
  'writer.palmyra-x5-v1:0',
  'xai.grok-4.6',
  'zai.glm-5',
  'amazon.titan-embed-text-v2:0',
  'amazon.titan-embed-image-v1',
  'amazon.nova-2-multimodal-embeddings-v1:0',
  'cohere.embed-v4:0',
  'amazon.rerank-v1:0',
  'cohere.rerank-v3-5:0',
  'amazon.nova-canvas-v1:0',
  'amazon.titan-image-generator-v2:0',
  'stability.stable-image-core-v1:1',
  'twelvelabs.marengo-embed-2-7-v1:0',
];

const isOfModels = (family: FamilyName): family is ModelFamily =>
  FAMILIES[family].operation === undefined;
const served = CATALOGUE_ROWS.flatMap((row) =>
  row.family === undefined || !isOfModels(row.family)
    ? []
    : [{ row, family: row.family, modelId: idOf(row) }],
);
const cases = served.filter(({ row }) => MODELS.includes(row.baseModelId));
const isOld = (modelId: string): boolean => modelId.startsWith('ai21.j2');
const textCases = cases.filter(
  ({ family, modelId }) => FAMILIES[family].hasNoOutputTokens !== true && !isOld(modelId),
);
const others = cases.filter((one) => !textCases.includes(one));

/** Families whose vendors tell tokens that came from a cache. */
const TELL_CACHED: ReadonlySet<FamilyName> = new Set(['anthropic', 'nova', 'openai', 'grok']);
function questionFor(family: ModelFamily): string {
  if (FAMILIES[family].isBilledByRequest === true) return UNIT_QUESTION;
  return TELL_CACHED.has(family) ? CACHED_QUESTION : QUESTION;
}

test('the models below are in the catalogue, and no family is without one', () => {
  expect(cases.length).toBe(MODELS.length);
  const families = new Set(cases.map(({ family }) => family));
  const named = Object.keys(FAMILIES) as FamilyName[];
  expect(named.filter((name) => isOfModels(name) && !families.has(name))).toEqual([]);
});

describe('a cap is charged what Bedrock billed', () => {
  it.each(cases)('by InvokeModel of $modelId', async ({ family, modelId }) => {
    const ask = invoke(family, modelId, questionFor(family));
    const { charged, billed } = await chargedAndBilled(modelId, ask);
    expect(charged).toBe(billed);
    expect(billed).not.toBe('0');
  });

  it.each(textCases)(
    'T13: by the stream of InvokeModel of $modelId',
    async ({ family, modelId }) => {
      const ask = invokeStream(family, modelId, questionFor(family));
      const { charged, billed } = await chargedAndBilled(modelId, ask);
      expect(charged).toBe(billed);
    },
  );

  it.each(textCases)('by Converse of $modelId', async ({ family, modelId }) => {
    const ask = converse(modelId, questionFor(family));
    const { charged, billed } = await chargedAndBilled(modelId, ask);
    expect(charged).toBe(billed);
  });

  it.each(textCases)('T13: by ConverseStream of $modelId', async ({ family, modelId }) => {
    const ask = converseStream(modelId, questionFor(family));
    const { charged, billed } = await chargedAndBilled(modelId, ask);
    expect(charged).toBe(billed);
  });
});

describe.each([
  ['whole', {}],
  ['streamed', { stream: true }],
])('T13: a cap is charged what Bedrock billed by chat completions, %s', (_how, more) => {
  it.each(textCases)('of $modelId', async ({ family, modelId }) => {
    const ask = async () => {
      const response = await fetch(`${running.url}/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: modelId,
          max_tokens: 100,
          messages: [{ role: 'user', content: questionFor(family) }],
          ...more,
        }),
      });
      const text = await response.text();
      if (response.status !== 200) throw new Error(text);
    };
    const { charged, billed } = await chargedAndBilled(modelId, ask);
    expect(charged).toBe(billed);
    expect(billed).not.toBe('0');
  });
});

describe('what a model does not have costs nothing', () => {
  const refusal = (ask: () => Promise<unknown>) =>
    ask().then(
      () => 'no error',
      (error: Error) => `${error.name}: ${error.message}`,
    );

  it.each(others)('a stream of $modelId: Bedrock says so itself', async ({ family, modelId }) => {
    const before = await settledNanoUsd();
    const told = await refusal(invokeStream(family, modelId, UNIT_QUESTION));
    expect(told).toMatch(/^ValidationException: .*streaming/);
    expect(await settledNanoUsd()).toBe(before);
  });

  it.each(others.filter(({ modelId }) => !isOld(modelId)))(
    'Converse of $modelId: hardcap says so and asks nothing of Bedrock',
    async ({ modelId }) => {
      for (const ask of [converse(modelId, 'hello'), converseStream(modelId, 'hello')]) {
        expect(await refusal(ask)).toContain(`Converse does not serve ${modelId}`);
      }
      expect(running.bedrock.book.page().requests).toBe(0);
    },
  );
});

test('every served model of the catalogue is charged what Bedrock billed', async () => {
  const wrong: unknown[] = [];
  for (const { family, modelId } of served) {
    const ask = invoke(family, modelId, questionFor(family));
    const outcome = await chargedAndBilled(modelId, ask).catch((error: unknown) => ({
      charged: String(error),
      billed: undefined,
    }));
    if (outcome.charged !== outcome.billed) wrong.push({ modelId, ...outcome });
  }
  expect(wrong).toEqual([]);
}, 120_000);
