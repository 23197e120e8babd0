/**
 * Checks of what people set: items that cannot be read, caps in two places, keys without a cap.
 */
import type { Fault } from '../../../lambda/adapters/settings/setting-fields.ts';
import { isMalformed } from '../../../lambda/adapters/settings/setting-items.ts';
import { MAX_ITEMS } from '../../../lambda/adapters/settings/settings-table.ts';
import {
  applies,
  type CallerKey,
  type Cap,
  dependsOnRequestTag,
  enforces,
} from '../../../lambda/domain/cap.ts';
import { originText } from '../cap-parameter.ts';
import { capsOfKey, subjectOf } from '../key-standing.ts';
import { stateOf } from '../key-view.ts';
import { printable } from '../malformed-view.ts';
import { type Check, type Finding, failure, ok, someOf, warning } from './finding.ts';
import type { SettingsSeen } from './scene.ts';

interface Malformed {
  readonly kind: 'cap' | 'key' | 'price' | 'alias';
  readonly id: string;
  readonly field: string;
  readonly problem: string;
}

const REFUSED = {
  cap: 'what it could cover is refused',
  key: 'who presents it is refused',
  price: 'requests for it are refused',
  alias: 'who asks for it is refused',
} as const;

function malformedOf({ caps, keys, prices, aliases }: SettingsSeen): Malformed[] {
  const fault = (kind: Malformed['kind'], id: string, { field, problem }: Fault) => [
    { kind, id, field, problem },
  ];
  return [
    ...caps.malformedCaps.flatMap((cap) => fault('cap', cap.capId, cap)),
    ...keys.flatMap((key) => (isMalformed(key) ? fault('key', key.keyId, key) : [])),
    ...[...prices.values()].flatMap((price) =>
      isMalformed(price) ? fault('price', price.modelId, price) : [],
    ),
    ...aliases.flatMap((alias) => (isMalformed(alias) ? fault('alias', alias.name, alias) : [])),
  ];
}

/** One finding for each item that cannot be read, and for each kind that there is too much of. */
export function verdictOnItems(seen: SettingsSeen): readonly Finding[] {
  const { counts } = seen;
  const full = Object.entries(counts)
    // A key is read by itself, however many there are.
    .filter(([kind, count]) => kind !== 'KEY' && count > MAX_ITEMS)
    .map(([kind, count]) =>
      failure(
        `there are ${count} ${kind} items, and the gateway reads ${MAX_ITEMS}: all is refused`,
        'remove some; a cap with --split-by stands for many',
      ),
    );
  const broken = malformedOf(seen).map(({ kind, id, field, problem }) =>
    failure(
      printable(`${kind} "${id}" cannot be read, so ${REFUSED[kind]}: ${field} ${problem}`),
      kind === 'cap' || kind === 'key'
        ? `mend it by hardcap ${kind} set ${printable(id)}, or in the settings table`
        : 'mend it in the settings table, or write it anew by the command line',
    ),
  );
  if (full.length + broken.length > 0) return [...full, ...broken];
  const { CAP: caps, KEY: keys, PRICE: prices, ALIAS: aliases } = counts;
  return [ok(`all can be read: caps ${caps}, keys ${keys}, prices ${prices}, aliases ${aliases}`)];
}

/** Caps that both the table and a parameter speak of. */
export function verdictOnTwoPlaces(caps: readonly Cap[]): readonly Finding[] {
  const both = caps.filter(({ parameter }) => parameter?.table !== undefined);
  if (both.length === 0) return [ok('no cap is in both the table and SSM')];
  return both.map((cap) =>
    warning(
      `cap "${cap.capId}": ${originText(cap)}`,
      'keep one of them, so that a change where people look is a change that holds',
    ),
  );
}

/** Whether something bounds this key, whatever it asks for: else much of it is refused. */
function isCovered(key: CallerKey, caps: readonly Cap[], nowMs: number): 'yes' | 'part' | 'no' {
  const subject = subjectOf(key);
  const holding = capsOfKey(key, caps).filter(
    (cap) =>
      enforces(cap) &&
      !dependsOnRequestTag(cap, subject) &&
      applies({ ...cap, selectors: {} }, subject, nowMs),
  );
  if (holding.length === 0) return 'no';
  return holding.some(({ selectors: { models, vendors } }) => (models ?? vendors) === undefined)
    ? 'yes'
    : 'part';
}

/** Keys that no cap covers, all of whose requests are refused. */
export function verdictOnCover(
  { caps: { caps }, keys }: Pick<SettingsSeen, 'caps' | 'keys'>,
  nowMs: number,
): readonly Finding[] {
  const working = keys
    .filter((key): key is CallerKey => !isMalformed(key))
    .filter((key) => stateOf(key, nowMs) === 'enabled');
  if (working.length === 0) {
    return [warning('no key works, so nobody is let in', 'hardcap key create <id> --daily 5')];
  }
  const bare = working.filter((key) => isCovered(key, caps, nowMs) === 'no');
  const part = working.filter((key) => isCovered(key, caps, nowMs) === 'part');
  if (bare.length === 0) {
    const some = part.length === 0 ? '' : `, ${part.length} of them for some models only`;
    return [ok(`each of the ${working.length} keys that work is covered by a cap${some}`)];
  }
  const names = bare.map(({ keyId }) => keyId);
  return [
    warning(
      `no cap covers ${someOf(names)}: all their requests are refused (no_cap_applies)`,
      `hardcap cap set key-${names[0]}-daily --limit 5 --window daily --keys ${names[0]}`,
      names,
    ),
  ];
}

export const SETTINGS_CHECKS: readonly Check[] = [
  {
    id: 'settings',
    needs: 'tables',
    unseen: 'failure',
    run: async (scene) => verdictOnItems(await scene.settings()),
  },
  {
    id: 'two-places',
    needs: 'tables',
    run: async (scene) => verdictOnTwoPlaces((await scene.settings()).caps.caps),
  },
  {
    id: 'cover',
    needs: 'tables',
    run: async (scene) => verdictOnCover(await scene.settings(), scene.nowMs),
  },
];
