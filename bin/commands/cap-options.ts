/**
 * The options of `hardcap cap set`, and which attributes they write or clear.
 */
import { type Command, Option } from 'commander';
import { nearName } from '../../lambda/adapters/settings/near-name.ts';
import {
  OPTIONAL_CAP_ATTRIBUTES,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { WEEKDAYS, WINDOW_KINDS } from '../../lambda/domain/window.ts';
import { wrongUse } from './failure.ts';
import { instantValue, listValue, tagsValue, usdValue, wholeValue } from './option-values.ts';
import type { ItemChange } from './settings-store.ts';

/** Which attribute each option of `cap set` writes. */
const ATTRIBUTE_BY_OPTION: Readonly<Record<string, string>> = {
  limit: 'limitUsd',
  window: 'window',
  timeZone: 'timeZone',
  weekStart: 'weekStart',
  keys: 'keys',
  teams: 'teams',
  vendors: 'vendors',
  models: 'models',
  tags: 'tags',
  requestTags: 'requestTags',
  splitBy: 'splitBy',
  action: 'action',
  streaming: 'streaming',
  raiseTo: 'raisedLimitUsd',
  raiseUntil: 'raisedUntil',
  maxTokens: 'defaultMaxTokens',
  expires: 'expiresAt',
  note: 'note',
};

/** As commander gives them. */
export type SetOptions = Readonly<Record<string, unknown>> & {
  readonly enabled?: boolean;
  readonly disabled?: boolean;
  readonly clear?: readonly string[];
  readonly dryRun?: boolean;
};

/** Adds them to the command. */
export const addSetOptions = (set: Command): Command =>
  set
    .option('--limit <usd>', 'dollars a window; 0 refuses all', usdValue)
    .addOption(new Option('--window <window>', 'the calendar period').choices(WINDOW_KINDS))
    .option('--time-zone <zone>', "IANA name of the window's time zone (new caps: UTC)")
    .addOption(new Option('--week-start <day>', 'first day of a weekly window').choices(WEEKDAYS))
    .option('--keys <globs>', 'cover only these keys', listValue)
    .option('--teams <globs>', 'cover only these teams', listValue)
    .option('--vendors <globs>', 'cover only models of these vendors', listValue)
    .option('--models <globs>', 'cover only these models', listValue)
    .option('--tags <tags>', 'cover only keys with these tags, such as "stage=prod,dev"', tagsValue)
    .option('--request-tags <tags>', 'cover only requests with these tags', tagsValue)
    .option('--split-by <what>', 'a counter for each key, team, vendor, model or tag:<name>')
    .addOption(new Option('--action <action>', 'what it does').choices(['block', 'clamp', 'warn']))
    .addOption(
      new Option('--streaming <mode>', 'reserve streams whole, or as they go (softer)').choices([
        'full',
        'progressive',
      ]),
    )
    .option('--raise-to <usd>', 'a higher limit, until --raise-until', usdValue)
    .option('--raise-until <date-time>', 'when the raise ends, with offset', instantValue)
    .option('--max-tokens <count>', 'max_tokens of requests that name none', wholeValue)
    .option('--expires <date-time>', 'when the cap ends, with offset', instantValue)
    .addOption(new Option('--enabled', 'let it hold').conflicts('disabled'))
    .addOption(new Option('--disabled', 'let it rest'))
    .option('--note <text>', 'kept beside the cap')
    .option('--clear <attributes>', 'remove these attributes, such as keys,splitBy', listValue)
    .option('--dry-run', 'show what it would be, and write nothing');

/** What the options say, as attributes. @throws CliFailure where they say nothing, or two things at once */
export function changeOf(options: SetOptions): ItemChange {
  const named = Object.entries(options).flatMap(([option, value]) => {
    const attribute = ATTRIBUTE_BY_OPTION[option];
    return attribute === undefined ? [] : [[attribute, value] as const];
  });
  const enabled = options.enabled === true ? true : options.disabled === true ? false : undefined;
  const set = {
    ...Object.fromEntries(named),
    ...(enabled === undefined ? {} : { enabled }),
  };
  const clear = options.clear ?? [];
  const both = clear.find((name) => name in set);
  if (both !== undefined) throw wrongUse(`${both} is set and cleared at once; do one of the two`);
  if (Object.keys(set).length + clear.length === 0) {
    throw wrongUse('nothing to set; name what should change, such as --limit 5');
  }
  return { set, remove: clear };
}

/** Without these it would be no cap, or nobody would know who changed it. */
const KEPT = ['pk', 'sk', 'v', 'limitUsd', 'window', 'history'];

/** What a cap can do without may be cleared, and what it has but hardcap does not know. */
export function testClear(names: readonly string[], item: SettingItem | undefined): void {
  const clearable = new Set([...OPTIONAL_CAP_ATTRIBUTES, ...Object.keys(item ?? {})]);
  for (const name of KEPT) clearable.delete(name);
  const refused = names.find((name) => !clearable.has(name));
  if (refused === undefined) return;
  const near = nearName(refused, [...clearable]);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  throw wrongUse(
    `--clear ${refused}: ` +
      (KEPT.includes(refused) ? 'every cap keeps it.' : `there is no such attribute.${hint}`) +
      ` These may be cleared: ${[...clearable].join(', ')}`,
  );
}
