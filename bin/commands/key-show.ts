/**
 * `hardcap key show`: all that is known of a key but its secret.
 *
 * Not here: how its caps stand (key-standing.ts), and when it was last used (key-use.ts).
 */
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { isMalformed, PARTITION, parseKey } from '../../lambda/adapters/settings/setting-items.ts';
import { type HistoryEntry, readHistory } from './history.ts';
import { itemOfKey } from './key-item.ts';
import {
  capsOfKey,
  type KeyCap,
  readStanding,
  standingJson,
  standingTable,
} from './key-standing.ts';
import { type LastUse, LOOKED_BACK_DAYS, readLastUse } from './key-use.ts';
import { type KeyJson, keyJson, shownTime, tagsText } from './key-view.ts';
import { printable } from './malformed-view.ts';
import { emphasis, paragraph } from './output.ts';
import { withProgress } from './progress.ts';
import type { Session } from './session.ts';
import { listItems } from './settings-store.ts';

/** @throws CliFailure */
export async function showKey(session: Session, id: string): Promise<void> {
  const { connection, output, nowMs } = session;
  const item = await itemOfKey(session, id);
  const key = parseKey(item);
  const history = readHistory(item);
  const [caps, lastUse] = await withProgress('reading its caps and its last use', () =>
    Promise.all([
      isMalformed(key)
        ? []
        : listItems(connection, PARTITION.cap).then((items) =>
            readStanding(session, capsOfKey(key, readCaps(items).caps), key),
          ),
      readLastUse(session, id),
    ]),
  );
  const json = keyJson(item, nowMs);
  const shown = { key: json, caps, lastUse, history };
  output.result(
    {
      ...json,
      lastUse: lastUse ?? null,
      lookedBackDays: LOOKED_BACK_DAYS,
      caps: caps.map((cap) => standingJson(cap, nowMs)),
      history,
    },
    () => keyText(shown, nowMs),
  );
}

interface Shown {
  readonly key: KeyJson;
  readonly caps: readonly KeyCap[];
  readonly lastUse: LastUse | undefined;
  readonly history: readonly HistoryEntry[];
}

function keyText({ key, caps, lastUse, history }: Shown, nowMs: number): string {
  const blocks = [
    [emphasis(`key ${key.id}: ${key.state}`), ...attributeLines(key), useLine(lastUse)].join('\n'),
    capsBlock(key, caps, nowMs),
    [emphasis('HISTORY, the newest first'), ...historyLines(history)].join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function attributeLines(key: KeyJson): string[] {
  const { team, tags, models, maxRequestUsd, defaultMaxTokens, expiresAt, oldSecretUntil } = key;
  if (key.problem !== undefined) {
    return [paragraph(printable(`It cannot be read, so it is refused: ${key.problem}`))];
  }
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['team', team],
    ['tags', tags && tagsText(tags)],
    ['models', models?.join(', ') ?? 'all that have a price'],
    ['a request', maxRequestUsd && `at most $${maxRequestUsd}`],
    ['max_tokens', defaultMaxTokens && `${defaultMaxTokens} where a request names none`],
    ['expires', expiresAt ? shownTime(expiresAt) : 'never'],
    ['old secret', oldSecretUntil && `works until ${shownTime(oldSecretUntil)}`],
    ['note', key.note],
  ].map(([name, value]) => [String(name), value === undefined ? undefined : String(value)]);
  return lines.flatMap(([name, value]) =>
    value === undefined ? [] : [paragraph(`${name.padEnd(NAME_CHARACTERS)}${printable(value)}`)],
  );
}

const NAME_CHARACTERS = 12;

function useLine(lastUse: LastUse | undefined): string {
  const name = 'last use'.padEnd(NAME_CHARACTERS);
  if (lastUse === undefined) return `${name}none in the last ${LOOKED_BACK_DAYS} days`;
  const { at, model, outcome, costUsd } = lastUse;
  return paragraph(printable(`${name}${at}, ${model}: ${outcome}, $${costUsd}`));
}

function capsBlock(key: KeyJson, caps: readonly KeyCap[], nowMs: number): string {
  if (key.problem !== undefined) return '';
  if (caps.length > 0) return standingTable(caps, nowMs);
  return paragraph(
    `No cap covers it, so its requests are refused: hardcap cap set key-${key.id}-daily ` +
      `--limit 5 --window daily --keys ${key.id}`,
  );
}

function historyLines(history: readonly HistoryEntry[]): string[] {
  if (history.length === 0) return ['nothing'];
  return history.toReversed().map(({ at, by, why, before, after }) => {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const changes = names.map((name) => changeText(name, before[name], after[name]));
    const reason = why === undefined ? '' : ` (${why})`;
    return paragraph(printable(`${shownTime(at)}  ${by}${reason}: ${changes.join('; ')}`));
  });
}

function changeText(name: string, before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `${name} ${after}`;
  return after === undefined ? `${name} removed, was ${before}` : `${name} ${before} → ${after}`;
}
