/**
 * `hardcap key delete`: takes a disabled key out of the settings for good.
 *
 * Invariant: a key that works is never deleted: disabling it is what stops programs, and can be
 *            taken back.
 */
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import {
  isMalformed,
  PARTITION,
  parseKey,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { CliFailure, changedMeanwhile } from './failure.ts';
import { itemOfKey } from './key-item.ts';
import { stateOf } from './key-view.ts';
import { paragraph } from './output.ts';
import { askFirst } from './question.ts';
import type { Session } from './session.ts';
import { listItems, remove } from './settings-store.ts';

/** @throws CliFailure */
export async function deleteKey(session: Session, id: string): Promise<void> {
  const { connection, output, isSure } = session;
  const item = await itemOfKey(session, id);
  testStopped(session, item, id);
  await askFirst(
    `The key "${id}" and its history are deleted, and its secret never works again. What it ` +
      'spent stays counted, but summaries of windows that are still open will not name it: ' +
      'a key that was used this month is better left disabled until the month is over',
    isSure,
  );
  // What was read is what is deleted: not a key that was enabled or rotated meanwhile.
  const expected = Object.fromEntries(
    STANDING.filter((name) => item[name] !== undefined).map((name) => [name, item[name]]),
  );
  if (!(await remove(connection, PARTITION.key, id, expected))) throw changedMeanwhile('key', id);
  const caps = await capsOfOnly(session, id);
  output.result({ id, deleted: true, capsLeft: caps }, () =>
    [
      `key ${id} deleted. A key that is made again as ${id} has another secret, and goes on where ` +
        'the counters of its caps stand.',
      ...(caps.length === 0
        ? []
        : [
            `These caps name it, and hold for nobody now: ${caps.join(', ')} (hardcap cap remove).`,
          ]),
    ]
      .map(paragraph)
      .join('\n'),
  );
}

const STANDING = ['secretSha256', 'enabled', 'expiresAt'];

function testStopped({ nowMs }: Session, item: SettingItem, id: string): void {
  const key = parseKey(item);
  // Who presents a key that cannot be read is refused already.
  if (isMalformed(key) || stateOf(key, nowMs) !== 'enabled') return;
  throw new CliFailure(
    `the key "${id}" is enabled, and programs may be using it: stop it first (hardcap key disable ` +
      `${id}), and delete it when nobody misses it. Nothing was changed`,
  );
}

/** Caps that select by this key's name alone. */
async function capsOfOnly({ connection }: Session, id: string): Promise<string[]> {
  const { caps } = readCaps(await listItems(connection, PARTITION.cap));
  return caps
    .filter(({ selectors: { keys } }) => keys?.length === 1 && keys[0] === id)
    .map(({ capId }) => capId);
}
