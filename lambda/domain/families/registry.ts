/**
 * The families by name. A new family is one file beside this and one row here.
 */
import type { FamilyName } from '../catalogue.ts';
import { anthropic } from './anthropic.ts';
import type { Family } from './family.ts';
import { nova } from './nova.ts';

/** What hardcap knows of each family that the catalogue names. */
export const FAMILIES: Readonly<Record<FamilyName, Family>> = { anthropic, nova };
