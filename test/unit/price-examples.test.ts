/**
 * The worked examples: each comes out as a person computed it, and docs/prices.md shows them.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkExample, examplesMarkdown } from '../../bin/commands/price-check.ts';
import { WORKED_EXAMPLES } from '../../bin/commands/price-examples.ts';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';

describe('the worked examples', () => {
  test('are thirty, each of its own', () => {
    expect(new Set(WORKED_EXAMPLES.map(({ title }) => title)).size).toBe(30);
  });

  test.each(WORKED_EXAMPLES.map((example) => [example.title, example] as const))(
    '%s comes out line by line',
    (_title, example) => {
      expect(checkExample(example).problems).toEqual([]);
    },
  );

  test('are of models that are in the catalogue', () => {
    const bases = CATALOGUE_ROWS.map(({ baseModelId }) => baseModelId);

    for (const { modelId } of WORKED_EXAMPLES) {
      expect(bases.some((base) => modelId === base || modelId.endsWith(`.${base}`))).toBe(true);
    }
  });

  test('stand in docs/prices.md as they are', () => {
    const docs = readFileSync(new URL('../../docs/prices.md', import.meta.url), 'utf8');

    expect(docs).toContain(examplesMarkdown(WORKED_EXAMPLES));
  });

  test('that are wrong say in which line, and what it should be', () => {
    const [first] = WORKED_EXAMPLES;
    if (first === undefined) return expect.fail('there are none');
    const wrong = {
      ...first,
      lines: [['input', 10_000, '1.00', '0.01'] as const],
      costUsd: '0.01',
    };

    expect(checkExample(wrong).problems).toEqual([
      'the lines are 10000 input, 500 output, and should be 10000 input',
      'the cost is 0.01375, and should be 0.01',
    ]);
  });
});
