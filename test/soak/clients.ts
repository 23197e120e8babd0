/**
 * The callers of a soak: 64 that ask at once, for all operations, in all the ways that go wrong.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { converse } from '../helpers/running-gateway.ts';
import { CLIENTS, HAIKU, MAX_TOKENS, NOVA, type SoakKey, type SoakModel } from './plan.ts';

/** How many answers there were of each kind. */
export class Tally {
  requests = 0;
  admitted = 0;
  refused = 0;
  /** No answer, or a broken one: the gateway was killed, or Bedrock broke off. */
  lost = 0;
  /** The client itself left. */
  left = 0;
  readonly statuses = new Map<number, number>();
  /** Answers that say that a rule of hardcap's own was broken. */
  readonly faults: string[] = [];

  add(status: number, reason: string | null): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status === 200) this.admitted += 1;
    if (status === 429 && isCapReason(reason)) this.refused += 1;
    if (reason === 'invariant_broken') this.faults.push('an answer said invariant_broken');
  }
}

const CAP_REASONS = new Set(['spent', 'reserved-in-flight', 'larger-than-limit']);
const isCapReason = (reason: string | null): boolean => CAP_REASONS.has(reason ?? '');

/** After a refusal a caller waits this long, as one that hammers would only measure refusals. */
const BACK_OFF_MS = 400;
const LEAVES_AFTER_MS = 80;
const SHARE_THAT_LEAVES = 0.04;

/** Asks from 64 clients until `endsAtMs` (epoch); resolves when the last answer is in. */
export async function askUntil(
  endsAtMs: number,
  anyUrl: () => string,
  key: SoakKey,
  tally: Tally,
): Promise<void> {
  const client = async () => {
    while (Date.now() < endsAtMs) {
      const outcome = await askOnce(anyUrl(), key, tally);
      if (outcome === 'wait') await sleep(BACK_OFF_MS);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function askOnce(url: string, key: SoakKey, tally: Tally): Promise<'next' | 'wait'> {
  tally.requests += 1;
  const leaving = new AbortController();
  const leaves = Math.random() < SHARE_THAT_LEAVES;
  if (leaves) setTimeout(() => leaving.abort(), LEAVES_AFTER_MS);
  try {
    const response = await ask(url, key, leaving.signal);
    await response.arrayBuffer();
    tally.add(response.status, response.headers.get('x-hardcap-reason'));
    return response.status === 200 ? 'next' : 'wait';
  } catch {
    if (leaving.signal.aborted) tally.left += 1;
    else tally.lost += 1;
    return 'wait';
  }
}

function ask(url: string, key: SoakKey, signal: AbortSignal): Promise<Response> {
  const modelId: SoakModel = Math.random() < 1 / 3 ? NOVA : HAIKU;
  const operation = pick(OPERATIONS);
  const text = promptOf();
  const body =
    operation.startsWith('invoke') && modelId === HAIKU
      ? nativeBody(text)
      : operation.startsWith('invoke')
        ? novaBody(text)
        : undefined;
  if (body === undefined) {
    return converse(url, key.text, text, { modelId, operation, maxTokens: MAX_TOKENS, signal });
  }
  return fetch(`${url}/model/${encodeURIComponent(modelId)}/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.text}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
}

const OPERATIONS = [
  'converse',
  'converse-stream',
  'converse-stream',
  'invoke',
  'invoke-with-response-stream',
] as const;

const nativeBody = (text: string) => ({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: MAX_TOKENS,
  messages: [{ role: 'user', content: text }],
});

const novaBody = (text: string) => ({
  messages: [{ role: 'user', content: [{ text }] }],
  inferenceConfig: { maxTokens: MAX_TOKENS },
});

/**
 * What goes wrong at Bedrock, one request in ten. No stream begins with a throttling exception: the
 * simulation bills it, Bedrock does not, and the gateway rightly releases.
 */
const TROUBLES = [
  '[[error=ThrottlingException]]',
  '[[error=InternalServerException]]',
  '[[exception=modelStreamErrorException@0]]',
  '[[exception=throttlingException@2]]',
  '[[cut=2]]',
  '[[end=2]]',
  '[[reset]]',
  '[[no-usage]]',
] as const;
const SHARE_OF_TROUBLE = 0.1;

function promptOf(): string {
  const output = Math.floor(Math.random() * MAX_TOKENS);
  const first = Math.floor(Math.random() * 400);
  const trouble = Math.random() < SHARE_OF_TROUBLE ? pick(TROUBLES) : '';
  return `[[output=${output}]] [[first=${first}]] [[chunks=6]] [[delay=40]] ${trouble}`;
}

const pick = <T>(items: readonly [T, ...T[]]): T =>
  items[Math.floor(Math.random() * items.length)] ?? items[0];
