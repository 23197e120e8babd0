/**
 * Checks of limits: how large a request may be, what a refusal looks like in an SDK, and what
 * becomes of more requests at a time than the function may run.
 */
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { nanoUsd, parseUsd } from '../../../lambda/domain/money.ts';
import type { Answer } from '../caller.ts';
import { type Check, differs, ok, type Scene, unseen } from '../check.ts';
import { converse, modelPath, shortly } from '../requests.ts';

interface Size {
  readonly bytes: number;
  readonly contentType: string;
  readonly status: number;
}

/** Either side of 6,291,456 bytes, as text and as base64. */
const SIZES: readonly Size[] = [
  { bytes: 6_200_000, contentType: 'application/json', status: 400 },
  { bytes: 6_400_000, contentType: 'application/json', status: 413 },
  { bytes: 4_600_000, contentType: 'application/octet-stream', status: 400 },
  { bytes: 4_800_000, contentType: 'application/octet-stream', status: 413 },
];

/** Too little for any request: hardcap reads it whole and refuses it before Bedrock. */
const NOTHING = nanoUsd(1n);

export const requestSize: Check = {
  id: 'request-size',
  section: '8',
  async run({ caller, models }) {
    const expected = 'read up to 6.2 MB of JSON and 4.6 MB of other types; 413 above';
    const seen: string[] = [];
    let isAsExpected = true;
    for (const { bytes, contentType, status } of SIZES) {
      const answer = await caller.call({
        path: modelPath(models.cheap, 'converse'),
        body: bodyOf(bytes),
        headers: { 'content-type': contentType },
        mostNanoUsd: NOTHING,
      });
      // While a body is written, the answer to it may be lost in the reset that follows it.
      const isLostAnswer = answer.status === 0 && status === 413;
      if (answer.status !== status && !isLostAnswer) isAsExpected = false;
      const megabytes = (bytes / 1_000_000).toFixed(1);
      seen.push(`${megabytes} ${contentType.split('/')[1]}: ${answer.status || answer.broken}`);
    }
    if (isAsExpected) return ok(expected, seen.join(', '));
    return differs(
      expected,
      seen.join(', '),
      'correct MAX_EVENT_BODY_BYTES in local/function-url-event.ts, and docs/errors.md',
    );
  },
};

/** A Converse request of exactly this many bytes. */
function bodyOf(bytes: number): Buffer {
  const [head = '', tail = ''] = JSON.stringify(converse('', { text: '@' }).body).split('@');
  return Buffer.from(head + 'a'.repeat(bytes - head.length - tail.length) + tail);
}

const DEAR_TOKENS = 32_000;
/** Of that many tokens of the dearest model at $75 a million. */
const DEAR_BOUND = nanoUsd(2_400_000_000n);

export const refusal: Check = {
  id: 'refusal',
  section: '-',
  async run(scene) {
    const expected = 'AWS SDK: BudgetExceededException, 429 or 402, naming the cap';
    if (scene.authType === 'iam') {
      return unseen(
        expected,
        'the SDK signs for bedrock, not for lambda',
        'try it by hand, through something that signs',
      );
    }
    const looked = await scene.caller.call(converse(scene.models.cheap));
    const remaining = parseUsd(looked.headers['x-hardcap-remaining-usd'] ?? '');
    if (remaining === undefined || remaining >= DEAR_BOUND) {
      return unseen(
        expected,
        remaining === undefined ? shortly(looked) : 'the cap has room for $2.40',
        'use a key with a cap of $1: hardcap key create verify --daily 1',
      );
    }
    const error = await refusedBySdk(scene);
    const status = error?.$metadata?.httpStatusCode;
    const seen = `${error?.name ?? 'no error'} ${status ?? ''} ${error?.message ?? ''}`;
    const isRefusal = error?.name === 'BudgetExceededException' && /cap "/.test(error.message);
    if (isRefusal && (status === 429 || status === 402)) {
      return ok(expected, `${error.name}, ${status}`);
    }
    if (/model_not_allowed/.test(seen)) {
      return unseen(expected, 'the key may not use the model', 'use a key without `models`');
    }
    return differs(expected, seen.slice(0, MAX_SEEN), 'see `error-headers`; report it');
  },
};

const MAX_SEEN = 200;

type SdkError = Error & { readonly $metadata?: { readonly httpStatusCode?: number } };

/** It says no `x-hardcap-max-usd`, which would refuse it first: its bound is above the cap. */
async function refusedBySdk({ caller, models, region }: Scene): Promise<SdkError | undefined> {
  const client = new BedrockRuntimeClient({
    region,
    endpoint: caller.url.href,
    token: { token: caller.key },
    authSchemePreference: ['httpBearerAuth'],
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
  try {
    await client.send(
      new ConverseCommand({
        modelId: models.dear,
        messages: [{ role: 'user', content: [{ text: 'Say hello.' }] }],
        inferenceConfig: { maxTokens: DEAR_TOKENS },
      }),
    );
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    client.destroy();
  }
}

export const parallel: Check = {
  id: 'parallel',
  section: '9',
  async run(scene) {
    const expected = '200, or 429 without x-hardcap-request-id beyond the concurrency';
    if (scene.parallel === 0) {
      return unseen(expected, 'not asked for', 'give --parallel 80: it throttles others meanwhile');
    }
    const call = converse(scene.models.cheap, { maxTokens: 20 });
    const answers = await Promise.all(
      Array.from({ length: scene.parallel }, () => scene.caller.call(call)),
    );
    const counts = new Map<string, number>();
    for (const answer of answers) {
      const name = nameOf(answer);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const seen = [...counts].map(([name, count]) => `${count} x ${name}`).join(', ');
    const isKnown = answers.every((answer) => KNOWN.has(nameOf(answer)));
    if (isKnown) return ok(expected, seen);
    return differs(expected, seen, 'look at the log of the function, and at the caps of the key');
  },
};

const KNOWN: ReadonlySet<string> = new Set(['200', '429 of Lambda']);

function nameOf(answer: Answer): string {
  const isOurs = answer.headers['x-hardcap-request-id'] !== undefined;
  return answer.status === 429 && !isOurs ? '429 of Lambda' : shortly(answer);
}
