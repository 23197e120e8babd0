/**
 * The decision before any money moves.
 */
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  decide,
  requestLimitOf,
  standingOf,
} from '../../lambda/application/admission.ts';
import { hashKey } from '../../lambda/domain/caller-key.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { cap, price, usd, windowRule } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  type FakeSettings,
  guardedRequest,
  guardOptions,
  HAIKU,
  KEY_TEXT,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS } from '../helpers/virtual-clock.ts';

const clock = createVirtualClock();
const aliased = (modelId: string) => new Map([['fast', { name: 'fast', modelId }]]);
const viewOf = (table: Partial<FakeSettings['table']> = {}) => ({
  ...settingsTable(table),
  readAtMs: NOON_MS,
});

function admitted(
  table: Partial<FakeSettings['table']> = {},
  options: { nowMs?: number; body?: string; allowUncovered?: boolean; modelId?: string } = {},
) {
  const { nowMs = NOON_MS, allowUncovered = false, modelId = HAIKU } = options;
  const view = viewOf(table);
  const request = guardedRequest(clock, createFakePorts(clock).sink, { modelId });
  const key = authenticate(view, KEY_TEXT, nowMs);
  return decide(view, key, request, guardOptions({ allowUncovered }), nowMs);
}

describe('a key', () => {
  it.each([
    ['unknown', undefined],
    ['of another secret', callerKey({ secretSha256: 'f'.repeat(64) })],
    ['without a readable hash', callerKey({ secretSha256: '' })],
    ['that is disabled', callerKey({ enabled: false })],
    ['in the very millisecond of its expiry', callerKey({ expiresAtMs: NOON_MS })],
  ])('%s is refused as unknown_key', (_, key) => {
    expect(() => authenticate(viewOf({ key }), KEY_TEXT, NOON_MS)).toThrow(
      expect.objectContaining({ code: 'unknown_key' }),
    );
  });

  it('is told that it is disabled only by whom holds its secret', () => {
    const view = viewOf({ key: callerKey({ enabled: false, secretSha256: 'f'.repeat(64) }) });

    expect(() => authenticate(view, KEY_TEXT, NOON_MS)).toThrow(/is not known/);
  });

  describe('with a secret of before its rotation', () => {
    const rotated = (untilMs: number, rest = {}) =>
      callerKey({
        secretSha256: 'f'.repeat(64),
        previous: { secretSha256: hashKey(KEY_TEXT), untilMs },
        ...rest,
      });

    it('takes the old secret until the millisecond before the overlap ends', () => {
      const key = rotated(NOON_MS + 1);

      expect(authenticate(viewOf({ key }), KEY_TEXT, NOON_MS)).toBe(key);
    });

    it.each([
      ['in the very millisecond in which the overlap ends', rotated(NOON_MS)],
      ['where the end of the overlap is no time', rotated(Number.NaN)],
      ['of a key that is disabled', rotated(NOON_MS + 1, { enabled: false })],
      ['of a key that has expired', rotated(NOON_MS + 1, { expiresAtMs: NOON_MS })],
    ])('refuses the old secret %s', (_, key) => {
      expect(() => authenticate(viewOf({ key }), KEY_TEXT, NOON_MS)).toThrow(
        expect.objectContaining({ code: 'unknown_key' }),
      );
    });

    it('takes the new secret whenever the overlap ends', () => {
      const previous = { secretSha256: 'f'.repeat(64), untilMs: NOON_MS - 1 };
      const key = callerKey({ previous });

      expect(authenticate(viewOf({ key }), KEY_TEXT, NOON_MS)).toBe(key);
    });

    it('tells of the rotation only whom holds the old secret', () => {
      const previous = { secretSha256: 'e'.repeat(64), untilMs: NOON_MS + 1 };
      const key = callerKey({ secretSha256: 'f'.repeat(64), previous });

      expect(() => authenticate(viewOf({ key }), KEY_TEXT, NOON_MS)).toThrow(/is not known/);
      expect(() => authenticate(viewOf({ key: rotated(NOON_MS) }), KEY_TEXT, NOON_MS)).toThrow(
        /has a new secret/,
      );
    });
  });

  it('holds until the millisecond before its expiry', () => {
    const key = callerKey({ expiresAtMs: NOON_MS + 1 });

    expect(authenticate(viewOf({ key }), KEY_TEXT, NOON_MS)).toBe(key);
  });

  it('whose item cannot be read is refused, naming item and field', () => {
    const key = { keyId: 'ci', field: 'tags', problem: 'must be a map' };

    expect(() => authenticate(viewOf({ key }), KEY_TEXT, NOON_MS)).toThrow(
      expect.objectContaining({
        code: 'settings_malformed',
        details: { item: 'KEY/ci', field: 'tags' },
      }),
    );
  });

  it('may use only the models of its list', () => {
    expect(() => admitted({ key: callerKey({ models: ['amazon.*'] }) })).toThrow(
      expect.objectContaining({ code: 'model_not_allowed' }),
    );
    expect(admitted({ key: callerKey({ models: ['anthropic.*'] }) }).model.modelId).toBe(HAIKU);
  });

  it('refuses a request that may cost more than maxRequestUsd, and takes one that just fits', () => {
    const bound = admitted().prepared.boundNanoUsd;
    const at = (amount: bigint) => ({
      key: callerKey({ maxRequestNanoUsd: amount as typeof bound }),
    });

    expect(() => admitted(at(bound - 1n))).toThrow(
      expect.objectContaining({ code: 'request_too_dear' }),
    );
    expect(admitted(at(bound)).prepared.boundNanoUsd).toBe(bound);
  });

  it('refuses all where maxRequestUsd is zero', () => {
    expect(() => admitted({ key: callerKey({ maxRequestNanoUsd: usd('0') }) })).toThrow(
      expect.objectContaining({ code: 'request_too_dear' }),
    );
  });
});

describe('caps', () => {
  it.each<[string, readonly Cap[]]>([
    ['there is none', []],
    ['it is disabled', [cap({ enabled: false })]],
    ['it has expired', [cap({ expiresAtMs: NOON_MS })]],
    ['it selects another key', [cap({ selectors: { keys: ['other'] } })]],
    ['it only warns', [cap({ action: 'warn' })]],
    ['it is split by a tag', [cap({ splitBy: 'tag:user' })]],
  ])('refuse a request that no cap covers: %s', (_, caps) => {
    expect(() => admitted({ caps })).toThrow(expect.objectContaining({ code: 'no_cap_applies' }));
  });

  it('let it pass where the setting says so, and still count by the caps that apply', () => {
    const { charges } = admitted({ caps: [cap({ action: 'warn' })] }, { allowUncovered: true });

    expect(charges).toMatchObject([{ enforced: false }]);
  });

  it('charge in the order of their counters, a warn cap too', () => {
    const caps = [cap({ capId: 'z' }), cap({ capId: 'b', action: 'warn' }), cap({ capId: 'a' })];

    expect(admitted({ caps }).charges.map(({ counter }) => counter.pk)).toEqual([
      'COUNTER#a',
      'COUNTER#b',
      'COUNTER#z',
    ]);
  });

  it('hold at the raised limit while the raise lasts', () => {
    const raised = { limitNanoUsd: usd('20'), untilMs: NOON_MS + 1 };
    const caps = [cap({ raised })];

    expect(admitted({ caps }).charges[0]?.limitNanoUsd).toBe(usd('20'));
    expect(admitted({ caps }, { nowMs: NOON_MS + 1 }).charges[0]?.limitNanoUsd).toBe(usd('10'));
  });

  it('that cannot be read refuse what they could cover, naming item and field', () => {
    const malformed = { capId: 'typo', field: 'limitUsd', problem: 'must be a number' };

    expect(() => admitted({ malformedCaps: [{ ...malformed, selectors: {} }] })).toThrow(
      expect.objectContaining({
        code: 'settings_malformed',
        details: { item: 'CAP/typo', field: 'limitUsd' },
      }),
    );
    expect(() => admitted({ malformedCaps: [malformed] })).toThrow(/settings_malformed/);
  });

  it('that cannot be read leave alone what they cannot cover', () => {
    const selectors = { keys: ['other'] };
    const malformed = { capId: 'typo', field: 'limitUsd', problem: 'must be a number', selectors };

    expect(admitted({ malformedCaps: [malformed] }).charges).toHaveLength(1);
  });
});

describe('the standing of an admission', () => {
  const standing = (table: Partial<FakeSettings['table']> = {}, nowMs = NOON_MS) =>
    standingOf(admitted(table, { nowMs }));

  it('is equal for equal settings, also in the next window', () => {
    expect(standing({}, NOON_MS + 24 * 3_600_000)).toBe(standing());
  });

  it('does not depend on the order in which caps were read', () => {
    const a = cap({ capId: 'a' });
    const b = cap({ capId: 'b' });

    expect(standing({ caps: [a, b] })).toBe(standing({ caps: [b, a] }));
  });

  it.each<[string, Partial<FakeSettings['table']>]>([
    ['limit', { caps: [cap({ limitNanoUsd: usd('9') })] }],
    ['cap id', { caps: [cap({ capId: 'other' })] }],
    ['split', { caps: [cap({ splitBy: 'key' })] }],
    ['window', { caps: [cap({ window: windowRule('weekly') })] }],
    ['time zone', { caps: [cap({ window: windowRule('daily', { timeZone: 'Asia/Tokyo' }) })] }],
    ['week start', { caps: [cap({ window: windowRule('daily', { weekStart: 'sunday' }) })] }],
    ['price version', { prices: new Map([[HAIKU, price({ modelId: HAIKU, version: 'new' })]]) }],
  ])('changes with the %s', (_, table) => {
    expect(standing(table)).not.toBe(standing());
  });

  it('changes with the model that an alias stands for, though it costs the same', () => {
    const global = `global.${HAIKU.slice('us.'.length)}`;
    const prices = new Map([HAIKU, global].map((modelId) => [modelId, price({ modelId })]));
    const standingOn = (modelId: string) =>
      standingOf(admitted({ prices, aliases: aliased(modelId) }, { modelId: 'fast' }));

    expect(standingOn(global)).not.toBe(standingOn(HAIKU));
  });

  it('does not change with a note or the percents of alerts', () => {
    expect(standing({ caps: [cap({ note: 'for the audit', alertPercents: [50] })] })).toBe(
      standing(),
    );
  });
});

describe('the bound on one request', () => {
  const ofKey = callerKey({ maxRequestNanoUsd: usd('0.02') });

  it('is the smaller of the key’s and the request’s own', () => {
    const own = (text: string) => ({ maxRequestNanoUsd: usd(text) });

    expect(requestLimitOf(callerKey(), {})).toBeUndefined();
    expect(requestLimitOf(ofKey, {})?.name).toBe('maxRequestUsd');
    expect(requestLimitOf(ofKey, own('0.03'))?.mostNanoUsd).toBe(usd('0.02'));
    expect(requestLimitOf(ofKey, own('0.01'))?.name).toBe('x-hardcap-max-usd');
    expect(requestLimitOf(callerKey(), own('0'))?.mostNanoUsd).toBe(usd('0'));
  });
});

describe('a counter that a caller names', () => {
  it('is opened on the account of its key, and no other counter is', () => {
    const caps = [cap({ capId: 'a' }), cap({ capId: 'b', splitBy: 'tag:run' })];
    const request = guardedRequest(clock, createFakePorts(clock).sink, { tags: { run: 'one' } });
    const rules = guardOptions({ maxTagCounters: 7 });

    const { charges } = decide(viewOf({ caps }), callerKey(), request, rules, NOON_MS);

    expect(charges.map(({ opening }) => opening)).toEqual([
      undefined,
      { keyId: 'ci', mostADay: 7 },
    ]);
  });
});
