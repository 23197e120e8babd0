/**
 * Attacks on the public URL itself: each test carries its number in docs/known-failures.md.
 * The spend guard behind it is the true one, its ports are in memory.
 */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHttpGateway, type HttpEvent } from '../../lambda/adapters/http/gateway.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { formatKey } from '../../lambda/domain/caller-key.ts';
import { UpstreamFailure } from '../../lambda/ports/upstream.ts';
import {
  callerKey,
  createFakePorts,
  errorResponse,
  guardOptions,
  HAIKU,
  KEY_TEXT,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS, type VirtualClock } from '../helpers/virtual-clock.ts';

const MAX_BODY_BYTES = 6 * 1024 * 1024;
const BODY = JSON.stringify({
  messages: [{ role: 'user', content: [{ text: 'hello' }] }],
  inferenceConfig: { maxTokens: 100 },
});

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
});

const gateway = () =>
  createHttpGateway({
    guard: createSpendGuard(ports, guardOptions()),
    clock,
    telemetry: ports.telemetry,
    regions: ['us-east-1'],
    overCapStatus: 429,
  });

async function send(rest: Partial<HttpEvent> = {}, on = gateway()) {
  const event: HttpEvent = {
    rawPath: `/model/${encodeURIComponent(HAIKU)}/converse`,
    headers: { authorization: `Bearer ${KEY_TEXT}` },
    requestContext: { http: { method: 'POST' } },
    body: BODY,
    isBase64Encoded: false,
    ...rest,
  };
  const { answer, done } = await on.answer(event, {
    requestId: 'r-1',
    deadlineAtMs: NOON_MS + 60_000,
  });
  const body = answer.body instanceof Readable ? await text(answer.body) : answer.body;
  await done;
  return { status: answer.statusCode, headers: answer.headers, body };
}

/** Everything in it, money too. */
const asText = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));

const withKey = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

describe('a key', () => {
  const wrong = formatKey('ci', 'w'.repeat(43));
  const unknown = formatKey('nobody', 'w'.repeat(43));

  it('threat 1: that is wrong is answered like one that does not exist, by the same steps', async () => {
    const toWrong = await send(withKey(wrong));
    const stepsToWrong = ports.events.splice(0);
    ports.settings.last = { ...settingsTable({ key: undefined }), readAtMs: clock.nowMs() };
    const toUnknown = await send(withKey(unknown));

    expect(toWrong.status).toBe(401);
    expect(toUnknown).toEqual(toWrong);
    expect(ports.events).toEqual(stepsToWrong);
  });

  it('threat 1: is compared whole: no part of it that is right helps', async () => {
    for (let right = 0; right < 43; right += 6) {
      const guess = 'k'.repeat(right) + 'j'.repeat(43 - right);
      expect((await send(withKey(formatKey('ci', guess)))).status).toBe(401);
    }
    expect((await send()).status).toBe(200);
  });

  it('threat 2: appears in no answer, log line, journal entry or request to Bedrock', async () => {
    const answers = [
      await send(),
      await send({ headers: { 'x-api-key': KEY_TEXT } }),
      await send({ headers: { authorization: `Bearer ${KEY_TEXT}`, 'x-api-key': wrong } }),
      await send({ rawPath: `/model/${KEY_TEXT}/converse` }),
      await send({ rawPath: `/bedrock/${KEY_TEXT}/model/m/converse` }),
      await send({ body: '{"unknown": 1}' }),
    ];
    ports.settings.last = {
      ...settingsTable({ key: callerKey({ enabled: false }) }),
      readAtMs: clock.nowMs(),
    };
    answers.push(await send());
    ports.settings.last = { ...settingsTable({ key: undefined }), readAtMs: clock.nowMs() };
    answers.push(await send());
    ports.settings.last = { ...settingsTable(), readAtMs: clock.nowMs() };
    ports.upstream.respond = async () => errorResponse(500, 'InternalServerException', 'x');
    answers.push(await send());
    ports.ledger.fault = () => 'throws';
    answers.push(await send());

    // A path is the caller's own text: what is put there is not looked for.
    const inHeaders = answers.filter((_, index) => index !== 3 && index !== 4);
    const { sent } = ports.upstream;
    const seen = asText([inHeaders, ports.telemetry.lines, ports.ledger.journal]);
    const toBedrock = sent.map(({ path, headers, body }) =>
      JSON.stringify([path, headers, Buffer.from(body).toString()]),
    );
    expect(seen + toBedrock.join('')).not.toContain('k'.repeat(43));
    expect(new Set(answers.map(({ status }) => status)).size).toBeGreaterThan(3);
    expect(sent.length).toBeGreaterThan(1);
  });

  it('threat 3: that is garbage costs no read, 20,000 times', async () => {
    const on = gateway();
    // Nothing is remembered: whatever looked like a key would have to be looked up.
    ports.settings.last = undefined;
    for (let i = 0; i < 20_000; i += 1) {
      const garbage = `hc_key-${i}_${'A'.repeat(43)}_${i.toString(16).padStart(8, '0')}`;
      const { status } = await send(withKey(garbage), on);
      if (status !== 401) throw new Error(`garbage was answered with ${status}`);
    }

    expect(ports.events).toEqual([]);
    expect(ports.settings.reads).toBe(0);
  });
});

describe('a body', () => {
  const padded = (bytes: number) => BODY.padEnd(bytes, ' ');

  it('threat 4: of 6 MB is read, and of one byte more is not', async () => {
    expect((await send({ body: padded(MAX_BODY_BYTES) })).status).toBe(200);
    expect((await send({ body: padded(MAX_BODY_BYTES + 1) })).status).toBe(413);
  });

  it('threat 4: is measured in decoded bytes', async () => {
    const encoded = (bytes: number) => ({
      body: Buffer.from(padded(bytes)).toString('base64'),
      isBase64Encoded: true,
    });

    expect((await send(encoded(MAX_BODY_BYTES))).status).toBe(200);
    expect((await send(encoded(MAX_BODY_BYTES + 1))).status).toBe(413);
    const wide = '€'.repeat(MAX_BODY_BYTES / 3);
    expect((await send({ body: JSON.stringify(wide) })).status).toBe(413);
  });

  it('threat 4: that is no base64 is refused and sends nothing', async () => {
    expect((await send({ body: '{"messages":%%%', isBase64Encoded: true })).status).toBe(400);
    expect(ports.events).toEqual([]);
  });

  it.each([
    ['no JSON', '{"messages":'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a byte order mark', `\ufeff${BODY}`],
    [
      'a member given twice',
      '{"inferenceConfig":{"maxTokens":1,"max\\u0054okens":99},"messages":[]}',
    ],
    ['a prototype', '{"__proto__":{"maxTokens":1},"messages":[]}'],
    ['a thousand levels', `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`],
    ['a million open brackets', '['.repeat(1_000_000)],
    ['no object', '[]'],
    ['NaN', '{"messages":[],"inferenceConfig":{"maxTokens":NaN}}'],
    ['nothing', ''],
  ])('threat 8: with %s is refused before any money moves', async (_, body) => {
    const bytes = Buffer.from(body);
    const { status } = await send({ body: bytes.toString('base64'), isBase64Encoded: true });

    expect(status).toBe(400);
    expect(ports.events).toEqual([]);
  });

  it('threat 8: with a lone surrogate goes out as it was meant, in valid UTF-8', async () => {
    const body = BODY.replace('hello', '\\ud800 and \\udc00');

    expect((await send({ body })).status).toBe(200);
    const [sent] = ports.upstream.sent;
    const decoded = new TextDecoder('utf-8', { fatal: true }).decode(sent?.body);
    expect(JSON.parse(decoded)).toEqual(
      expect.objectContaining({ messages: JSON.parse(body).messages }),
    );
  });
});

describe('a log', () => {
  /** One line of a terminal or a header holds none of these. */
  const CONTROL = /\p{Cc}/u;
  const HOSTILE = '\r\n{"level":"forged"}\u001b[31m\u2028';

  it('threat 25: has one line for each message, whatever a caller writes into a request', async () => {
    const path = encodeURIComponent(`anthropic.x${HOSTILE}`);
    const answers = [
      await send({ rawPath: `/model/${path}/converse` }),
      await send({ rawPath: `/model/anthropic.x${HOSTILE}/converse` }),
      await send({ rawPath: `/bedrock/us${HOSTILE}/model/m/converse` }),
      await send({ rawPath: `/nowhere${HOSTILE}` }),
      await send({ body: JSON.stringify({ [`odd${HOSTILE}`]: 1, messages: [] }) }),
      await send({ headers: { authorization: `Bearer ${HOSTILE}` } }),
    ];
    ports.upstream.respond = async () => errorResponse(500, 'X', HOSTILE);
    answers.push(await send());
    ports.upstream.respond = async () => {
      throw new UpstreamFailure('unknown', HOSTILE, undefined);
    };
    answers.push(await send());

    expect(ports.telemetry.lines).not.toEqual([]);
    for (const { message, fields } of ports.telemetry.lines) {
      expect(message).not.toContain('forged');
      expect(JSON.stringify(fields)).not.toMatch(CONTROL);
    }
    for (const { headers } of answers) {
      for (const [name, value] of Object.entries(headers)) {
        expect(`${name}: ${value}`, name).not.toMatch(CONTROL);
      }
    }
    expect(ports.ledger.journal.map(({ outcome }) => outcome)).toEqual(
      Array(2).fill('charged-in-full'),
    );
  });
});
