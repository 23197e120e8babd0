/**
 * `hardcap key rotate`: a new secret for a key; the old one works until the overlap ends.
 *
 * Invariant: two secrets of a key work at most, and none that nobody could know; the old one is
 *            never left without an end.
 * Not here:  the order in which Secrets Manager is written (key-rotate-secret.ts).
 */
import type { CallerKey } from '../../lambda/domain/cap.ts';
import { newKeyText } from './key-create.ts';
import { changeKey, itemOfKey, readableKey, rotation } from './key-item.ts';
import { rotateInSecret } from './key-rotate-secret.ts';
import { usageOf } from './key-secret.ts';
import { oldSecretUntil, shownTime, stateOf } from './key-view.ts';
import { askFirst } from './question.ts';
import type { Session } from './session.ts';

export interface RotateOptions {
  /** How long the old secret works on; 0: not at all. */
  readonly overlapMs: number;
  readonly secretName?: string | undefined;
}

/** Gives the key a new secret. @throws CliFailure */
export async function rotateKey(
  session: Session,
  id: string,
  { overlapMs, secretName }: RotateOptions,
): Promise<void> {
  const { nowMs, output } = session;
  const item = await itemOfKey(session, id);
  const key = readableKey(item);
  await askWhatStops(session, key, overlapMs);
  const text = newKeyText(id);
  const untilMs = nowMs + overlapMs;
  const oldWorksUntil = overlapMs === 0 ? null : new Date(untilMs).toISOString();
  if (stateOf(key, nowMs) !== 'enabled') {
    output.notice(`the key "${id}" is ${stateOf(key, nowMs)}, and a new secret does not change it`);
  }
  if (secretName !== undefined) {
    const kept = await rotateInSecret(session, { id, item, text, overlapMs, secretName });
    output.result({ id, secretName, secretArn: kept.arn, oldWorksUntil }, () =>
      [
        `key ${id} has a new secret. It is shown nowhere, and is in Secrets Manager as`,
        '',
        `  ${kept.arn}`,
        '',
        usageOf(kept),
        '',
        endOfOld(oldWorksUntil),
      ].join('\n'),
    );
    return;
  }
  await changeKey(session, item, id, rotation(item, text, overlapMs === 0 ? undefined : untilMs));
  output.result({ id, key: text, oldWorksUntil }, () =>
    [
      `key ${id} has a new secret. It is shown only now:`,
      '',
      `  ${text}`,
      '',
      endOfOld(oldWorksUntil),
    ].join('\n'),
  );
}

async function askWhatStops(session: Session, key: CallerKey, overlapMs: number): Promise<void> {
  const { nowMs, isSure } = session;
  const until = oldSecretUntil(key, nowMs);
  const what = [
    ...(overlapMs > 0
      ? []
      : [`The secret of the key "${key.keyId}" that programs use now stops working at once`]),
    ...(until === undefined
      ? []
      : [
          `The key "${key.keyId}" was rotated already: the secret before that one works until ` +
            `${shownTime(until)}, and stops at once, as a key has two secrets at most`,
        ]),
  ];
  if (what.length > 0) await askFirst(what.join('. '), isSure);
}

const endOfOld = (oldWorksUntil: string | null): string =>
  oldWorksUntil === null
    ? 'The old secret stops working within 5 seconds.'
    : `The old secret works until ${shownTime(oldWorksUntil)}; all that is counted stays with the key.`;
