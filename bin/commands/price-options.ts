/**
 * The options of `prices set` and what they make of a price item.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { type Command, InvalidArgumentError } from 'commander';
import type { SettingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { UNITS } from '../../lambda/domain/unit.ts';
import { wrongUse } from './failure.ts';
import { listValue, usdValue, wholeValue } from './option-values.ts';

export type SetOptions = Readonly<Record<string, unknown>> & {
  readonly free?: boolean;
  readonly clear?: readonly string[];
};

/** Where in the item each option goes: an attribute, or a member of a map. */
const PLACE_BY_OPTION: Readonly<Record<string, readonly [string, string?]>> = {
  input: ['inputUsdPerMillion'],
  output: ['outputUsdPerMillion'],
  cacheRead: ['cacheReadUsdPerMillion'],
  cacheWrite5m: ['cacheWrite5mUsdPerMillion'],
  cacheWrite1h: ['cacheWrite1hUsdPerMillion'],
  longThreshold: ['longContext', 'thresholdTokens'],
  longInput: ['longContext', 'inputUsdPerMillion'],
  longOutput: ['longContext', 'outputUsdPerMillion'],
  longCacheRead: ['longContext', 'cacheReadUsdPerMillion'],
  longCacheWrite5m: ['longContext', 'cacheWrite5mUsdPerMillion'],
  longCacheWrite1h: ['longContext', 'cacheWrite1hUsdPerMillion'],
  priority: ['priorityFactor'],
  optimizedInput: ['optimized', 'inputUsdPerMillion'],
  optimizedOutput: ['optimized', 'outputUsdPerMillion'],
  optimizedCacheRead: ['optimized', 'cacheReadUsdPerMillion'],
  family: ['family'],
  contextWindow: ['contextWindowTokens'],
  maxOutput: ['maxOutputTokens'],
  note: ['note'],
};

/** Adds the options, in the order of the price's lines. */
export const addSetOptions = (set: Command): Command =>
  set
    .option('--input <usd>', 'US dollars for a million input tokens', usdValue)
    .option('--output <usd>', 'for a million output tokens', usdValue)
    .option('--cache-read <usd>', 'for a million tokens read from the cache', usdValue)
    .option('--cache-write-5m <usd>', 'for a million written for five minutes', usdValue)
    .option('--cache-write-1h <usd>', 'for a million written for an hour', usdValue)
    .option('--long-threshold <tokens>', 'above it the --long prices hold', wholeValue)
    .option('--long-input <usd>', 'input above the threshold', usdValue)
    .option('--long-output <usd>', 'output above the threshold', usdValue)
    .option('--long-cache-read <usd>', 'cache reads above the threshold', usdValue)
    .option('--long-cache-write-5m <usd>', 'cache writes above the threshold', usdValue)
    .option('--long-cache-write-1h <usd>', 'one-hour writes above the threshold', usdValue)
    .option('--priority <factor>', 'what the priority tier multiplies by, such as 1.75', usdValue)
    .option('--optimized-input <usd>', 'input with optimised latency', usdValue)
    .option('--optimized-output <usd>', 'output with optimised latency', usdValue)
    .option('--optimized-cache-read <usd>', 'cache reads with optimised latency', usdValue)
    .option('--unit <name=usd>', 'US dollars for one, such as made-image=0.04', unitPrices)
    .option('--free', 'it costs nothing')
    .option('--family <name>', 'whose requests it reads, where the catalogue does not know it')
    .option('--context-window <tokens>', 'the most input it takes, for the same', wholeValue)
    .option('--max-output <tokens>', 'the most output it writes, for the same', wholeValue)
    .option('--note <text>', 'kept beside the price')
    .option('--clear <attributes>', 'remove these attributes, such as longContext', listValue);

const UNIT_PRICE = /^([a-z0-9-]+)=(.+)$/;

function unitPrices(
  text: string,
  before: Readonly<Record<string, NumberValue>> = {},
): Record<string, NumberValue> {
  return { ...before, ...Object.fromEntries([unitPair(text, usdValue)]) };
}

/** `name=value` of a unit that there is. */
export function unitPair<Value>(
  text: string,
  read: (value: string) => Value,
): readonly [string, Value] {
  const [, name = '', value = ''] = UNIT_PRICE.exec(text) ?? [];
  if (!UNITS.some((unit) => unit === name)) {
    throw new InvalidArgumentError(
      `A unit and its value, such as made-image=0.04. Units: ${UNITS.join(', ')}.`,
    );
  }
  return [name, read(value)];
}

/** The item's attributes after the change, and which of them were named. */
export function changedAttributes(
  item: SettingItem | undefined,
  options: SetOptions,
): { readonly attributes: SettingItem; readonly named: SettingItem } {
  const attributes: Record<string, unknown> = { ...item };
  const named: Record<string, unknown> = {};
  for (const name of options.clear ?? []) {
    if (['pk', 'sk', 'v', 'history'].includes(name)) throw wrongUse(`--clear ${name}: it is kept`);
    delete attributes[name];
    named[name] = undefined;
  }
  for (const [option, [attribute, member]] of Object.entries(PLACE_BY_OPTION)) {
    const value = options[option];
    if (value === undefined) continue;
    if (member === undefined) attributes[attribute] = value;
    else attributes[attribute] = { ...mapOf(attributes[attribute]), [member]: value };
    named[member === undefined ? attribute : `${attribute}.${member}`] = value;
  }
  if (options.unit !== undefined) {
    attributes.units = { ...mapOf(attributes.units), ...mapOf(options.unit) };
    for (const [unit, value] of Object.entries(mapOf(options.unit))) {
      named[`units.${unit}`] = value;
    }
  }
  if (options.free === true) {
    attributes.free = true;
    named.free = true;
  }
  return { attributes, named };
}

const mapOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !(value instanceof NumberValue)
    ? Object.fromEntries(Object.entries(value))
    : {};
