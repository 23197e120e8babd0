/**
 * Caps whose selectors name no model that hardcap knows: a cap for a misspelt model never holds.
 *
 * Not an error: the cap may be for a model of a later release, or for an id that is yet to be priced.
 */
import { AUTO_PRICE_PREFIX } from '../../lambda/adapters/settings/price-item.ts';
import { PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import { type Cap, globMatches } from '../../lambda/domain/cap.ts';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { PROFILE_PREFIXES } from '../../lambda/domain/model-id.ts';
import { printable } from './malformed-view.ts';
import type { Session } from './session.ts';
import { listIds } from './settings-store.ts';

const vendorOf = (modelId: string): string => modelId.slice(0, modelId.indexOf('.'));

/** Every spelling of every id of the catalogue, sold or not: an operator may price the others. */
const CATALOGUE_IDS: readonly string[] = CATALOGUE_ROWS.flatMap(({ baseModelId }) => [
  baseModelId,
  ...PROFILE_PREFIXES.map((prefix) => `${prefix}.${baseModelId}`),
]);
const CATALOGUE_VENDORS: readonly string[] = CATALOGUE_ROWS.map(({ vendor }) => vendor);

/** What a glob that begins so may match is in no list: profiles and models of the account. */
const OF_THE_ACCOUNT = 'arn:';

/**
 * The globs of a cap that match no model: of the catalogue, or of these price items.
 *
 * @param pricedIds ids and ARNs that price items are set for
 */
export function unmatchedGlobs({ selectors }: Cap, pricedIds: readonly string[]): string[] {
  const { models = [], vendors = [] } = selectors;
  const ids = [...CATALOGUE_IDS, ...pricedIds];
  const names = [...CATALOGUE_VENDORS, ...pricedIds.map(vendorOf)];
  return [
    ...models.filter(
      (glob) => !glob.startsWith(OF_THE_ACCOUNT) && !ids.some((id) => globMatches(glob, id)),
    ),
    ...vendors.filter((glob) => !names.some((name) => globMatches(glob, name))),
  ];
}

/** Tells of each cap that names a model or vendor which nobody knows. */
export async function tellUnmatched(
  { connection, output }: Session,
  caps: readonly Cap[],
): Promise<void> {
  if (caps.every(({ selectors: { models, vendors } }) => (models ?? vendors) === undefined)) return;
  const priced = (await listIds(connection, PARTITION.price)).map((id) =>
    id.startsWith(AUTO_PRICE_PREFIX) ? id.slice(AUTO_PRICE_PREFIX.length) : id,
  );
  for (const cap of caps) {
    for (const glob of unmatchedGlobs(cap, priced)) {
      output.notice(
        printable(
          `the cap "${cap.capId}" names "${glob}", which matches no model of the catalogue and no ` +
            'price item: it holds for none by that name. "hardcap prices list --all" shows all ids.',
        ),
      );
    }
  }
}
