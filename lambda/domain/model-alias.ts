/**
 * An operator's own names for models: what a caller may write in place of a Bedrock id.
 *
 * Invariant: an alias never takes the place of an id that hardcap knows, and is never looked up
 *            twice: what it stands for is an id.
 */
import { isKnownModelId } from './catalogue.ts';
import { HardcapError } from './errors.ts';
import type { MalformedPrice, Price } from './price.ts';

export interface ModelAlias {
  readonly name: string;
  /** What it stands for: whatever Bedrock is asked by, an ARN included. */
  readonly modelId: string;
}

/** An alias item that cannot be read. It refuses the requests that ask for its name. */
export interface MalformedAlias {
  readonly name: string;
  readonly field: string;
  readonly problem: string;
}

/** By name. */
export type Aliases = ReadonlyMap<string, ModelAlias | MalformedAlias>;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;
export const ALIAS_NAME_PROBLEM =
  'must be the name that callers write, 1 to 128 of A-Z a-z 0-9 . _ : @ / -, the first a letter ' +
  'or digit';

/** Whether an alias may have this name. */
export const isAliasName = (name: string): boolean => NAME.test(name);

/**
 * The id that a name stands for by an alias; undefined where there is no alias for it, or where it
 * is itself an id of the catalogue or one that an operator's price describes.
 *
 * @throws HardcapError `settings_malformed` where its alias cannot be read
 */
export function aliasedModelId(
  name: string,
  aliases: Aliases,
  prices: ReadonlyMap<string, Price | MalformedPrice>,
): string | undefined {
  const alias = aliases.get(name);
  if (alias === undefined || isKnownModelId(name) || prices.has(name)) return undefined;
  if (!('problem' in alias)) return alias.modelId;
  throw new HardcapError(
    'settings_malformed',
    `settings_malformed: the alias item "${name}" cannot be read: ${alias.field}: ` +
      `${alias.problem}; correct or remove it`,
    { details: { item: `ALIAS/${name}`, field: alias.field } },
  );
}
