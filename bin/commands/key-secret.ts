/**
 * A new key that goes to Secrets Manager and is shown to nobody.
 *
 *   the name is looked up ─▶ the item, disabled ─▶ the secret ─▶ the item is enabled
 *
 * Invariant: whatever fails, no key that works is unknown to all, and no secret is of a key that
 *            does not exist: a disabled key is taken back only where the secret surely was not
 *            written.
 */
import { PARTITION, type SettingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { CliFailure, explain } from './failure.ts';
import { historyAfter } from './history.ts';
import { type KeptSecret, openSecretStore, SecretUnknown } from './secret-store.ts';
import type { Session } from './session.ts';
import { putNew, remove, update } from './settings-store.ts';

export interface NewKey {
  readonly id: string;
  readonly key: string;
  /** As they are once the key may be used. */
  readonly attributes: SettingItem;
  readonly secretName: string;
  /** Writes what must stand before the key; gives what takes it back. */
  before(): Promise<() => Promise<void>>;
  readonly exists: () => CliFailure;
}

/**
 * Makes the key and its secret.
 *
 * @throws CliFailure that says what stands, and what to do
 */
export async function createKeyInSecret(session: Session, made: NewKey): Promise<KeptSecret> {
  const { connection } = session;
  const { id, key, attributes: shown, secretName } = made;
  const disabledNow: SettingItem = { ...shown, enabled: false };
  const { secretSha256, history: _enabled, ...attributes } = disabledNow;
  const store = await openSecretStore(connection);
  const place = await store.open(secretName);
  const takeBack = await made.before();
  const history = await historyAfter(session, undefined, attributes);
  const disabled = { ...attributes, secretSha256, history };
  if (!(await putNew(connection, PARTITION.key, id, disabled))) {
    await takeBack();
    throw made.exists();
  }
  let kept: KeptSecret;
  try {
    kept = await place.write(key, id);
  } catch (error) {
    if (error instanceof SecretUnknown) throw unknown(made, error);
    await remove(connection, PARTITION.key, id, { secretSha256, enabled: false });
    await takeBack();
    throw new CliFailure(`${explain(error)}. No key was made.`, { cause: error });
  }
  await enable(session, made, disabled);
  return kept;
}

const unknown = ({ id, secretName }: NewKey, error: SecretUnknown): CliFailure =>
  new CliFailure(
    `${error.message}. Whether it was written is not known, so the key ${id} is there, disabled. ` +
      `If the secret "${secretName}" has a version of just now, let the key work: hardcap key ` +
      `enable ${id}. If not, the key is of no use to anybody: leave it, and make one by another id.`,
    { cause: error },
  );

async function enable(
  session: Session,
  { id, secretName }: NewKey,
  disabled: SettingItem,
): Promise<void> {
  const history = await historyAfter(session, disabled, { enabled: true });
  const set = { enabled: true, history };
  let isThere: boolean;
  try {
    isThere = await update(session.connection, PARTITION.key, id, { set, remove: [] }, disabled);
  } catch (error) {
    throw new CliFailure(
      `the secret "${secretName}" holds the new key ${id}, but the key could not be enabled: ` +
        `${explain(error)}. Who uses the secret is refused until then: hardcap key enable ${id}`,
      { cause: error },
    );
  }
  if (isThere) return;
  throw new CliFailure(
    `the item of the key ${id} was removed or changed while its secret was written: the secret ` +
      `"${secretName}" holds a key that does not work; make one again`,
  );
}

/** How programs get the key, for people. */
export function usageOf({ name, arn }: KeptSecret): string {
  return [
    'A container of ECS takes it by its task definition:',
    '',
    `  "secrets": [{ "name": "AWS_BEARER_TOKEN_BEDROCK", "valueFrom": "${arn}" }]`,
    '',
    'Any other program by a line before it:',
    '',
    '  export AWS_BEARER_TOKEN_BEDROCK=$(aws secretsmanager get-secret-value \\',
    `    --secret-id ${name} --query SecretString --output text)`,
    '',
    'Who reads it needs secretsmanager:GetSecretValue on it, and nothing of hardcap.',
  ].join('\n');
}
