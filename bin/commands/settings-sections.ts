/**
 * The sections of a settings file: which partition each is of, what its items may hold, and what
 * is wrong with one, by the gateway's own parsers.
 *
 * Not here: YAML (settings-file.ts), and what an import would change (settings-plan.ts).
 */
import { SYNCED_PREFIX } from '../../lambda/adapters/settings/parameter-item.ts';
import {
  AUTO_PRICE_PREFIX,
  PRICE_ATTRIBUTES,
  parsePrice,
} from '../../lambda/adapters/settings/price-item.ts';
import type { Fault } from '../../lambda/adapters/settings/setting-fields.ts';
import {
  isMalformed,
  OPTIONAL_CAP_ATTRIBUTES,
  PARTITION,
  parseAlias,
  parseCap,
  parseKey,
  type SettingItem,
  type SettingPartition,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';

/** The sections, in the order of the file. */
export const SECTIONS = {
  caps: { partition: PARTITION.cap, word: 'cap' },
  keys: { partition: PARTITION.key, word: 'key' },
  prices: { partition: PARTITION.price, word: 'price' },
  aliases: { partition: PARTITION.alias, word: 'alias' },
} as const satisfies Record<string, { partition: SettingPartition; word: string }>;
export type Section = keyof typeof SECTIONS;

const HASH = 'secretSha256';

/** What a section's items hold, in the order in which it is written. */
export const SHOWN_ATTRIBUTES: Readonly<Record<Section, readonly string[]>> = {
  caps: ['limitUsd', 'window', ...OPTIONAL_CAP_ATTRIBUTES],
  keys: [
    ...['enabled', 'team', 'tags', 'models', 'maxRequestUsd', 'defaultMaxTokens', 'expiresAt'],
    ...['note', HASH, 'previousSha256', 'previousUntil'],
  ],
  prices: PRICE_ATTRIBUTES,
  aliases: ['model', 'note'],
};

/** Attributes that hold numbers; in all others a number of the file is text. */
const NUMERIC =
  /^(?:.*Usd|.*UsdPerMillion|alertPercents|defaultMaxTokens|expiresAt|raisedUntil|longContext|optimized|units|priorityFactor|contextWindowTokens|maxOutputTokens)$/;

/** Whether numbers of this attribute are numbers. */
export const isNumeric = (attribute: string): boolean => NUMERIC.test(attribute);

/** Whether an item is of people's making; others are written anew by what made them. */
export function isMadeByPeople(section: Section, id: string): boolean {
  if (section === 'caps') return !id.startsWith(SYNCED_PREFIX);
  return section !== 'prices' || !id.startsWith(AUTO_PRICE_PREFIX);
}

/** An item that can be read has no fault. */
export const readFault = (section: Section, item: SettingItem): Fault | undefined => {
  const parsed = PARSERS[section](item);
  return isMalformed(parsed) ? { field: parsed.field, problem: parsed.problem } : undefined;
};

const PARSERS = { caps: parseCap, keys: parseKey, prices: parsePrice, aliases: parseAlias };

/** What stands in for an attribute that is wrong, so that the next fault is found. */
const SOUND: Readonly<Record<Section, SettingItem>> = {
  caps: { limitUsd: '1', window: 'daily' },
  keys: { [HASH]: '0'.repeat(64) },
  prices: { inputUsdPerMillion: '1', outputUsdPerMillion: '1' },
  aliases: { model: 'm' },
};
const MAX_FAULTS = 20;
const NOT_OF_A_FILE = ['pk', 'sk', 'v', 'history'];

/** All that is wrong with an item of a file. A key may lack its hash: then it cannot be made. */
export function faultsOf(section: Section, id: string, attributes: SettingItem): Fault[] {
  const { partition } = SECTIONS[section];
  if (!isMadeByPeople(section, id)) return [{ field: 'sk', problem: NOT_PEOPLES }];
  const faults: Fault[] = NOT_OF_A_FILE.filter((name) => name in attributes).map((field) => ({
    field,
    problem: 'is for hardcap itself, and has no place in a file; remove it',
  }));
  let rest = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => !NOT_OF_A_FILE.includes(name)),
  );
  if (section === 'keys') rest = { ...SOUND.keys, ...rest };
  while (faults.length < MAX_FAULTS) {
    const fault = readFault(section, settingItem(partition, id, rest));
    if (fault === undefined) break;
    faults.push(fault);
    if (fault.field === 'sk') break;
    const next = mended(section, rest, fault.field);
    if (next === undefined) break;
    rest = next;
  }
  return faults;
}

const NOT_PEOPLES =
  'is of an item that hardcap writes itself (ssm: from SSM parameters, auto: from price lists); ' +
  'remove it from the file';

/** The item without what is wrong; undefined where nothing more can be found out. */
function mended(
  section: Section,
  attributes: SettingItem,
  field: string,
): Record<string, unknown> | undefined {
  const name = field in attributes ? field : (field.split('.')[0] ?? '');
  const sound = SOUND[section];
  if (!(name in attributes) && !(name in sound)) return undefined;
  const rest = Object.fromEntries(Object.entries(attributes).filter(([other]) => other !== name));
  return name in sound ? { ...rest, [name]: sound[name] } : rest;
}
