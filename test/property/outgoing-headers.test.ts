/**
 * What goes out to Bedrock under any headers that a client sends: built from nothing, and no dearer
 * than what was reserved.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createHttpGateway } from '../../lambda/adapters/http/gateway.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { createFakePorts, guardOptions, KEY_TEXT } from '../helpers/fake-ports.ts';
import { CONVERSE_BODY, eventOf, exchange, pathOf } from '../helpers/http-requests.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const NATIVE_BODY = JSON.stringify({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hello' }],
});

const WAYS = [
  { rawPath: pathOf('converse'), body: CONVERSE_BODY },
  { rawPath: pathOf('converse-stream'), body: CONVERSE_BODY },
  { rawPath: pathOf('invoke'), body: NATIVE_BODY },
  { rawPath: pathOf('invoke-with-response-stream'), body: NATIVE_BODY },
  {
    rawPath: '/v1/messages',
    body: JSON.stringify({
      model: 'claude-haiku-4-5',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'hello' }],
    }),
  },
];

/** What the gateway writes itself, the same for every client. */
const OWN: Readonly<Record<string, string>> = {
  accept: 'application/json',
  'content-type': 'application/json',
  'x-amzn-bedrock-accept': 'application/json',
};

/** Those that move the cost, and the values that do not move it for a model without tiers. */
const TIER = 'x-amzn-bedrock-service-tier';
const LATENCY = 'x-amzn-bedrock-performanceconfig-latency';
const GUARDRAIL = ['x-amzn-bedrock-guardrailidentifier', 'x-amzn-bedrock-guardrailversion'];
const AT_NO_PRICE = ['default', 'standard', 'standard_only', 'flex', 'reserved'];
const PASSED_ON = [
  TIER,
  LATENCY,
  ...GUARDRAIL,
  'x-amzn-bedrock-trace',
  'x-amzn-bedrock-request-metadata',
];

const NAMES = [
  ...PASSED_ON,
  ...Object.keys(OWN),
  'amz-sdk-invocation-id',
  'connection',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-target',
  'x-amzn-bedrock-cache-control',
  'x-amzn-bedrock-save',
  'x-forwarded-host',
  'x-hardcap-origin-secret',
  'x-http-method-override',
];

const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...AT_NO_PRICE) },
  { weight: 2, arbitrary: fc.constantFrom('priority', 'optimized', 'default, priority', '', 'x') },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20, unit: 'binary' }) },
);
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.stringMatching(/^x-amzn?-[a-z-]{1,20}$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/) },
);
const request = fc.record({
  way: fc.constantFrom(...WAYS),
  headers: fc.dictionary(name, value, { maxKeys: 6 }),
});

type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** The request that went to Bedrock, if any did, and what was reserved for it. */
async function outcomeOf({ way, headers }: Asked) {
  const clock = createVirtualClock({ sleepsAtOnce: false });
  const ports = createFakePorts(clock);
  const gateway = createHttpGateway({
    guard: createSpendGuard(ports, guardOptions()),
    clock,
    telemetry: ports.telemetry,
    regions: ['us-east-1'],
    overCapStatus: 429,
  });
  const credential = { authorization: `Bearer ${KEY_TEXT}` };
  await exchange(gateway, eventOf({ ...way, headers: { ...headers, ...credential } }));
  const [sent] = ports.upstream.sent;
  return { sent, reserved: ports.ledger.journal.at(-1)?.reservedNanoUsd ?? 0n };
}

it('threat 14: sends what it wrote itself and what it priced, whatever headers it is sent', async () => {
  let sentCount = 0;
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      const { sent, reserved } = await outcomeOf(asked);
      if (sent === undefined) return;
      sentCount += 1;
      const plain = await outcomeOf({ ...asked, headers: {} });
      const plainHeaders = plain.sent?.headers ?? {};
      const {
        accept,
        'content-type': type,
        'x-amzn-bedrock-accept': streamed,
        ...passed
      } = sent.headers;

      expect({ accept, type, streamed }).toEqual({
        accept: plainHeaders.accept,
        type: OWN['content-type'],
        streamed: plainHeaders['x-amzn-bedrock-accept'],
      });
      for (const [header, given] of Object.entries(passed)) {
        expect(PASSED_ON).toContain(header);
        expect(asked.headers[header]).toBe(given);
        expect(given).toMatch(/^[\t\x20-\x7e]*$/);
      }
      if (passed[TIER] !== undefined) expect(AT_NO_PRICE).toContain(passed[TIER]);
      if (passed[LATENCY] !== undefined) expect(passed[LATENCY]).toBe('standard');
      const isGuarded = GUARDRAIL.some((header) => passed[header] !== undefined);
      if (isGuarded) expect(reserved).toBeGreaterThan(plain.reserved);
      else expect(reserved).toBeGreaterThanOrEqual(plain.reserved);
      expect(sent.path).toBe(plain.sent?.path);
      expect(sent.region).toBe('us-east-1');
      expect(sent.body).toEqual(plain.sent?.body);
    }),
    { numRuns: 400 },
  );
  expect(sentCount).toBeGreaterThan(40);
});
