/**
 * Puts together what the checks look at: the gateway, the models of its region, and the account.
 */

import { createCaller } from './caller.ts';
import type { CheckedModels, Scene } from './check.ts';
import type { VerifyOptions } from './options.ts';
import { findAccount, signerFor } from './sdk-account.ts';
import { createSpendLimit } from './spend-limit.ts';

const LOCAL_REGION = 'us-east-1';
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export async function createScene(options: VerifyOptions): Promise<Scene> {
  const { url, key, auth } = options;
  const isLocal = LOOPBACK.has(url.hostname);
  const region = options.region ?? regionOf(url);
  const place = { region, ...(options.profile && { profile: options.profile }) };
  const looksForAccount = !isLocal || options.stack !== undefined;
  const account = looksForAccount
    ? await findAccount({ ...place, stack: options.stack ?? 'Hardcap' })
    : undefined;
  const caller = createCaller({
    url,
    key,
    spendLimit: createSpendLimit(options.maxUsd),
    ...(auth === 'iam' && { sign: signerFor(place) }),
  });
  return {
    caller,
    region,
    otherRegions: options.regions.filter((name) => name !== region),
    models: { ...modelsIn(region), ...givenModels(options) },
    isLocal,
    authType: auth,
    samples: options.samples,
    pausesSeconds: options.pauses,
    parallel: options.parallel,
    metricsWaitMs: options.waitMetrics * 1000,
    ...(account && { account }),
  };
}

/** `https://<id>.lambda-url.<region>.on.aws` */
const regionOf = (url: URL): string =>
  /\.lambda-url\.([a-z0-9-]+)\.on\.aws$/.exec(url.hostname)?.[1] ??
  process.env.AWS_REGION ??
  process.env.AWS_DEFAULT_REGION ??
  LOCAL_REGION;

/** Profiles of the geography that a region lies in. */
const GEOGRAPHIES: readonly (readonly [RegExp, string, string])[] = [
  [/^us-gov-/, 'us-gov', 'us-gov'],
  [/^(?:us|ca)-/, 'us', 'us'],
  [/^eu-/, 'eu', 'eu'],
  [/^ap-northeast-/, 'apac', 'jp'],
  [/^ap-southeast-/, 'apac', 'au'],
];

const CHEAP = 'amazon.nova-micro-v1:0';
const CLAUDE = 'anthropic.claude-haiku-4-5-20251001-v1:0';

function modelsIn(region: string): CheckedModels {
  const [, nova = 'apac', claude = 'global'] =
    GEOGRAPHIES.find(([pattern]) => pattern.test(region)) ?? [];
  return {
    cheap: `${nova}.${CHEAP}`,
    bareCheap: CHEAP,
    claude: `${claude}.${CLAUDE}`,
    bareClaude: CLAUDE,
    dear: 'anthropic.claude-opus-4-1-20250805-v1:0',
    chat: 'openai.gpt-oss-20b-1:0',
  };
}

const PROFILE_PREFIX = /^(?:[a-z-]+)\.(?=[a-z0-9-]+\.)/;

function givenModels({ cheapModel, claudeModel }: VerifyOptions): Partial<CheckedModels> {
  return {
    ...(cheapModel !== undefined && {
      cheap: cheapModel,
      bareCheap: cheapModel.replace(PROFILE_PREFIX, ''),
    }),
    ...(claudeModel !== undefined && {
      claude: claudeModel,
      bareClaude: claudeModel.replace(PROFILE_PREFIX, ''),
    }),
  };
}
