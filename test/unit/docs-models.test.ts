/**
 * The pages that say what is served are what the code serves.
 */
import { describe, expect, it } from 'vitest';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { prepareRequest } from '../../lambda/domain/estimate.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { modelsPage, overview, page } from '../../scripts/docs-models.ts';

describe('what is documented as served', () => {
  it('is what `npm run docs:models` writes', () => {
    const { written, expected } = page();
    expect(written).toBe(expected);
  });

  it('names every model of the catalogue, and why it is refused if it is', () => {
    const text = modelsPage();
    for (const { baseModelId, unserved = '' } of CATALOGUE_ROWS) {
      expect(text).toContain(`\`${baseModelId}\``);
      expect(text).toContain(unserved);
    }
  });

  it('counts every model in the overview', () => {
    const told = overview();
    const counts = [...told.matchAll(/\*` \((\d+)\)/g)].map(([, count]) => Number(count));
    const sum = counts.reduce((a, b) => a + b, 0);
    const named = CATALOGUE_ROWS.filter(({ baseModelId }) => told.includes(`\`${baseModelId}\``));
    const served = CATALOGUE_ROWS.filter(({ family }) => family !== undefined);
    // The two guardrail operations are no models.
    expect(sum + named.length).toBe(served.length - 2);
  });

  it('says truly that only Claude takes a body of Claude’s', () => {
    const body = parseBody(
      Buffer.from(
        '{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"messages":[{"role":"user","content":"a"}]}',
      ),
    );
    const takers = CATALOGUE_ROWS.flatMap(({ family, baseModelId, offers }) => {
      if (family === undefined) return [];
      const prefix = offers[0]?.soldAs[0];
      const model = findModel(
        prefix === 'bare' ? baseModelId : `${prefix}.${baseModelId}`,
        new Map(),
      );
      const request = { operation: 'invoke', model, body, headers: {} } as const;
      try {
        prepareRequest({ ...request, allowFields: new Set() });
        return [family];
      } catch {
        return [];
      }
    });
    expect(new Set(takers)).toEqual(new Set(['anthropic']));
  });
});
