/**
 * Which model an application inference profile stands for, and what it then costs.
 */
import { describe, expect, test } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { isApplicationProfile } from '../../lambda/domain/model-id.ts';
import { formatUsd, nanoUsd } from '../../lambda/domain/money.ts';
import { modelOfProfile } from '../../lambda/domain/profile-model.ts';
import { price, usd } from '../helpers/builders.ts';

const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const NOVA = 'amazon.nova-lite-v1:0';

const arnIn = (region: string, partition = 'aws') =>
  `arn:${partition}:bedrock:${region}:123456789012:application-inference-profile/abc123def456`;
const modelsIn = (model: string, ...regions: string[]) =>
  regions.map((region) => `arn:aws:bedrock:${region}::foundation-model/${model}`);

describe('T23: an application inference profile', () => {
  test.each([
    ['in its own region alone is the bare model', 'us-east-1', ['us-east-1'], ['bare']],
    ['over regions of the US is its us profile', 'us-east-1', ['us-east-1', 'us-west-2'], ['us']],
    ['in another region than its own is a geo profile', 'us-east-1', ['us-west-2'], ['us']],
    ['over regions of Europe is its eu profile', 'eu-west-1', ['eu-west-1', 'eu-west-3'], ['eu']],
    ['that routes anywhere is its global profile', 'eu-west-1', ['', 'eu-west-1'], ['global']],
    [
      'over Asia and the Pacific may be one of several',
      'ap-northeast-1',
      ['ap-northeast-1', 'ap-northeast-3'],
      ['apac', 'jp', 'au', 'in'],
    ],
    [
      'over continents may be any geo profile',
      'us-east-1',
      ['us-east-1', 'ca-central-1'],
      ['us', 'eu', 'apac', 'jp', 'au', 'ca', 'in'],
    ],
  ])('%s', (_rule, home, regions, soldAs) => {
    expect(modelOfProfile(arnIn(home), modelsIn(HAIKU, ...regions))).toEqual({
      baseModelId: HAIKU,
      soldAs,
    });
  });

  test('of GovCloud is sold as there', () => {
    const arn = arnIn('us-gov-west-1', 'aws-us-gov');
    const models = ['us-gov-west-1', 'us-gov-east-1'].map(
      (region) => `arn:aws-us-gov:bedrock:${region}::foundation-model/anthropic.claude-sonnet-5`,
    );

    const profile = modelOfProfile(arn, models);

    expect(profile.soldAs).toEqual(['us-gov']);
    const { price } = findModel(arn, new Map(), 'us-gov-west-1', profile);
    expect(price.tokens.inputNanoUsdPerMillion).toBe(usd('2.4'));
  });

  test.each([
    ['no model', [], 'no model'],
    ['two models', [...modelsIn(HAIKU, 'us-east-1'), ...modelsIn(NOVA, 'us-east-1')], 'several'],
    ['a profile', modelsIn(`us.${HAIKU}`, 'us-east-1'), 'no list price'],
    ['nothing that can be read', [''], 'no list price'],
    [
      'a custom model',
      ['arn:aws:bedrock:us-east-1:123456789012:custom-model/x/abcdef123456'],
      'no list price',
    ],
    [
      'another partition',
      [`arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/${HAIKU}`],
      'no list price',
    ],
    ['more regions than there are', Array(101).fill(modelsIn(HAIKU, 'us-east-1')[0]), 'too many'],
  ])('that leads to %s is refused', (_what, models, why) => {
    expect(() => modelOfProfile(arnIn('us-east-1'), models)).toThrowError(why);
  });

  const found = (model: string, home: string, ...regions: string[]) => {
    const arn = arnIn(home);
    return findModel(arn, new Map(), home, modelOfProfile(arn, modelsIn(model, ...regions)));
  };
  const inputUsd = (model: ReturnType<typeof findModel>) =>
    formatUsd(nanoUsd(model.price.tokens.inputNanoUsdPerMillion));

  test('costs what its model does as it is sold, and is known to caps by that', () => {
    const model = found(HAIKU, 'us-east-1', 'us-east-1', 'us-west-2');

    expect(model).toMatchObject({
      modelId: arnIn('us-east-1'),
      baseModelId: HAIKU,
      profileId: `us.${HAIKU}`,
      vendor: 'anthropic',
      family: 'anthropic',
    });
    expect(inputUsd(model)).toBe('1.10');
    expect(inputUsd(found(HAIKU, 'us-east-1', '', 'us-east-1'))).toBe('1.00');
  });

  test('threat 12: costs the dearest of what it may be billed as', () => {
    expect(inputUsd(found(NOVA, 'us-east-1', 'us-east-1', 'ca-central-1'))).toBe('0.096');
    expect(inputUsd(found(NOVA, 'us-east-1', 'us-east-1'))).toBe('0.06');
    expect(inputUsd(found(NOVA, 'eu-west-1', 'eu-west-1'))).toBe('0.096');
  });

  test('T24: of a model that is in no list is refused, and so is one not sold like this', () => {
    expect(() => found('acme.model-v1', 'us-east-1', 'us-east-1')).toThrowError('not in the cata');
    expect(() => found('anthropic.claude-sonnet-5-5', 'us-east-1', 'us-east-1')).toThrowError(
      'no price',
    );
  });

  test("takes the operator's price of its ARN, of its profile or of its model", () => {
    const arn = arnIn('us-east-1');
    const profile = modelOfProfile(arn, modelsIn(HAIKU, 'us-east-1', 'us-west-2'));
    for (const modelId of [arn, `us.${HAIKU}`, HAIKU]) {
      const prices = new Map([[modelId, price({ modelId })]]);
      expect(findModel(arn, prices, 'us-east-1', profile).price.modelId).toBe(modelId);
    }
  });
});

describe('threat 11: the ARN of an application inference profile', () => {
  test.each([
    arnIn('us-east-1'),
    arnIn('us-gov-west-1', 'aws-us-gov'),
    'arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/demo-haiku',
  ])('is %s', (arn) => {
    expect(isApplicationProfile(arn)).toBe(true);
  });

  test.each([
    HAIKU,
    `us.${HAIKU}`,
    `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.${HAIKU}`,
    'arn:aws:bedrock:us-east-1::application-inference-profile/abc123def456',
    'arn:aws:bedrock::123456789012:application-inference-profile/abc123def456',
    'arn:aws:bedrock:us-gov-west-1:123456789012:application-inference-profile/abc123def456',
    'arn:aws-cn:bedrock:cn-north-1:123456789012:application-inference-profile/abc123def456',
    `${arnIn('us-east-1')}/../x`,
    `${arnIn('us-east-1')}%2F`,
    `${arnIn('us-east-1')}\n`,
    `${arnIn('us-east-1')} `,
    `${arnIn('us-east-1')}\u0430`,
    `${arnIn('us-east-1')}${'a'.repeat(2048)}`,
  ])('is not %j', (other) => {
    expect(isApplicationProfile(other)).toBe(false);
  });
});

describe('threat 13: the region that an ARN names', () => {
  test.each([
    `arn:aws:bedrock:eu-west-1::foundation-model/${HAIKU}`,
    `arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.${HAIKU}`,
    'arn:aws:bedrock:us-east-1.evil.example:1:imported-model/x',
  ])('is the one that is called, or %s is refused', (arn) => {
    expect(() => findModel(arn, new Map(), 'us-east-1')).toThrowError(
      /^model_not_priced: .*but us-east-1 is called/,
    );
  });

  test('is looked at for an ARN that an operator priced too', () => {
    const modelId = 'arn:aws:bedrock:eu-west-1:123456789012:imported-model/abcdef123456';
    const model = { family: 'llama', contextWindowTokens: 9, maxOutputTokens: 9 } as const;
    const prices = new Map([[modelId, price({ modelId, model })]]);

    expect(findModel(modelId, prices, 'eu-west-1').price.modelId).toBe(modelId);
    expect(() => findModel(modelId, prices, 'us-east-1')).toThrowError('of the region eu-west-1');
  });
});
