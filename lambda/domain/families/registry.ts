/**
 * The families by name. A new family is one file beside this and one row here.
 */
import type { FamilyName } from '../catalogue/catalogue-row.ts';
import { anthropic } from './anthropic.ts';
import type { Family } from './family.ts';
import { nova } from './nova.ts';

/** What hardcap knows of each family that the catalogue names. */
export const FAMILIES: Readonly<Partial<Record<FamilyName, Family>>> = {
  anthropic,
  nova,
};

/** @throws RangeError for a family that has no row here: the catalogue's tests rule it out */
export function familyOf(name: FamilyName): Family {
  const family = FAMILIES[name];
  if (family === undefined) throw new RangeError(`no rules for the family "${name}"`);
  return family;
}
