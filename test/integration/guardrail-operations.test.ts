/**
 * ApplyGuardrail and InvokeGuardrailChecks through the gateway, by the real SDK client.
 */
import {
  ApplyGuardrailCommand,
  BedrockRuntimeClient,
  type GuardrailContentBlock,
  InvokeGuardrailChecksCommand,
  type InvokeGuardrailChecksCommandInput,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { costOf } from '../../lambda/domain/price.ts';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const GUARDRAIL = 'amazon.bedrock-guardrails';
const CHECKS = 'amazon.bedrock-guardrail-checks';

let running: RunningGateway;
let client: BedrockRuntimeClient;
let turn = 0;
let caller = '';

beforeAll(async () => {
  running = await startRunningGateway();
});
afterAll(() => running.close());
beforeEach(async () => {
  turn += 1;
  caller = `caller-${turn}`;
  running.bedrock.book.reset();
  await running.cap(caller, { keys: [caller] });
  client = await clientOf(caller);
});
afterEach(() => client.destroy());

async function clientOf(id: string, attributes = {}, path = ''): Promise<BedrockRuntimeClient> {
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: running.url + path,
    token: { token: await running.key(id, attributes) },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  });
}

const textOf = (text: string): GuardrailContentBlock => ({ text: { text } });

const apply = (...content: GuardrailContentBlock[]) =>
  new ApplyGuardrailCommand({
    guardrailIdentifier: 'gr4ndr41l',
    guardrailVersion: '1',
    source: 'INPUT',
    content,
  });

const check = (text: string, checks?: InvokeGuardrailChecksCommandInput['checks']) =>
  new InvokeGuardrailChecksCommand({
    messages: [{ role: 'user', content: [{ text }] }],
    checks: checks ?? {
      contentFilter: { categories: [{ category: 'HATE' }] },
      promptAttack: { categories: [{ category: 'JAILBREAK' }] },
      sensitiveInformation: { entities: [{ type: 'EMAIL' }] },
    },
  });

/** What the simulated Bedrock billed for its only request, at the price of this name. */
function billedUsd(name: string): string {
  const { records } = running.bedrock.book.page();
  const [record] = records;
  if (record === undefined || records.length !== 1) throw new Error(`${records.length} requests`);
  return formatUsd(costOf(findModel(name, new Map(), 'us-east-1').price, record));
}

const refusalOf = (asked: Promise<unknown>): Promise<Error> =>
  asked.then(
    () => expect.fail('no error'),
    (error: Error) => error,
  );

describe('ApplyGuardrail', () => {
  it('is settled by the policy units that the answer counts', async () => {
    const answer = await client.send(apply(textOf('x'.repeat(1_001)), textOf('hello')));

    expect(answer.action).toBe('NONE');
    expect(answer.usage).toMatchObject({ contentPolicyUnits: 3, topicPolicyUnits: 0 });
    // 3 units of content at $0.00015 and of sensitive information at $0.0001.
    expect(await running.counter(caller)).toMatchObject({ settledUsd: '0.00075', reservations: 0 });
    expect(billedUsd(GUARDRAIL)).toBe('0.00075');
  });

  it('is settled the same where the guardrail intervenes: what is blocked is billed', async () => {
    const { action, outputs } = await client.send(apply(textOf('[[blocked]]')));

    expect([action, outputs?.[0]?.text]).toEqual(['GUARDRAIL_INTERVENED', 'This was blocked.']);
    expect((await running.counter(caller)).settledUsd).toBe(billedUsd(GUARDRAIL));
  });

  it('checks grounding, whose units are told and billed too', async () => {
    await client.send(
      apply(
        { text: { text: 'y'.repeat(2_500), qualifiers: ['grounding_source'] } },
        { text: { text: 'why?', qualifiers: ['query'] } },
        { text: { text: 'so', qualifiers: ['guard_content'] } },
      ),
    );

    expect((await running.counter(caller)).settledUsd).toBe(billedUsd(GUARDRAIL));
  });

  it('threat 19: is charged in full, at every policy, where the answer tells no usage', async () => {
    await client.send(apply(textOf('[[no-usage]]')));

    // One unit and one to spare of each policy; grounding and reasoning read the input again.
    const { settledUsd } = await running.counter(caller);
    expect(Number(settledUsd)).toBeGreaterThan(Number(billedUsd(GUARDRAIL)));
  });

  it('is asked by ARN and by region, the path as Bedrock has it', async () => {
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:guardrail/gr4ndr41l';
    const regional = await clientOf(caller, {}, '/bedrock/us-east-1');
    await regional.send(
      new ApplyGuardrailCommand({
        guardrailIdentifier: arn,
        guardrailVersion: 'DRAFT',
        source: 'OUTPUT',
        content: [textOf('hello')],
      }),
    );
    regional.destroy();

    expect(running.bedrock.book.page().records).toMatchObject([
      { modelId: arn, operation: 'apply-guardrail', outcome: 'billed' },
    ]);
  });

  it('threat 11: an image is refused by name, as its units cannot be told', async () => {
    const image = { image: { format: 'png' as const, source: { bytes: new Uint8Array([1]) } } };

    const error = await refusalOf(client.send(apply(image)));

    expect(error.name).toBe('ValidationException');
    expect(error.message).toMatch(/^unpriced_field: "content\.image"/);
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('is refused over its cap, and Bedrock is not asked', async () => {
    await running.cap(caller, { keys: [caller], limitUsd: '0.001' });

    const error = await refusalOf(client.send(apply(textOf('x'.repeat(5_000)))));

    expect(error.name).toBe('BudgetExceededException');
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('threat 20: is released where Bedrock refuses it', async () => {
    const error = await refusalOf(client.send(apply(textOf('[[error=ThrottlingException]]'))));

    expect(error.name).toBe('ThrottlingException');
    expect(await running.counter(caller)).toMatchObject({ settledUsd: '0.00', reservations: 0 });
  });
});

describe('InvokeGuardrailChecks', () => {
  it('is settled by the text units of each check that the answer counts', async () => {
    const answer = await client.send(check('z'.repeat(1_500)));

    expect(answer.usage?.promptAttack?.textUnits).toBe(2);
    // 2 x ($0.00007 + $0.00008 + $0.0001).
    expect(await running.counter(caller)).toMatchObject({ settledUsd: '0.0005', reservations: 0 });
    expect(billedUsd(CHECKS)).toBe('0.0005');
  });

  it('reserves only for the checks that are asked for', async () => {
    // Two units of the dearest alone are $0.0002; of all three $0.0005.
    await running.cap(caller, { keys: [caller], limitUsd: '0.0003' });
    const one = { sensitiveInformation: { entities: [{ type: 'EMAIL' as const }] } };

    await client.send(check('hello', one));
    const error = await refusalOf(client.send(check('hello')));

    expect(error.name).toBe('BudgetExceededException');
    expect((await running.counter(caller)).settledUsd).toBe('0.0001');
  });

  it('threat 19: is charged in full where the answer tells no usage', async () => {
    await client.send(check('[[no-usage]]'));

    expect(await running.counter(caller)).toMatchObject({
      // Two units of each check, and three nano-dollars of rounding.
      settledUsd: '0.000500003',
      reservations: 0,
    });
  });
});

describe('the names that settings know them by', () => {
  it('T30: a key whose models do not name them may not use them, and is told their name', async () => {
    const claudeOnly = await clientOf(`claude-${turn}`, { models: ['*anthropic.*'] });

    const errors = [
      await refusalOf(claudeOnly.send(apply(textOf('hello')))),
      await refusalOf(claudeOnly.send(check('hello'))),
    ];
    claudeOnly.destroy();

    expect(errors.map(({ name }) => name)).toEqual(['ValidationException', 'ValidationException']);
    expect(errors[0]?.message).toContain(`model_not_allowed`);
    expect(errors.map(({ message }) => message.includes(GUARDRAIL.slice(0, -1)))).toEqual([
      true,
      true,
    ]);
  });

  it('T33: a cap of theirs alone counts them, and nothing else covers them', async () => {
    await running.cap('guardrails-only', { models: ['amazon.bedrock-guardrail*'], limitUsd: 1 });
    const other = await clientOf(`other-${turn}`);

    await other.send(apply(textOf('hello')));
    await other.send(check('hello'));
    other.destroy();

    expect((await running.counter('guardrails-only')).settledUsd).toBe('0.0005');
    await running.removeCap('guardrails-only');
  });

  it('are not models: by InvokeModel, its stream and Converse they are refused', async () => {
    const key = await running.key(`curl-${turn}`);
    await running.cap(`curl-${turn}`, { keys: [`curl-${turn}`] });
    for (const operation of ['invoke', 'invoke-with-response-stream', 'converse']) {
      for (const id of [GUARDRAIL, CHECKS]) {
        const response = await fetch(`${running.url}/model/${id}/${operation}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}` },
          body: '{}',
        });
        expect(response.status).toBe(400);
        expect(await response.text()).toContain(`${operation} does not serve ${id}`);
      }
    }
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('have the price that an operator sets, as `hardcap prices set` writes it', async () => {
    await running.put('PRICE', CHECKS, {
      units: {
        'content-filter-check': '0.001',
        'prompt-attack-check': '0.002',
        'sensitive-information-check': '0.004',
      },
      family: 'guardrail-checks',
      contextWindowTokens: 6_291_456,
      maxOutputTokens: 0,
    });

    await client.send(check('hello'));

    expect((await running.counter(caller)).settledUsd).toBe('0.007');
  });
});
