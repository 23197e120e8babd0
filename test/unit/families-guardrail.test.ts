/**
 * ApplyGuardrail and InvokeGuardrailChecks by hand: what is refused, bounds, and what is settled.
 */
import { describe, expect, it, test } from 'vitest';
import { GUARDRAIL_CHECKS_ID, GUARDRAIL_ID } from '../../lambda/domain/catalogue/guardrails.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { prepareRequest } from '../../lambda/domain/estimate.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import { costOf } from '../../lambda/domain/price.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { usageFromAnswer } from '../../lambda/domain/usage.ts';

const APPLY = [GUARDRAIL_ID, 'apply-guardrail'] as const;
const CHECK = [GUARDRAIL_CHECKS_ID, 'invoke-guardrail-checks'] as const;
type Asked = readonly [string, Operation];

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

const prepared = ([id, operation]: Asked, body: unknown, headers = {}, allow: string[] = []) =>
  prepareRequest({
    operation,
    model: findModel(id, new Map()),
    body: parseBody(bytes(body)),
    headers,
    allowFields: new Set(allow),
  });

function verdict(...args: Parameters<typeof prepared>): string {
  try {
    prepared(...args);
    return 'ok';
  } catch (error) {
    if (error instanceof HardcapError) return `${error.code} ${error.details.field ?? ''}`.trim();
    throw error;
  }
}

const usageOf = ([id, operation]: Asked, answer: unknown) =>
  usageFromAnswer({
    operation,
    model: findModel(id, new Map()),
    headers: {},
    body: bytes(answer),
    oneHourCacheWrites: false,
  });

const units = (asked: Asked, answer: unknown) => {
  const usage = usageOf(asked, answer);
  return usage.kind === 'metered' ? usage.usage.units : usage.why;
};

const apply = (...content: unknown[]) => ({ source: 'INPUT', content });
const text = (value: unknown) => ({ text: { text: value } });
const check = (checks: object, ...content: unknown[]) => ({
  messages: [{ role: 'user', content }],
  checks,
});
const ALL_CHECKS = { contentFilter: {}, promptAttack: {}, sensitiveInformation: {} };

describe('what is asked', () => {
  test.each([
    ['text', apply(text('a')), 'ok'],
    ['a scope', { ...apply(text('a')), outputScope: 'FULL' }, 'ok'],
    ['an image', apply({ image: {} }), 'unpriced_field content.image'],
    ['a video', apply({ video: {} }), 'unpriced_field content.video'],
    ['an unknown member', { ...apply(), mode: 1 }, 'unpriced_field mode'],
    ['a text that is none', apply(text(['a'])), 'invalid_request content.text.text'],
    ['content that is none', { content: 'a' }, 'invalid_request content'],
  ])('of ApplyGuardrail: %s', (_what, body, expected) => {
    expect(verdict(APPLY, body)).toBe(expected);
  });

  test.each([
    ['all checks', check(ALL_CHECKS, { text: 'a' }), 'ok'],
    ['a check of no price', check({ topics: {} }, { text: 'a' }), 'unpriced_field checks.topics'],
    ['an image', check({}, { image: {} }), 'unpriced_field messages.content.image'],
    ['an unknown member', { ...check({}), scope: 1 }, 'unpriced_field scope'],
  ])('of the checks: %s', (_what, body, expected) => {
    expect(verdict(CHECK, body)).toBe(expected);
  });

  it('threat 11: lets no setting pass what would be billed by another unit', () => {
    const allowed = ['content.image', 'image', 'checks.topics', 'topics'];
    expect(verdict(APPLY, apply({ image: {} }), {}, allowed)).toContain('unpriced_field');
    expect(verdict(CHECK, check({ topics: {} }), {}, allowed)).toContain('unpriced_field');
  });

  it('threat 14: takes no header that would make a model dearer', () => {
    for (const header of ['x-amzn-bedrock-service-tier', 'x-amzn-bedrock-guardrailidentifier']) {
      expect(verdict(APPLY, apply(text('a')), { [header]: 'priority' })).toContain(header);
    }
  });

  it.each(['invoke', 'converse', 'converse-stream'] as const)('is nothing for %s', (operation) => {
    expect(verdict([GUARDRAIL_ID, operation], apply())).toBe('invalid_request');
    expect(verdict([GUARDRAIL_CHECKS_ID, operation], check({}))).toBe('invalid_request');
  });

  it('is no other guardrail operation, nor a model by one', () => {
    expect(verdict([GUARDRAIL_ID, 'invoke-guardrail-checks'], check({}))).toBe('invalid_request');
    expect(verdict(['amazon.nova-micro-v1:0', 'apply-guardrail'], apply())).toBe('invalid_request');
  });
});

describe('the bound', () => {
  it('has room for every text to round up by itself, at every policy', () => {
    const body = apply(text('x'.repeat(1_001)), text('é'), text(''));

    // 1,003 bytes are two units, and three texts may begin one of their own.
    expect(prepared(APPLY, body).units).toEqual({
      'guardrail-content': 6,
      'guardrail-topic': 6,
      'guardrail-sensitive-information': 6,
      'guardrail-grounding': 11,
      'guardrail-automated-reasoning': 22,
    });
  });

  it('of the checks is for those that are asked for, each once', () => {
    const body = check({ promptAttack: {}, contentFilter: null }, { text: 'x' }, { text: 'y' });

    expect(prepared(CHECK, body).units).toEqual({ 'prompt-attack-check': 3 });
  });
});

const USAGE = {
  topicPolicyUnits: 1,
  contentPolicyUnits: 2,
  wordPolicyUnits: 9,
  sensitiveInformationPolicyUnits: 3,
  sensitiveInformationPolicyFreeUnits: 9,
  contextualGroundingPolicyUnits: 4,
};

describe('what was used', () => {
  it('is what each policy counted; words and free filters cost nothing', () => {
    const model = findModel(GUARDRAIL_ID, new Map());
    const usage = usageOf(APPLY, { usage: USAGE });

    expect(usage).toMatchObject({
      kind: 'metered',
      usage: {
        inputTokens: 0,
        outputTokens: 0,
        units: {
          'guardrail-topic': 1,
          'guardrail-content': 2,
          'guardrail-sensitive-information': 3,
          'guardrail-grounding': 4,
          'guardrail-automated-reasoning': 0,
        },
      },
    });
    // 1 and 2 at $0.00015, 3 and 4 at $0.0001.
    expect(usage.kind === 'metered' && costOf(model.price, usage.usage)).toBe(1_150_000n);
  });

  it('multiplies automated reasoning by its policies', () => {
    const reasoning = { automatedReasoningPolicyUnits: 5, automatedReasoningPolicies: 2 };
    expect(units(APPLY, { usage: { ...USAGE, ...reasoning } })).toMatchObject({
      'guardrail-automated-reasoning': 10,
    });
  });

  it('threat 19: leaves out what the usage must tell and does not, so that it costs its bound', () => {
    const { contentPolicyUnits: _left, ...rest } = USAGE;
    expect(units(APPLY, { usage: rest })).not.toHaveProperty('guardrail-content');
    expect(units(APPLY, { usage: { ...rest, contentPolicyUnits: null } })).not.toHaveProperty(
      'guardrail-content',
    );
    expect(units(CHECK, { usage: { promptAttack: {} } })).toEqual({});
  });

  const unknown = /usage|count|price/;
  test.each([
    ['none', {}],
    ['a list', { usage: [] }],
    ['negative', { usage: { ...USAGE, contentPolicyUnits: -1 } }],
    ['a fraction', { usage: { ...USAGE, topicPolicyUnits: 0.5 } }],
    ['huge', { usage: { ...USAGE, topicPolicyUnits: 1e12 } }],
    ['a text', { usage: { ...USAGE, topicPolicyUnits: '1' } }],
    ['of images', { usage: { ...USAGE, contentPolicyImageUnits: 1 } }],
    ['of something new', { usage: { ...USAGE, soundPolicyUnits: 1 } }],
  ])('threat 19: is unknown where the usage of ApplyGuardrail is %s', (_what, answer) => {
    expect(units(APPLY, answer)).toMatch(unknown);
  });

  test.each([
    ['none', {}],
    ['negative', { usage: { promptAttack: { textUnits: -1 } } }],
    ['of a new check', { usage: { topics: { textUnits: 1 } } }],
  ])('threat 19: is unknown where the usage of the checks is %s', (_what, answer) => {
    expect(units(CHECK, answer)).toMatch(unknown);
  });

  it('of the checks is the text units of each', () => {
    const usage = { contentFilter: { textUnits: 1 }, sensitiveInformation: { textUnits: 2 } };
    expect(units(CHECK, { usage })).toEqual({
      'content-filter-check': 1,
      'sensitive-information-check': 2,
    });
  });
});
