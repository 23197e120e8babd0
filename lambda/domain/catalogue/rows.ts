/**
 * The models and their prices, as data that lies beside the code of a function.
 *
 * Not here: the figures (a file a vendor; vendor-rows.ts), of which `npm run catalogue` makes it.
 */
import type { CatalogueRow } from './catalogue-row.ts';
import rows from './rows.data.json' with { type: 'json' };

/** The version of every price that is made from these rows: the day they were last compared. */
export const CATALOGUE_VERSION = 'catalogue-2026-11-23';

/** Every model that hardcap knows, and why it serves some of them not. */
// A test holds it to be the vendors' rows, whose form the compiler has checked.
export const CATALOGUE_ROWS = rows as unknown as readonly CatalogueRow[];
