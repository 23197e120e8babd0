/**
 * The check of what Bedrock bills for a stream that is closed: CloudWatch counts the tokens that it
 * wrote. It asks Bedrock itself, in a minute that has no other request of this model.
 */
import { nanoUsd } from '../../../lambda/domain/money.ts';
import type { AwsAccount } from '../aws-account.ts';
import { type Check, differs, type Finding, ok, unseen, withAccount } from '../check.ts';

const MINUTE_MS = 60_000;
const MAX_TOKENS = 3_000;
/** What so many tokens of Nova Micro cost at most, twice over. */
const MOST = nanoUsd(1_000_000n);
const LOOK_EVERY_MS = 15_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const abortedStream: Check = {
  id: 'aborted-stream',
  section: '7',
  run(scene) {
    const expected = `CloudWatch counts at most the ${MAX_TOKENS} tokens that were reserved`;
    return withAccount(scene, expected, async (account) => {
      const { metricsWaitMs, models, caller } = scene;
      if (metricsWaitMs === 0) return unseen(expected, 'not asked for', 'give --wait-metrics 600');
      const taken = caller.spendLimit.take(MOST);
      caller.spendLimit.give(taken, taken);
      const startMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
      await sleep(startMs - Date.now());
      await account.leaveStream(models.cheap, MAX_TOKENS);
      const counted = await countedTokens(account, models.cheap, startMs, metricsWaitMs);
      return judge(expected, counted);
    });
  },
};

/** A stream of so many tokens takes well below two minutes. */
async function countedTokens(
  account: AwsAccount,
  modelId: string,
  startMs: number,
  waitMs: number,
): Promise<number | undefined> {
  const untilMs = Date.now() + waitMs;
  let counted: number | undefined;
  while (Date.now() < untilMs) {
    await sleep(Math.min(LOOK_EVERY_MS, untilMs - Date.now()));
    counted = await account.outputTokens(modelId, startMs, startMs + 3 * MINUTE_MS);
    if (counted !== undefined) return counted;
  }
  return counted;
}

function judge(expected: string, counted: number | undefined): Finding {
  if (counted === undefined) {
    return unseen(expected, 'no figure yet', 'give a longer --wait-metrics, or look in CloudWatch');
  }
  if (counted > MAX_TOKENS) {
    return differs(
      expected,
      `${counted} tokens`,
      'if nothing else asked this model in that minute, the bound is wrong: stop, and report it',
    );
  }
  const meaning =
    counted < MAX_TOKENS
      ? 'it stops writing, or counting, when the connection is closed'
      : 'it writes on to the end';
  return ok(expected, `${counted} tokens: ${meaning}`);
}
