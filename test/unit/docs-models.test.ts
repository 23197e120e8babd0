/**
 * The pages that say what is served are what the code serves.
 */
import { describe, expect, it } from 'vitest';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { modelsPage, pages, readmeTable, withTable } from '../../scripts/docs-models.ts';

describe('what is documented as served', () => {
  it.each(pages().map((page) => [page.url.pathname.split('/').at(-1), page] as const))(
    '%s is what `npm run docs:models` writes',
    (_name, { written, expected }) => {
      expect(written).toBe(expected);
    },
  );

  it('names every model of the catalogue, and why it is refused if it is', () => {
    const page = modelsPage();
    for (const { baseModelId, unserved = '' } of CATALOGUE_ROWS) {
      expect(page).toContain(`\`${baseModelId}\``);
      expect(page).toContain(unserved);
    }
  });

  it('counts every model in the README', () => {
    const told = readmeTable();
    const counts = [...told.matchAll(/\*` \((\d+)\)/g)].map(([, count]) => Number(count));
    const sum = counts.reduce((a, b) => a + b, 0);
    const named = CATALOGUE_ROWS.filter(({ baseModelId }) => told.includes(`\`${baseModelId}\``));
    // The two guardrail operations are no models.
    expect(sum + named.length).toBe(CATALOGUE_ROWS.length - 2);
  });

  it('needs its marks in the README', () => {
    expect(() => withTable('# hardcap\n')).toThrow('README.md has no');
  });
});
