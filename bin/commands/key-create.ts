/**
 * `hardcap key create`: a new key, printed once or put into Secrets Manager, and its daily cap.
 *
 * Invariant: a secret is never stored with the settings, only its hash; a key is never written over.
 */
import { randomBytes } from 'node:crypto';
import type { NumberValue } from '@aws-sdk/lib-dynamodb';
import {
  isMalformed,
  PARTITION,
  parseKey,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { formatKey, hashKey } from '../../lambda/domain/caller-key.ts';
import { CliFailure } from './failure.ts';
import { historyAfter } from './history.ts';
import { createKeyInSecret, usageOf } from './key-secret.ts';
import type { Session } from './session.ts';
import { findItem, putNew, remove } from './settings-store.ts';

const SECRET_BYTES = 32;

/** As they were given. */
export interface CreateOptions {
  readonly team?: string;
  readonly daily?: NumberValue;
  readonly models?: readonly string[];
  readonly expires?: string;
  readonly note?: string;
  readonly secretName?: string;
}

/** Makes the key that these options describe. @throws CliFailure */
export async function createKey(
  session: Session,
  id: string,
  options: CreateOptions,
): Promise<void> {
  const { connection } = session;
  if ((await findItem(connection, PARTITION.key, id)) !== undefined) throw keyExists(id);
  const key = formatKey(id, randomBytes(SECRET_BYTES).toString('base64url'));
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
  // The cap comes first: a key without its cap would be a key that nothing bounds.
  const capId = await createDailyCap(session, id, options);
  if (!(await putNew(connection, PARTITION.key, id, attributes))) throw keyExists(id);
  output.result({ id, key, ...capJson(capId, options) }, () =>
    [
      `key ${id} made in ${connection.name}. It is shown only now:`,
      '',
      `  ${key}`,
      '',
      capText(capId, options),
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
  let capId: string | undefined;
  const secret = await createKeyInSecret(session, {
    ...made,
    secretName,
    before: async () => {
      capId = await createDailyCap(session, id, options);
      return async () => {
        if (capId !== undefined) await remove(connection, PARTITION.cap, capId);
      };
    },
    exists: () => keyExists(id),
  });
  const { arn, isNewVersion } = secret;
  output.result({ id, secretName, secretArn: arn, ...capJson(capId, options) }, () =>
    [
      `key ${id} made in ${connection.name}. It is shown nowhere, and is in Secrets Manager as`,
      isNewVersion ? 'the new version of (the one before stays as AWSPREVIOUS):' : 'a new secret:',
      '',
      `  ${arn}`,
      '',
      usageOf(secret),
      '',
      capText(capId, options),
    ].join('\n'),
  );
}

const capJson = (capId: string | undefined, { daily }: CreateOptions) =>
  capId === undefined ? {} : { capId, dailyUsd: daily?.toString() };

const capText = (capId: string | undefined, { daily }: CreateOptions): string =>
  capId === undefined
    ? 'No cap was made with it; a request that no cap covers is refused.'
    : `The cap ${capId} holds it to $${daily?.toString()} a day (UTC).`;

const keyExists = (id: string): CliFailure =>
  new CliFailure(
    `there is a key "${id}" already, and its secret cannot be shown again; ` +
      'choose another id, and disable the old key (hardcap key disable)',
  );

async function keyAttributes(
  session: Session,
  key: string,
  options: CreateOptions,
): Promise<SettingItem> {
  const attributes = {
    enabled: true,
    ...(options.team === undefined ? {} : { team: options.team }),
    ...(options.models === undefined ? {} : { models: options.models }),
    ...(options.expires === undefined ? {} : { expiresAt: options.expires }),
    ...(options.note === undefined ? {} : { note: options.note }),
  };
  const history = await historyAfter(session, undefined, attributes);
  return { secretSha256: hashKey(key), ...attributes, history };
}

async function createDailyCap(
  session: Session,
  keyId: string,
  { daily }: CreateOptions,
): Promise<string | undefined> {
  if (daily === undefined) return undefined;
  const capId = `key-${keyId}-daily`;
  const cap = { limitUsd: daily, window: 'daily', timeZone: 'UTC', keys: [keyId] };
  const history = await historyAfter(session, undefined, cap);
  const written = await putNew(session.connection, PARTITION.cap, capId, { ...cap, history });
  if (written) return capId;
  throw new CliFailure(
    `there is a cap "${capId}" already, so no key was made; leave out --daily to keep that cap ` +
      `as it is, and change its limit with: hardcap cap set ${capId} --limit ${daily}`,
  );
}
