/**
 * The caps that a new key is made with: `key-<id>-daily` and its like.
 *
 * Invariant: all of them are written, or none: what one of them stops takes the others back.
 */
import type { NumberValue } from '@aws-sdk/lib-dynamodb';
import { PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import { CliFailure } from './failure.ts';
import { historyAfter } from './history.ts';
import type { Session } from './session.ts';
import { putNew, remove } from './settings-store.ts';

/** Limits of the caps to make, in dollars a window. */
export interface CapLimits {
  readonly hourly?: NumberValue;
  readonly daily?: NumberValue;
  readonly weekly?: NumberValue;
  readonly monthly?: NumberValue;
}

export interface MadeCap {
  readonly capId: string;
  readonly window: string;
  readonly limitUsd: string;
}

const WINDOWS = {
  hourly: 'an hour',
  daily: 'a day',
  weekly: 'a week',
  monthly: 'a month',
} as const;

/** Writes the caps; nothing is left of them where one cannot be. @throws CliFailure */
export async function createCaps(
  session: Session,
  keyId: string,
  limits: CapLimits,
): Promise<MadeCap[]> {
  const made: MadeCap[] = [];
  try {
    for (const window of Object.keys(WINDOWS) as (keyof typeof WINDOWS)[]) {
      const limit = limits[window];
      if (limit !== undefined) made.push(await createCap(session, keyId, window, limit));
    }
  } catch (error) {
    await removeCaps(session, made);
    throw error;
  }
  return made;
}

/** Takes back what `createCaps` has just written. */
export async function removeCaps({ connection }: Session, made: readonly MadeCap[]): Promise<void> {
  for (const { capId } of made) await remove(connection, PARTITION.cap, capId);
}

async function createCap(
  session: Session,
  keyId: string,
  window: string,
  limit: NumberValue,
): Promise<MadeCap> {
  const capId = `key-${keyId}-${window}`;
  const cap = { limitUsd: limit, window, timeZone: 'UTC', keys: [keyId] };
  const history = await historyAfter(session, undefined, cap);
  if (await putNew(session.connection, PARTITION.cap, capId, { ...cap, history })) {
    return { capId, window, limitUsd: limit.toString() };
  }
  throw new CliFailure(
    `there is a cap "${capId}" already, so no key was made; leave out --${window} to keep that ` +
      `cap as it is, and change its limit with: hardcap cap set ${capId} --limit ${limit}`,
  );
}

/** What holds the key, in words. */
export function capsText(made: readonly MadeCap[]): string {
  if (made.length === 0) {
    return 'No cap was made with it; a request that no cap covers is refused.';
  }
  return made
    .map(({ capId, window, limitUsd }) => {
      const each = WINDOWS[window as keyof typeof WINDOWS];
      return `The cap ${capId} holds it to $${limitUsd} ${each} (UTC).`;
    })
    .join('\n');
}
