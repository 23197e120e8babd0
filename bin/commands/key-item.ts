/**
 * The item of a key that a command is about, and the key that is in it.
 */
import {
  isMalformed,
  PARTITION,
  parseKey,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { hashKey } from '../../lambda/domain/caller-key.ts';
import type { CallerKey } from '../../lambda/domain/cap.ts';
import { CliFailure, changedMeanwhile, noSuch } from './failure.ts';
import { historyAfter } from './history.ts';
import type { Session } from './session.ts';
import { findItem, listIds, update } from './settings-store.ts';

/** @throws CliFailure where there is no such key, with the near id */
export async function itemOfKey({ connection }: Session, id: string): Promise<SettingItem> {
  const item = await findItem(connection, PARTITION.key, id);
  if (item === undefined) throw noSuch('key', id, await listIds(connection, PARTITION.key));
  return item;
}

/** @throws CliFailure where the item cannot be read: whoever presents it is refused already */
export function readableKey(item: SettingItem): CallerKey {
  const key = parseKey(item);
  if (!isMalformed(key)) return key;
  throw new CliFailure(
    `the key "${key.keyId}" cannot be read, and nothing was changed: ${key.field} ${key.problem}. ` +
      `Mend it first (hardcap key set ${key.keyId}, or its item in the settings table)`,
  );
}

/**
 * Writes these attributes and the change's history; an attribute that is undefined is removed.
 *
 * @returns the item as it is now
 * @throws CliFailure where somebody else changed it meanwhile
 */
export async function changeKey(
  session: Session,
  item: SettingItem,
  id: string,
  change: SettingItem,
): Promise<SettingItem> {
  const history = await historyAfter(session, item, change);
  const written = Object.entries(change).filter(([, value]) => value !== undefined);
  const set = { ...Object.fromEntries(written), history };
  const remove = Object.keys(change).filter((name) => change[name] === undefined);
  if (!(await update(session.connection, PARTITION.key, id, { set, remove }, item))) {
    throw changedMeanwhile('key', id);
  }
  const kept = Object.entries(item).filter(([name]) => !remove.includes(name));
  return { ...Object.fromEntries(kept), ...set };
}

/** What a rotation writes; undefined takes an attribute away. */
export const rotation = (
  item: SettingItem,
  text: string,
  untilMs: number | undefined,
): SettingItem => ({
  secretSha256: hashKey(text),
  previousSha256: untilMs === undefined ? undefined : item.secretSha256,
  previousUntil: untilMs === undefined ? undefined : new Date(untilMs).toISOString(),
});
