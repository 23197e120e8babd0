/**
 * Every model id that hardcap knows, and whether requests for it have a price.
 */

import { CATALOGUE_ROWS } from './catalogue/rows.ts';
import { findModel, namesOf } from './catalogue.ts';
import { PROFILE_PREFIXES } from './model-id.ts';
import type { MalformedPrice, Price } from './price.ts';

/** A model as selectors know it. */
export interface KnownModel {
  readonly modelId: string;
  readonly baseModelId: string;
  readonly profileId: string;
  readonly vendor: string;
  /** The most output tokens; absent where the id is refused, as nothing prices it. */
  readonly maxOutputTokens?: number;
}

/** The catalogue's ids in every spelling, and those that only an operator prices. */
export function knownModels(prices: ReadonlyMap<string, Price | MalformedPrice>): KnownModel[] {
  const ids = CATALOGUE_ROWS.flatMap(({ baseModelId }) => [
    baseModelId,
    ...PROFILE_PREFIXES.map((prefix) => `${prefix}.${baseModelId}`),
  ]);
  return [...new Set([...ids, ...prices.keys()])].map((modelId) => knownModel(modelId, prices));
}

function knownModel(
  modelId: string,
  prices: ReadonlyMap<string, Price | MalformedPrice>,
): KnownModel {
  try {
    const { baseModelId, profileId, vendor, maxOutputTokens } = findModel(modelId, prices);
    return { modelId, baseModelId, profileId, vendor, maxOutputTokens };
  } catch {
    return { modelId, ...namesOf(modelId) };
  }
}
