/**
 * The model ids that can be asked for in a region: a list to choose from, not a table of prices.
 */
import { GUARDRAIL_CHECKS_ID, GUARDRAIL_ID } from './catalogue/guardrails.ts';
import { CATALOGUE_ROWS } from './catalogue/rows.ts';
import { profilesOfRegion } from './model-names.ts';
import type { MalformedPrice, Price } from './price.ts';

/** What stands in the catalogue and is asked for by operations of its own. */
const NO_MODELS = new Set([GUARDRAIL_ID, GUARDRAIL_CHECKS_ID]);

/**
 * Ids that the catalogue sells and the region can call, then those that an operator describes.
 * Whether each has a price there is for `findModel` to say.
 */
export function modelIdsIn(
  region: string,
  operatorPrices: ReadonlyMap<string, Price | MalformedPrice>,
): readonly string[] {
  const prefixes = new Set<string>(profilesOfRegion(region));
  const models = CATALOGUE_ROWS.filter(({ baseModelId }) => !NO_MODELS.has(baseModelId));
  const sold = models.flatMap(({ baseModelId, offers }) =>
    [...new Set(offers.flatMap(({ soldAs }) => soldAs))].flatMap((prefix) => {
      if (prefix === 'bare') return [baseModelId];
      return prefixes.has(prefix) ? [`${prefix}.${baseModelId}`] : [];
    }),
  );
  const described = [...operatorPrices].flatMap(([modelId, price]) =>
    'model' in price && price.model !== undefined ? [modelId] : [],
  );
  return [...new Set([...sold, ...described])];
}
