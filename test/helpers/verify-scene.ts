/**
 * A scene for the checks of `verify:aws`, by default as on AWS: nothing counts as local.
 */
import { nanoUsd } from '../../lambda/domain/money.ts';
import { createCaller } from '../../scripts/verify-aws/caller.ts';
import type { Scene } from '../../scripts/verify-aws/check.ts';
import { createSpendLimit } from '../../scripts/verify-aws/spend-limit.ts';

export function sceneAt(url: string, key: string, changes: Partial<Scene> = {}): Scene {
  const { trustedCertificates } = changes;
  return {
    caller: createCaller({
      url: new URL(url),
      key,
      spendLimit: createSpendLimit(nanoUsd(250_000_000n)),
      ...(trustedCertificates !== undefined && { trustedCertificates }),
    }),
    region: 'us-east-1',
    otherRegions: [],
    models: {
      cheap: 'us.amazon.nova-micro-v1:0',
      bareCheap: 'amazon.nova-micro-v1:0',
      claude: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
      bareClaude: 'anthropic.claude-haiku-4-5-20251001-v1:0',
      dear: 'anthropic.claude-opus-4-1-20250805-v1:0',
      chat: 'openai.gpt-oss-20b-1:0',
    },
    isLocal: false,
    authType: 'none',
    samples: 1,
    pausesSeconds: [0],
    parallel: 4,
    metricsWaitMs: 10,
    ...changes,
  };
}
