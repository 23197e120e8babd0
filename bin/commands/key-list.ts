/**
 * `hardcap key list`: all keys, with those whose items cannot be read.
 */
import { PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import { type KeyJson, keyJson, shownTime } from './key-view.ts';
import { malformedText, printable } from './malformed-view.ts';
import { type Row, table } from './output.ts';
import type { Session } from './session.ts';
import { listItems } from './settings-store.ts';

export async function listKeys({ connection, output, nowMs }: Session): Promise<void> {
  const items = await listItems(connection, PARTITION.key);
  const keys = items.map((item) => keyJson(item, nowMs));
  output.result(keys, () =>
    keys.length === 0
      ? `there are no keys in ${connection.name}; make one: hardcap key create <id> --daily 5`
      : keyTable(keys),
  );
}

function keyTable(keys: readonly KeyJson[]): string {
  const drawn = table(
    [
      { title: 'KEY', width: 22 },
      { title: 'STATE', width: 10 },
      { title: 'TEAM', width: 12 },
      { title: 'MODELS', width: 18 },
      { title: 'EXPIRES', width: 18 },
    ],
    keys.flatMap(keyRows),
  );
  return `${drawn}${malformedText(keys, 'who presents it is refused')}`;
}

function keyRows({ id, state, team, models, expiresAt, oldSecretUntil }: KeyJson): Row[] {
  const cells = [
    printable(id),
    state,
    team ?? '',
    state === 'malformed' ? '' : (models?.join(', ') ?? 'all'),
    expiresAt === undefined ? '' : shownTime(expiresAt),
  ];
  if (oldSecretUntil === undefined) return [cells];
  return [cells, `└ its old secret works until ${shownTime(oldSecretUntil)}`];
}
