/**
 * The models that a key may use: those that a request of it would not be refused for.
 */
import { describe, expect, it } from 'vitest';
import { openAiModelAnswer } from '../../lambda/adapters/http/doors/openai-models.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import type { Model } from '../../lambda/domain/catalogue.ts';
import { modelIdsIn } from '../../lambda/domain/model-list.ts';
import { cap, price, usd } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  guardOptions,
  HAIKU,
  KEY_TEXT,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { modelOf } from '../helpers/text-families.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

type Table = Parameters<typeof settingsTable>[0];

function list(table: Table, modelId?: string, allowUncovered = false) {
  const ports = createFakePorts(createVirtualClock());
  ports.settings.table = settingsTable(table);
  const guard = createSpendGuard(ports, guardOptions({ allowUncovered, settingsMaxAgeMs: 0 }));
  const asked = { keyText: KEY_TEXT, keyId: 'ci', region: 'us-east-1' };
  const models = guard.listModels({ ...asked, ...(modelId !== undefined && { modelId }) });
  return { ports, ids: models.then((all) => all.map((model) => model.modelId)) };
}

const HAIKUS = { key: callerKey({ models: ['*haiku-4-5*'] }) };
const NO_CAPS = { ...HAIKUS, caps: [] };

describe('the ids of a region', () => {
  it('have the profiles that the region can call, and no other', () => {
    const haikus = (region: string) =>
      modelIdsIn(region, new Map())
        .filter((id) => id.includes('haiku-4-5'))
        .map((id) => id.split('anthropic')[0]);

    expect(haikus('us-east-1').sort()).toEqual(['', 'global.', 'us.']);
    expect(haikus('eu-west-1').sort()).toEqual(['', 'eu.', 'global.']);
    expect(haikus('ap-northeast-1').sort()).toEqual(['', 'apac.', 'global.', 'jp.']);
  });

  it('have what an operator describes, and nothing twice', () => {
    const model = { family: 'llama', contextWindowTokens: 9, maxOutputTokens: 9 } as const;
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:imported-model/abc';
    const prices = new Map([
      [arn, price({ model })],
      [HAIKU, price()],
    ]);

    const ids = modelIdsIn('us-east-1', prices);

    expect(ids).toContain(arn);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the list', () => {
  it('has the key’s models alone, read by fresh settings, and writes nothing', async () => {
    const { ports, ids } = list(HAIKUS);

    expect((await ids).every((id) => id.includes('haiku-4-5'))).toBe(true);
    expect(await ids).toHaveLength(3);
    expect(ports.events).toEqual(['read settings']);
  });

  it('leaves out what no cap covers, unless a setting lets that pass', async () => {
    const ofNova = { ...HAIKUS, caps: [cap({ selectors: { vendors: ['amazon'] } })] };

    expect(await list(ofNova).ids).toEqual([]);
    expect(await list(NO_CAPS).ids).toEqual([]);
    expect(await list(NO_CAPS, undefined, true).ids).toHaveLength(3);
  });

  it('leaves out what an item that cannot be read could cover', async () => {
    const malformed = { capId: 'c', field: 'limitUsd', problem: 'no number' };

    expect(await list({ ...HAIKUS, malformedCaps: [malformed] }).ids).toEqual([]);
    const prices = new Map([[HAIKU, { modelId: HAIKU, field: 'x', problem: 'y' }]]);
    expect(await list({ ...HAIKUS, prices }).ids).not.toContain(HAIKU);
  });

  it.each([
    ['a model that the key may not use', HAIKUS, 'us.amazon.nova-lite-v1:0', 'model_not_allowed'],
    ['no model', {}, 'no.such-model', 'model_not_priced'],
    ['a model that no cap covers', NO_CAPS, HAIKU, 'no_cap_applies'],
  ])('of one model alone says why not, for %s', async (_what, table, modelId, code) => {
    await expect(list(table, modelId).ids).rejects.toMatchObject({ code });
  });

  it('is nobody’s whose key is unknown or disabled', async () => {
    const disabled = { key: callerKey({ enabled: false }) };

    await expect(list({ key: undefined }).ids).rejects.toMatchObject({ code: 'unknown_key' });
    await expect(list(disabled).ids).rejects.toMatchObject({ code: 'unknown_key' });
  });
});

describe('the prices of a model', () => {
  const shown = (rest: Partial<Model['price']>) =>
    JSON.parse(openAiModelAnswer([{ ...modelOf('openai'), price: price(rest) }]).body).hardcap;

  it('are decimal dollars; lines that it has not are left out', () => {
    expect(shown({})).toEqual({
      usd_per_million_tokens: { input: '1.00', output: '5.00' },
      price_version: 'test',
      context_window_tokens: 200_000,
      max_output_tokens: 8_000,
    });
  });

  it('tell long contexts and units, but no guardrails, which are not the model’s', () => {
    const tokens = { inputNanoUsdPerMillion: usd('2'), outputNanoUsdPerMillion: 0n };

    expect(
      shown({
        longContext: { thresholdTokens: 9, tokens },
        units: { 'made-image': usd('0.04'), 'guardrail-content': usd('1') },
      }),
    ).toMatchObject({
      long_context: { above_input_tokens: 9, usd_per_million_tokens: { input: '2.00' } },
      usd_per_unit: { made_image: '0.04' },
    });
  });

  it('of a free model are none', () => {
    expect(shown({ free: true })).toMatchObject({ free: true });
    expect(shown({ free: true })).not.toHaveProperty('usd_per_million_tokens');
  });
});
