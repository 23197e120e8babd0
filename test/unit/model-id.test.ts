/**
 * Which model ids are taken, what they are taken apart into, and what is refused with what advice.
 */
import { describe, expect, test } from 'vitest';
import { HardcapError } from '../../lambda/domain/errors.ts';
import {
  MAX_MODEL_ID_CHARACTERS,
  PROFILE_PREFIXES,
  parseModelId,
  profileIdOf,
} from '../../lambda/domain/model-id.ts';

const NOVA = 'amazon.nova-lite-v1:0';
const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const ACCOUNT = '123456789012';

function refusal(modelId: string): HardcapError {
  try {
    parseModelId(modelId);
  } catch (error) {
    if (error instanceof HardcapError && error.code === 'model_not_priced') return error;
    throw error;
  }
  throw new Error(`the model id was not refused: ${modelId}`);
}

describe('ids', () => {
  test.each([
    [NOVA, undefined, NOVA, 'in-region'],
    ['anthropic.claude-opus-5', undefined, 'anthropic.claude-opus-5', 'in-region'],
    [`us.${HAIKU}`, 'us', HAIKU, 'geo'],
    [`in.${HAIKU}`, 'in', HAIKU, 'geo'],
    [`global.${HAIKU}`, 'global', HAIKU, 'global'],
    [`us-gov.${HAIKU}`, 'us-gov', HAIKU, 'gov'],
  ])('%s', (modelId, prefix, baseModelId, scope) => {
    expect(parseModelId(modelId)).toEqual({ modelId, prefix, baseModelId, scope });
  });

  test('takes every profile prefix off, and only one', () => {
    for (const prefix of PROFILE_PREFIXES) {
      expect(parseModelId(`${prefix}.${NOVA}`)).toMatchObject({ prefix, baseModelId: NOVA });
    }
    expect(parseModelId(`us.eu.${NOVA}`).baseModelId).toBe(`eu.${NOVA}`);
  });

  test('takes no unknown prefix off', () => {
    expect(parseModelId(`sa.${NOVA}`)).toMatchObject({
      prefix: undefined,
      baseModelId: `sa.${NOVA}`,
    });
  });

  test('takes no prefix off an id that would be no id without it', () => {
    expect(parseModelId('us.nova')).toMatchObject({ prefix: undefined, baseModelId: 'us.nova' });
  });
});

describe('ARNs', () => {
  test.each([
    [`arn:aws:bedrock:eu-west-1::foundation-model/${NOVA}`, undefined, NOVA, 'in-region'],
    [`arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/${HAIKU}`, undefined, HAIKU, 'gov'],
    [`arn:aws:bedrock:us-east-1:${ACCOUNT}:inference-profile/us.${HAIKU}`, 'us', HAIKU, 'geo'],
    [
      `arn:aws:bedrock:us-east-1:${ACCOUNT}:inference-profile/global.${HAIKU}`,
      'global',
      HAIKU,
      'global',
    ],
    [
      `arn:aws-us-gov:bedrock:us-gov-east-1:${ACCOUNT}:inference-profile/us-gov.${HAIKU}`,
      'us-gov',
      HAIKU,
      'gov',
    ],
  ])('%s', (modelId, prefix, baseModelId, scope) => {
    expect(parseModelId(modelId)).toEqual({ modelId, prefix, baseModelId, scope });
  });

  test.each([
    ['application-inference-profile/abcdef123456', 'made from'],
    ['provisioned-model/abcdef123456', 'by the hour'],
    ['custom-model/amazon.nova-lite-v1:0:300k/abcdef123456', 'no list price'],
    ['custom-model-deployment/abcdef123456', 'no list price'],
    ['imported-model/abcdef123456', 'by the minute'],
    ['prompt/ABCDEF1234:1', 'stored prompt'],
    ['prompt-router/abcdef123456', 'router'],
    ['default-prompt-router/anthropic.claude:1', 'router'],
  ])('refuses %s and says why', (resource, why) => {
    expect(refusal(`arn:aws:bedrock:us-east-1:${ACCOUNT}:${resource}`).message).toContain(why);
  });

  test.each([
    ['of a service other than Bedrock', `arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/e`],
    ['of a type that Bedrock may add', `arn:aws:bedrock:us-east-1:${ACCOUNT}:new-type/${NOVA}`],
    ['that names a method of every object', `arn:aws:bedrock:us-east-1::constructor/${NOVA}`],
    [
      'of a foundation model in an account',
      `arn:aws:bedrock:us-east-1:${ACCOUNT}:foundation-model/${NOVA}`,
    ],
    [
      'of a foundation model with a prefix',
      `arn:aws:bedrock:us-east-1::foundation-model/us.${NOVA}`,
    ],
    [
      'of a profile without a prefix',
      `arn:aws:bedrock:us-east-1:${ACCOUNT}:inference-profile/${NOVA}`,
    ],
    ['without a region', `arn:aws:bedrock:::foundation-model/${NOVA}`],
    ['of another partition', `arn:aws-cn:bedrock:cn-north-1::foundation-model/${NOVA}`],
    [
      'of GovCloud with a commercial profile',
      `arn:aws-us-gov:bedrock:us-gov-west-1:${ACCOUNT}:inference-profile/us.${NOVA}`,
    ],
    [
      'that calls a GovCloud region commercial',
      `arn:aws:bedrock:us-gov-west-1::foundation-model/${NOVA}`,
    ],
    ['with a path inside', `arn:aws:bedrock:us-east-1::foundation-model/${NOVA}/converse`],
  ])('refuses an ARN %s', (_what, arn) => {
    expect(refusal(arn).message).toContain('names no model with a list price');
  });
});

describe('anything else', () => {
  test.each([
    '',
    'nova',
    'abcdef123456',
    'Amazon.nova-lite-v1:0',
    `${NOVA}/../x`,
    ` ${NOVA}`,
    `${NOVA}\n`,
    'amazon.nova%2Dlite-v1:0',
    'amazon..nova',
    '.nova',
    'amazon.',
    `us.${NOVA}:1:2`,
    `${'a'.repeat(64)}.nova`,
  ])('%j is refused with what to ask for', (modelId) => {
    expect(refusal(modelId).message).toContain('ask for a foundation model id');
  });

  test('refuses more than the bound, showing only the beginning', () => {
    const longest = `a.${'b'.repeat(MAX_MODEL_ID_CHARACTERS - 2)}`;

    expect(refusal(`${longest}b`).message).toContain('longer than 2048');
    expect(refusal(longest).message).not.toContain('longer than');
    expect(refusal(`${longest}b`).message.length).toBeLessThan(400);
  });

  test('begins the message with the code and names the id, also in the details', () => {
    const error = refusal('gpt\n4');

    expect(error.message).toMatch(/^model_not_priced: "gpt\\n4": /);
    expect(error.details).toEqual({ model: 'gpt\n4' });
  });
});

test('profileIdOf gives the id inside an ARN', () => {
  const arn = `arn:aws:bedrock:us-east-1:${ACCOUNT}:inference-profile/us.${HAIKU}`;

  expect(profileIdOf(parseModelId(arn))).toBe(`us.${HAIKU}`);
  expect(profileIdOf(parseModelId(NOVA))).toBe(NOVA);
});
