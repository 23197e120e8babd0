/**
 * A rotated key whose new secret goes to Secrets Manager and is shown to nobody.
 *
 *   the name is looked up ─▶ the item takes both secrets ─▶ Secrets Manager ─▶ the overlap as asked
 *
 * Invariant: the old secret works on until the new one is surely where programs read it; where it
 *            surely is not, the item has its old secret back.
 */
import type { SettingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { CliFailure, explain } from './failure.ts';
import { changeKey, rotation } from './key-item.ts';
import { shownTime } from './key-view.ts';
import { type KeptSecret, openSecretStore, SecretUnknown } from './secret-store.ts';
import type { Session } from './session.ts';

export interface SecretRotation {
  readonly id: string;
  readonly item: SettingItem;
  /** The whole new key. */
  readonly text: string;
  readonly overlapMs: number;
  readonly secretName: string;
}

/** How long the old secret works at least, until it is known where the new one is. */
const LEAST_OVERLAP_MS = 15 * 60_000;

/** @throws CliFailure that says what stands, and what to do */
export async function rotateInSecret(session: Session, asked: SecretRotation): Promise<KeptSecret> {
  const { id, item, text, overlapMs, secretName } = asked;
  const place = await (await openSecretStore(session.connection)).open(secretName);
  const heldMs = Math.max(overlapMs, LEAST_OVERLAP_MS);
  const untilMs = session.nowMs + heldMs;
  const both = await changeKey(session, item, id, rotation(item, text, untilMs));
  let kept: KeptSecret;
  try {
    kept = await place.write(text, id);
  } catch (error) {
    if (error instanceof SecretUnknown) throw unknown(asked, error, untilMs);
    await takeBack(session, asked, both, error);
    throw new CliFailure(`${explain(error)}. The key ${id} has its secret as before.`, {
      cause: error,
    });
  }
  if (overlapMs < heldMs) await shorten(session, asked, both, untilMs);
  return kept;
}

const unknown = (
  { id, secretName }: SecretRotation,
  error: SecretUnknown,
  untilMs: number,
): CliFailure =>
  new CliFailure(
    `${error.message}. Whether it was written is not known. The key ${id} has a new secret all ` +
      `the same, and the old one works until ${isoText(untilMs)}. If the secret "${secretName}" ` +
      'has a version of just now, all is done. If not, rotate the key again before that time: ' +
      `hardcap key rotate ${id} --secret-name ${secretName}`,
    { cause: error },
  );

/** Nobody has the new secret, so the item goes back to what it was. */
async function takeBack(
  session: Session,
  { id, item }: SecretRotation,
  both: SettingItem,
  reason: unknown,
): Promise<void> {
  const { secretSha256, previousSha256, previousUntil } = item;
  try {
    await changeKey(session, both, id, { secretSha256, previousSha256, previousUntil });
  } catch (error) {
    throw new CliFailure(
      `${explain(reason)}. The key ${id} could not be given its old secret back ` +
        `(${explain(error)}): that one works until ${shownTime(String(both.previousUntil))}. ` +
        `Rotate the key before that time: hardcap key rotate ${id}`,
      { cause: error },
    );
  }
}

async function shorten(
  session: Session,
  { id, overlapMs, secretName }: SecretRotation,
  both: SettingItem,
  untilMs: number,
): Promise<void> {
  const change =
    overlapMs === 0
      ? { previousSha256: undefined, previousUntil: undefined }
      : { previousUntil: new Date(session.nowMs + overlapMs).toISOString() };
  try {
    await changeKey(session, both, id, change);
  } catch (error) {
    throw new CliFailure(
      `the secret "${secretName}" holds the new secret of the key ${id}, but the old one could ` +
        `not be ended: ${explain(error)}. It works until ${isoText(untilMs)}; to end it: ` +
        `hardcap key set ${id} --clear previousSha256,previousUntil`,
      { cause: error },
    );
  }
}

const isoText = (atMs: number): string => shownTime(new Date(atMs).toISOString());
