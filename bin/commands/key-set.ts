/**
 * `hardcap key set`, `enable` and `disable`: changes of a key that leave its secret as it is.
 *
 * Invariant: what is written was read by the gateway's own parser first. What is not named stays.
 */
import type { NumberValue } from '@aws-sdk/lib-dynamodb';
import { nearName } from '../../lambda/adapters/settings/near-name.ts';
import {
  isMalformed,
  OPTIONAL_KEY_ATTRIBUTES,
  parseKey,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { CliFailure, wrongUse } from './failure.ts';
import { changeKey, itemOfKey } from './key-item.ts';
import { keyJson, shownTime, tagsText } from './key-view.ts';
import { printable } from './malformed-view.ts';
import type { Session } from './session.ts';

/** What a key may be given, as options name it. */
export interface KeyOptions {
  readonly team?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly models?: readonly string[];
  readonly maxRequest?: NumberValue;
  readonly maxTokens?: NumberValue;
  readonly expires?: string;
  readonly note?: string;
}

export interface SetOptions extends KeyOptions {
  readonly clear?: readonly string[];
}

/** The attributes that these options write. */
export const attributesOf = (options: KeyOptions): SettingItem => ({
  ...(options.team !== undefined && { team: options.team }),
  ...(options.tags !== undefined && { tags: options.tags }),
  ...(options.models !== undefined && { models: options.models }),
  ...(options.maxRequest !== undefined && { maxRequestUsd: options.maxRequest }),
  ...(options.maxTokens !== undefined && { defaultMaxTokens: options.maxTokens }),
  ...(options.expires !== undefined && { expiresAt: options.expires }),
  ...(options.note !== undefined && { note: options.note }),
});

/** Changes what is named. @throws CliFailure */
export async function setKey(session: Session, id: string, options: SetOptions): Promise<void> {
  const { output, nowMs } = session;
  const set = attributesOf(options);
  const clear = options.clear ?? [];
  testNamed(set, clear);
  const item = await itemOfKey(session, id);
  testClear(clear, item);
  const change = {
    ...set,
    ...Object.fromEntries(clear.map((name) => [name, undefined])),
    ...(item.v === undefined && { v: 1 }),
  };
  testReadable({ ...item, ...change }, change);
  const written = await changeKey(session, item, id, change);
  const json = keyJson(written, nowMs);
  output.result(json, () => {
    const { team, tags, models, expiresAt, maxRequestUsd, defaultMaxTokens } = json;
    const words = [
      `team ${team ?? 'none'}`,
      ...(tags === undefined ? [] : [`tags ${tagsText(tags)}`]),
      `models ${models?.join(', ') ?? 'all'}`,
      ...(maxRequestUsd === undefined ? [] : [`at most $${maxRequestUsd} a request`]),
      ...(defaultMaxTokens === undefined ? [] : [`${defaultMaxTokens} tokens by default`]),
      expiresAt === undefined ? 'no expiry' : `expires ${shownTime(expiresAt)}`,
    ];
    return `key ${id} changed (${json.state}): ${words.join('; ')}. It holds within 5 seconds.`;
  });
  if (expiresBy(json.expiresAt, nowMs)) {
    output.notice(`the key "${id}" has expired: who presents it is refused`);
  }
}

const expiresBy = (expiresAt: string | undefined, nowMs: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;

function testNamed(set: SettingItem, clear: readonly string[]): void {
  const both = clear.find((name) => name in set);
  if (both !== undefined) throw wrongUse(`${both} is set and cleared at once; do one of the two`);
  if (Object.keys(set).length + clear.length > 0) return;
  throw wrongUse(
    'nothing to set; name what should change, such as --team red or --clear expiresAt. A key is ' +
      'stopped by hardcap key disable, and its secret changed by hardcap key rotate',
  );
}

/** Without these it would be no key, nobody would know who changed it, or a command is for it. */
const KEPT: ReadonlySet<string> = new Set([
  ...['pk', 'sk', 'v', 'secretSha256', 'enabled', 'history'],
]);

function testClear(names: readonly string[], item: SettingItem): void {
  const known = new Set([...OPTIONAL_KEY_ATTRIBUTES, ...Object.keys(item)]);
  const clearable = [...known].filter((name) => !KEPT.has(name));
  const refused = names.find((name) => !clearable.includes(name));
  if (refused === undefined) return;
  const near = nearName(refused, clearable);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  throw wrongUse(
    `--clear ${refused}: ` +
      (KEPT.has(refused) ? 'every key keeps it.' : `there is no such attribute.${hint}`) +
      ` These may be cleared: ${clearable.map(printable).join(', ')}`,
  );
}

function testReadable(item: SettingItem, change: SettingItem): void {
  const key = parseKey(item);
  if (!isMalformed(key)) return;
  const message = `key "${key.keyId}" was not written: ${key.field} ${key.problem}`;
  const attribute = key.field.split('.')[0] ?? '';
  if (attribute in change) throw wrongUse(message);
  throw new CliFailure(
    `${message}. It was so before: mend it in the same command, or --clear ${attribute}`,
  );
}

/** Lets a key work, or stops it. @throws CliFailure */
export async function switchKey(session: Session, id: string, enabled: boolean): Promise<void> {
  const item = await itemOfKey(session, id);
  await changeKey(session, item, id, { enabled });
  const word = enabled ? 'enabled' : 'disabled';
  session.output.result({ id, enabled }, () => `key ${id} ${word}; it holds within 5 seconds.`);
}
