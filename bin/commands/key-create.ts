/**
 * `hardcap key create`: a new key, printed once or put into Secrets Manager, and its caps.
 *
 * Invariant: a secret is never stored with the settings, only its hash; a key is never written over.
 */
import { randomBytes } from 'node:crypto';
import {
  isMalformed,
  PARTITION,
  parseKey,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { formatKey, hashKey } from '../../lambda/domain/caller-key.ts';
import { CliFailure } from './failure.ts';
import { historyAfter } from './history.ts';
import { type CapLimits, capsText, createCaps, type MadeCap, removeCaps } from './key-caps.ts';
import { createKeyInSecret, usageOf } from './key-secret.ts';
import { attributesOf, type KeyOptions } from './key-set.ts';
import { shownTime } from './key-view.ts';
import type { Session } from './session.ts';
import { findItem, putNew } from './settings-store.ts';

const SECRET_BYTES = 32;

/** As they were given. */
export interface CreateOptions extends KeyOptions, CapLimits {
  readonly secretName?: string;
}

/** The whole text of a key of this id, with a secret that was never used. */
export const newKeyText = (id: string): string =>
  formatKey(id, randomBytes(SECRET_BYTES).toString('base64url'));

/** Makes the key that these options describe. @throws CliFailure */
export async function createKey(
  session: Session,
  id: string,
  options: CreateOptions,
): Promise<void> {
  const { connection } = session;
  if ((await findItem(connection, PARTITION.key, id)) !== undefined) throw keyExists(id);
  const key = newKeyText(id);
  const attributes = await keyAttributes(session, key, options);
  const parsed = parseKey({ ...attributes, sk: id, v: 1 });
  if (isMalformed(parsed)) throw new CliFailure(`${parsed.field} ${parsed.problem}`);
  const made = { id, key, attributes };
  if (options.secretName === undefined) await printNewKey(session, made, options);
  else await keepNewKey(session, made, options, options.secretName);
}

interface MadeKey {
  readonly id: string;
  readonly key: string;
  readonly attributes: SettingItem;
}

async function printNewKey(
  session: Session,
  { id, key, attributes }: MadeKey,
  options: CreateOptions,
): Promise<void> {
  const { connection, output } = session;
  // The caps come first: a key without its cap would be a key that nothing bounds.
  const caps = await createCaps(session, id, options);
  if (!(await putNew(connection, PARTITION.key, id, attributes))) {
    await removeCaps(session, caps);
    throw keyExists(id);
  }
  output.result({ id, key, ...expiryJson(options), caps }, () =>
    [
      `key ${id} made in ${connection.name}. It is shown only now:`,
      '',
      `  ${key}`,
      '',
      ...closingLines(caps, options),
    ].join('\n'),
  );
}

async function keepNewKey(
  session: Session,
  made: MadeKey,
  options: CreateOptions,
  secretName: string,
): Promise<void> {
  const { connection, output } = session;
  const { id } = made;
  let caps: readonly MadeCap[] = [];
  const secret = await createKeyInSecret(session, {
    ...made,
    secretName,
    before: async () => {
      caps = await createCaps(session, id, options);
      return () => removeCaps(session, caps);
    },
    exists: () => keyExists(id),
  });
  const { arn, isNewVersion } = secret;
  output.result({ id, secretName, secretArn: arn, ...expiryJson(options), caps }, () =>
    [
      `key ${id} made in ${connection.name}. It is shown nowhere, and is in Secrets Manager as`,
      isNewVersion ? 'the new version of (the one before stays as AWSPREVIOUS):' : 'a new secret:',
      '',
      `  ${arn}`,
      '',
      usageOf(secret),
      '',
      ...closingLines(caps, options),
    ].join('\n'),
  );
}

const expiryJson = ({ expires }: CreateOptions) =>
  expires === undefined ? {} : { expiresAt: expires };

const closingLines = (caps: readonly MadeCap[], { expires }: CreateOptions): string[] => [
  capsText(caps),
  ...(expires === undefined ? [] : [`It stops working at ${shownTime(expires)}.`]),
];

const keyExists = (id: string): CliFailure =>
  new CliFailure(
    `there is a key "${id}" already, and its secret cannot be shown again: give it a new one ` +
      `(hardcap key rotate ${id}), or choose another id`,
  );

async function keyAttributes(
  session: Session,
  key: string,
  options: CreateOptions,
): Promise<SettingItem> {
  const attributes = { enabled: true, ...attributesOf(options) };
  const history = await historyAfter(session, undefined, attributes);
  return { secretSha256: hashKey(key), ...attributes, history };
}
