/**
 * CountTokens on the wire: the bytes that are priced are what is counted, once, in time.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CountRequest } from '../../lambda/ports/token-counter.ts';
import { createUpstreamBench } from '../helpers/upstream-server.ts';

const MODEL = 'anthropic.claude-haiku-4-5-20251001-v1:0';

let bench: ReturnType<typeof createUpstreamBench>;
beforeEach(() => {
  bench = createUpstreamBench();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bench.close();
});

const asked = (rest: Partial<CountRequest> = {}): CountRequest => ({
  region: 'eu-west-1',
  baseModelId: MODEL,
  form: 'invokeModel',
  body: Buffer.from('{"messages":[{"role":"user","content":"ü"}]}'),
  timeoutMs: 5_000,
  ...rest,
});

async function countAt(status: number, body: object, rest: Partial<CountRequest> = {}, type = '') {
  const server = await bench.serve((_, response) => {
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    if (type !== '') response.setHeader('x-amzn-errortype', type);
    response.end(JSON.stringify(body));
  });
  const outcome = await bench.upstream(server.url).tokenCounter.count(asked(rest));
  return { outcome, seen: server.seen };
}

describe('a count', () => {
  it('is asked of the bare model, signed, with the body of InvokeModel as it is', async () => {
    const { outcome, seen } = await countAt(200, { inputTokens: 42 });

    expect(outcome).toEqual({ kind: 'counted', inputTokens: 42 });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.url).toBe(`/model/${encodeURIComponent(MODEL)}/count-tokens`);
    expect(seen[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 .*eu-west-1\/bedrock\//);
    const sent = JSON.parse(String(seen[0]?.body));
    const { body } = asked();
    expect(Buffer.from(sent.input.invokeModel.body, 'base64')).toEqual(body);
  });

  it('of a Converse request drops no member that the SDK does not know', async () => {
    const converse = '{"messages":[{"role":"user","content":[{"text":"ü","new":1.50}]}],"x":{}}';
    const rest = { form: 'converse', body: Buffer.from(converse) } as const;

    const { outcome, seen } = await countAt(200, { inputTokens: 7 }, rest);

    expect(outcome).toEqual({ kind: 'counted', inputTokens: 7 });
    expect(String(seen[0]?.body)).toBe(`{"input":{"converse":${converse}}}`);
    expect(seen[0]?.headers['content-length']).toBe(String(seen[0]?.body?.length));
  });

  it('goes neither to the endpoint nor by the API key that the environment has', async () => {
    const decoy = await bench.serve((_, response) => response.end('{}'));
    vi.stubEnv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', decoy.url.href);
    vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', 'hc_demo');

    const { outcome, seen } = await countAt(200, { inputTokens: 42 });

    expect(outcome.kind).toBe('counted');
    expect(seen[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256/);
    expect(decoy.seen).toEqual([]);
  });

  it.each([
    [
      400,
      'ValidationException',
      "The provided model doesn't support counting tokens.",
      'unsupported',
    ],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 'unsupported'],
    [400, 'ValidationException', 'messages.0: a secret of the caller', 'rejected'],
    [403, 'AccessDeniedException', 'no bedrock:CountTokens', 'unsupported'],
    [404, 'ResourceNotFoundException', 'no such model', 'unsupported'],
    [429, 'ThrottlingException', 'slow down', 'unavailable'],
    [500, 'InternalServerException', 'it broke', 'unavailable'],
  ])('answered %i %s (%s) is %s, asked once, and quotes nothing', async (...row) => {
    const [status, type, message, kind] = row;

    const { outcome, seen } = await countAt(status, { message }, {}, type);

    expect(outcome).toEqual({ kind, why: type });
    expect(seen).toHaveLength(1);
  });

  it('without a number is none', async () => {
    expect((await countAt(200, {})).outcome.kind).toBe('unavailable');
  });

  it('that does not come in time is none', async () => {
    const server = await bench.serve(() => undefined);

    const counting = bench.upstream(server.url).tokenCounter.count(asked({ timeoutMs: 50 }));

    expect((await counting).kind).toBe('unavailable');
    expect(server.seen).toHaveLength(1);
  });

  it('that nobody answers is none', async () => {
    const upstream = bench.upstream(new URL('http://127.0.0.1:1'));

    expect((await upstream.tokenCounter.count(asked())).kind).toBe('unavailable');
  });
});
