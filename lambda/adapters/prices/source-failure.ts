/**
 * Failures of a price source in words that may be logged: no token and no address is in them.
 */
const MAX_CHARACTERS = 300;
const ADDRESS = /https?:\/\/\S+/g;

/** An error that says what was asked and why it failed. */
export function sourceFailure(asked: string, error: unknown): Error {
  const why = error instanceof Error ? `${error.name}: ${error.message}` : 'it failed';
  return new Error(`${asked}: ${why.replace(ADDRESS, '(address)').slice(0, MAX_CHARACTERS)}`);
}
