/**
 * The name that was probably meant where one is not known: for messages, never to go on with.
 */

/** How many characters must be changed, added or removed to make `b` of `a`. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A name in the settings table may have 64 KB; nobody mistypes a name of that length. */
const MAX_NAME_CHARACTERS = 64;
/** Fewer letters than these are part of too many names. */
const MIN_PART_CHARACTERS = 4;
const MAX_DISTANCE = 2;
const CHARACTERS_PER_MISTAKE = 3;

/**
 * The known name that is nearest, whatever its case: one that holds `name` or is held by it, or one
 * that is a mistake or two away. Undefined where none is near.
 */
export function nearName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_NAME_CHARACTERS) return undefined;
  const given = name.toLowerCase();
  const bound = Math.min(MAX_DISTANCE, Math.floor(given.length / CHARACTERS_PER_MISTAKE));
  const ranked = known
    .map((candidate) => ({ candidate, far: editDistance(given, candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= bound || holds(candidate.toLowerCase(), given))
    .sort((a, b) => a.far - b.far);
  return ranked[0]?.candidate;
}

const holds = (a: string, b: string): boolean =>
  Math.min(a.length, b.length) >= MIN_PART_CHARACTERS && (a.includes(b) || b.includes(a));
