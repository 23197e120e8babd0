/**
 * Whether one cap's selectors select at least what another's do, as far as globs tell.
 *
 * Invariant: a yes is certain; a no may only mean that it cannot be seen.
 */
import { globMatches, type Selectors } from './cap.ts';

/** Whether every text that `narrow` matches is certainly matched by `wide`. */
export function globCovers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  // `?` would take the other's star for one character, and it stands for many.
  if (wide.includes('?') && /[*?]/.test(narrow)) return false;
  return globMatches(wide, narrow);
}

type Globs = readonly string[] | undefined;

/** An absent list matches all. */
const listCovers = (wide: Globs, narrow: Globs): boolean =>
  wide === undefined ||
  narrow?.every((glob) => wide.some((other) => globCovers(other, glob))) === true;

type TagGlobs = Selectors['tags'];

const globsOf = (tags: TagGlobs, name: string): Globs =>
  tags !== undefined && Object.hasOwn(tags, name) ? tags[name] : undefined;

const tagsCover = (wide: TagGlobs = {}, narrow: TagGlobs): boolean =>
  Object.entries(wide).every(([name, globs]) => listCovers(globs, globsOf(narrow, name)));

/** Whether what `narrow` selects is certainly selected by `wide`, too. */
export const selectorsCover = (wide: Selectors, narrow: Selectors): boolean =>
  listCovers(wide.keys, narrow.keys) &&
  listCovers(wide.teams, narrow.teams) &&
  listCovers(wide.vendors, narrow.vendors) &&
  listCovers(wide.models, narrow.models) &&
  tagsCover(wide.tags, narrow.tags) &&
  tagsCover(wide.requestTags, narrow.requestTags);
