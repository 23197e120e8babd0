/**
 * docs/cost.md is what its script writes, and the script adds up as it says.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRIC } from '../../lambda/contract.ts';
import { addUsd, divCeil, NANO_USD_PER_USD, nanoUsd } from '../../lambda/domain/money.ts';
import { COST_FIGURES } from '../../scripts/cost-figures.ts';
import { floodLines } from '../../scripts/cost-flood.ts';
import { idleLines } from '../../scripts/cost-idle.ts';
import { type CostLine, costsBeyondFree, lineCost, totalCost } from '../../scripts/cost-lines.ts';
import { costOf, MB_MS_A_GB_SECOND, PRICES } from '../../scripts/cost-prices.ts';
import { admittedWriteUnits, millionLines, SHAPES } from '../../scripts/cost-requests.ts';
import { shownUsd } from '../../scripts/cost-tables.ts';
import { costPage, page } from '../../scripts/docs-cost.ts';
import { usd } from '../helpers/builders.ts';

const line = (units: bigint): CostLine => ({ what: '', price: 'metrics', units, how: '' });

describe('docs/cost.md', () => {
  it('is what `npm run docs:cost` writes', () => {
    const { written, expected } = page();
    expect(written).toBe(expected);
  });

  it('names every counted request and every price', () => {
    const text = costPage();
    for (const name of Object.keys(COST_FIGURES.requests)) expect(text).toContain(`| ${name} |`);
    for (const { unit, source } of Object.values(PRICES)) {
      expect(text).toContain(unit);
      expect(text).toContain(source);
    }
  });

  it('is what the README rounds', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [short = 0n, stream = 0n] = SHAPES.map((shape) =>
      divCeil(totalCost(millionLines(shape, 1n)), NANO_USD_PER_USD),
    );
    expect(readme).toContain(`are $${short} if they take 1 s each, $${stream} as streams of 10 s`);
    const flood = divCeil(totalCost(floodLines()), NANO_USD_PER_USD);
    expect(readme).toContain(`is at most $${flood} an hour`);
    expect(readme).toContain('idle, about $6 a month');
    expect(totalCost(idleLines())).toBeLessThan(usd('6.50'));
  });

  it('is read without a table that has a hole', () => {
    expect(costPage()).not.toMatch(/undefined|NaN|\|\s*\|\s*\|\s*\|/);
  });
});

describe('a cost', () => {
  it('is exact, and rounded up to a nano-dollar', () => {
    expect(costOf('lambdaTime', 180_000n * MB_MS_A_GB_SECOND)).toBe(usd('2.400012'));
    expect(costOf('dynamodbWrites', 3_000_000n)).toBe(usd('1.875'));
    expect(costOf('lambdaTime', 1n)).toBe(nanoUsd(1n));
    expect(costOf('lambdaTime', 0n)).toBe(nanoUsd(0n));
  });

  it('is shown rounded up, never as nothing where there is something', () => {
    expect(shownUsd(usd('0'))).toBe('0');
    expect(shownUsd(usd('0.000000001'))).toBe('under $0.01');
    expect(shownUsd(usd('0.01'))).toBe('$0.01');
    expect(shownUsd(usd('2.401'))).toBe('$2.41');
    expect(shownUsd(usd('1583.5'))).toBe('$1,584');
  });

  it('takes what is free once from all lines of a price together', () => {
    // Ten are free: six are the first line's, and four are left for the second.
    expect(costsBeyondFree([line(6n), line(6n)])).toEqual([usd('0'), usd('0.60')]);
  });
});

describe('what is added up', () => {
  it('is idle no cheaper without what is free', () => {
    const free = costsBeyondFree(idleLines()).reduce(addUsd);
    expect(free).toBeLessThan(totalCost(idleLines()));
  });

  it('has each further cap for the writes that were counted for it', () => {
    expect(admittedWriteUnits(4n)).toBe(
      BigInt(COST_FIGURES.requests['admitted, 4 caps'].writeUnits),
    );
  });

  it('is mostly the time of the gateway, the more so the longer it streams', () => {
    const shares = SHAPES.map((shape) => {
      const lines = millionLines(shape, 1n);
      const [time] = lines.map(lineCost);
      return Number(time) / Number(totalCost(lines));
    });
    expect(Math.min(...shares)).toBeGreaterThan(0.7);
  });

  it('is bounded for an hour of a flood by what is reserved', () => {
    expect(totalCost(floodLines())).toBeLessThan(usd('6'));
  });

  it('knows how many metrics there are', () => {
    // Two names are of both gateway and rollover.
    expect(costPage()).toContain(`writes at most ${Object.keys(METRIC).length + 2}`);
  });
});
