/**
 * What becomes of a listed price: rises are taken, all else waits, zero never.
 */
import { describe, expect, test } from 'vitest';
import { dearerPrice, type Price } from '../../lambda/domain/price.ts';
import { linesOf, withLines } from '../../lambda/domain/price-lines.ts';
import {
  approvedPrice,
  collectListings,
  fingerprintOf,
  type IdListing,
  judge,
} from '../../lambda/domain/price-policy.ts';
import { price, usd } from '../helpers/builders.ts';

const ID = 'us.a.b';
const CURRENT = price({
  modelId: ID,
  tokens: {
    inputNanoUsdPerMillion: usd('1'),
    outputNanoUsdPerMillion: usd('5'),
    cacheReadNanoUsdPerMillion: usd('0.1'),
  },
});

const listing = (lines: Record<string, string>, rest: Partial<IdListing> = {}): IdListing => ({
  modelId: ID,
  baseModelId: 'a.b',
  regions: [{ region: 'us-east-1', listed: amounts(lines), current: CURRENT }],
  ...rest,
});

const amounts = (lines: Record<string, string>) =>
  Object.fromEntries(Object.entries(lines).map(([line, text]) => [line, usd(text)]));

const both = { input: '1', output: '5', 'cache-read': '0.1' };

describe('a listed price', () => {
  test('that is the one that holds is no news', () => {
    expect(judge(listing(both))).toEqual({ modelId: ID, warnings: [] });
  });

  test('that rose is taken at once, in the lines that rose', () => {
    const { taken, proposed } = judge(listing({ ...both, input: '1.1' }));

    expect(taken?.price.tokens).toMatchObject({
      inputNanoUsdPerMillion: usd('1.1'),
      outputNanoUsdPerMillion: usd('5'),
      cacheReadNanoUsdPerMillion: usd('0.1'),
    });
    expect(taken?.changes).toEqual([
      { line: 'input', fromNanoUsd: usd('1'), toNanoUsd: usd('1.1') },
    ]);
    expect(proposed).toBeUndefined();
  });

  test('that rose takes the lines with it that follow it', () => {
    const current = price();
    const regions = [{ region: 'us-east-1', listed: amounts({ input: '1.4' }), current }];
    const { taken } = judge(listing({}, { regions }));

    expect(taken && linesOf(taken.price)).toMatchObject({
      'cache-read': usd('1.4'),
      'cache-write-1h': usd('1.4'),
    });
  });

  test('that rose by a half is taken, and by more waits', () => {
    expect(judge(listing({ input: '1.5' })).taken).toBeDefined();
    const more = judge(listing({ input: '1.500000001' }));

    expect(more.taken).toBeUndefined();
    expect(more.proposed?.reasons).toEqual(['over 50 %']);
  });

  test('that fell waits, by a nano-dollar or by more than half', () => {
    expect(judge(listing({ output: '4.999999999' })).proposed?.reasons).toEqual(['fall']);
    expect(judge(listing({ output: '2.499999999' })).proposed?.reasons).toEqual(['over 50 %']);
    expect(judge(listing({ output: '2.5' })).proposed?.reasons).toEqual(['fall']);
  });

  test('takes the rise of one line and keeps the fall of another', () => {
    const { taken, proposed } = judge(listing({ input: '1.2', output: '4' }));

    expect(taken?.price.tokens).toMatchObject({
      inputNanoUsdPerMillion: usd('1.2'),
      outputNanoUsdPerMillion: usd('5'),
    });
    expect(proposed?.lines).toEqual({ output: usd('4') });
  });

  test('T24 of zero is never taken and never waits', () => {
    const verdict = judge(listing({ input: '0', output: '5' }));

    expect(verdict.taken).toBeUndefined();
    expect(verdict.proposed).toBeUndefined();
    expect(verdict.warnings).toEqual([expect.stringContaining('listed at zero')]);
  });

  test('that misses a line changes nothing of it', () => {
    expect(judge(listing({ input: '1' }))).toEqual({ modelId: ID, warnings: [] });
  });

  test('with a unit that the price has not waits', () => {
    expect(judge(listing({ 'made-image': '0.04' })).proposed).toMatchObject({
      reasons: ['new line'],
      lines: { 'made-image': usd('0.04') },
    });
  });

  test('of a cached token is compared with what it costs now, the input price', () => {
    const current = price();
    const regions = [{ region: 'us-east-1', listed: amounts({ 'cache-read': '0.9' }), current }];

    expect(judge(listing({}, { regions })).proposed?.reasons).toEqual(['fall']);
  });

  test('of an id that nobody prices waits as new', () => {
    const regions = [{ region: 'us-east-1', listed: amounts(both) }];
    const { proposed, taken } = judge(listing({}, { regions }));

    expect(taken).toBeUndefined();
    expect(proposed?.reasons).toEqual(['new id']);
    expect(approvedPrice(proposed?.lines ?? {})?.tokens.outputNanoUsdPerMillion).toBe(usd('5'));
  });

  test('that rises above what an operator set is told as a warning', () => {
    const operator = price({ modelId: ID, version: 'operator-1' });
    const { warnings, taken } = judge(listing({ ...both, output: '6' }, { operator }));

    expect(taken).toBeDefined();
    expect(warnings).toEqual([
      expect.stringMatching(/^us\.a\.b: output is listed at 6\.00, and .* by hand is 5\.00/),
    ]);
  });
});

describe('several regions', () => {
  const inTwo = (first: string, second: string): IdListing =>
    listing(
      {},
      {
        regions: [
          { region: 'us-east-1', listed: amounts({ input: first }), current: CURRENT },
          {
            region: 'eu-west-1',
            listed: amounts({ input: second }),
            current: price({
              tokens: { inputNanoUsdPerMillion: usd('1.6'), outputNanoUsdPerMillion: usd('8') },
            }),
          },
        ],
      },
    );

  test('a rise in the cheaper one is taken, and makes the dearer no cheaper', () => {
    const { taken } = judge(inTwo('1.2', '1.6'));

    expect(taken?.changes).toMatchObject([{ line: 'input', toNanoUsd: usd('1.2') }]);
    expect(taken?.price.tokens.outputNanoUsdPerMillion).toBe(usd('5'));
  });

  test('a fall in one of them is none, as an item holds for both', () => {
    expect(judge(inTwo('0.9', '1.6'))).toEqual({ modelId: ID, warnings: [] });
    expect(judge(inTwo('0.9', '1.5')).proposed?.reasons).toEqual(['fall']);
  });

  test('a fall is none where it would undercut a dearer region that nobody lists', () => {
    const dear = price({
      tokens: { inputNanoUsdPerMillion: usd('1.6'), outputNanoUsdPerMillion: usd('8') },
    });
    const fallen = { ...both, input: '0.9' };

    expect(judge(listing(fallen, { elsewhere: [CURRENT] })).proposed?.reasons).toEqual(['fall']);
    expect(judge(listing(fallen, { elsewhere: [dear] }))).toEqual({ modelId: ID, warnings: [] });
    const regions = [
      { region: 'us-east-1', listed: amounts(fallen), current: CURRENT },
      { region: 'eu-west-1', listed: amounts({ output: '8' }), current: dear },
    ];
    expect(judge(listing({}, { regions })).proposed?.lines.input).toBeUndefined();
  });

  test('a rise of more than half waits as no less than what holds elsewhere', () => {
    const dear = price({
      tokens: { inputNanoUsdPerMillion: usd('1.9'), outputNanoUsdPerMillion: usd('8') },
    });
    const { proposed } = judge(listing({ ...both, input: '1.7' }, { elsewhere: [dear] }));

    expect(proposed?.lines.input).toBe(usd('1.9'));
  });

  test('the widest rise decides whether it waits', () => {
    expect(judge(inTwo('1.7', '1.7')).taken).toBeUndefined();
    expect(judge(inTwo('1.7', '1.7')).proposed?.reasons).toEqual(['over 50 %']);
  });
});

describe('what is listed', () => {
  test('twice holds at the dearer figure', () => {
    const line = { baseModelId: 'a.b', listedAs: ['bare'], line: 'input' } as const;
    const found = collectListings(
      [
        { ...line, region: 'us-east-1', nanoUsd: 2n },
        { ...line, region: 'us-east-1', nanoUsd: 3n },
        { ...line, region: 'eu-west-1', nanoUsd: 9n },
        { ...line, nanoUsd: 1n },
      ],
      ['us-east-1'],
    );

    expect(found.get('a.b')?.byRegion.get('us-east-1')).toEqual({ input: 3n });
    expect(found.get('a.b')?.byRegion.size).toBe(1);
  });

  test('has one fingerprint whatever its order', () => {
    expect(fingerprintOf({ input: 1n, output: 2n })).toBe(fingerprintOf({ output: 2n, input: 1n }));
    expect(fingerprintOf({ input: 1n })).not.toBe(fingerprintOf({ input: 2n }));
  });
});

describe('the lines of a price', () => {
  const WHOLE: Price = price({
    tokens: {
      inputNanoUsdPerMillion: usd('2'),
      outputNanoUsdPerMillion: usd('10'),
      cacheReadNanoUsdPerMillion: usd('0.2'),
      cacheWrite5mNanoUsdPerMillion: usd('2.5'),
      cacheWrite1hNanoUsdPerMillion: usd('4'),
    },
    longContext: {
      thresholdTokens: 200_000,
      tokens: { inputNanoUsdPerMillion: usd('4'), outputNanoUsdPerMillion: usd('15') },
    },
    priority: { numerator: 175n, denominator: 100n },
    units: { 'made-image': usd('0.04') },
  });

  test('make the same price again', () => {
    const again = withLines(WHOLE, linesOf(WHOLE));

    expect(again && linesOf(again)).toEqual(linesOf(WHOLE));
    expect(linesOf(WHOLE)).toMatchObject({
      'priority-input': usd('3.5'),
      'long-cache-read': usd('4'),
    });
  });

  test('of the priority tier make a factor that gives none of them less', () => {
    const dearer = withLines(WHOLE, { 'priority-output': usd('20') });

    expect(dearer?.priority).toEqual({ numerator: usd('20'), denominator: usd('10') });
    expect(withLines(WHOLE, { 'priority-output': usd('11') })?.priority).toEqual(WHOLE.priority);
  });

  test('of a long context need a threshold that somebody told', () => {
    expect(withLines(price(), { 'long-input': usd('2') })).toBeUndefined();
  });

  test('that were taken never make the catalogue’s cheaper, in any of them', () => {
    const taken = { ...price({ modelId: ID, version: 'auto-1' }), refreshed: 'taken' as const };
    const merged = dearerPrice(WHOLE, taken);

    expect(linesOf(merged)).toMatchObject({ input: usd('2'), output: usd('10') });
    expect(merged).toMatchObject({ version: 'auto-1', longContext: WHOLE.longContext });
    expect(merged.priority).toEqual(WHOLE.priority);
  });
});
