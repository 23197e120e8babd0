/**
 * A directory of profiles that remembers: a profile's model cannot change once it is made.
 *
 * Invariant: at most one question for an ARN is under way, and at most a bounded number for all;
 *            the memory is bounded, and a bad answer is forgotten soon.
 */
import type { Clock } from '../../ports/clock.ts';
import type { ProfileAnswer, ProfileDirectory } from '../../ports/profile-directory.ts';

/** One question to Bedrock. May reject: that counts as unavailable. */
export type AskForProfile = (arn: string, region: string) => Promise<ProfileAnswer>;

export const MAX_REMEMBERED = 1_000;
export const MAX_QUESTIONS = 16;

/** How long an answer holds, in milliseconds. A profile may be made just after it was missed. */
export const HOLDS_MS: Readonly<Record<ProfileAnswer['kind'], number>> = {
  found: 24 * 60 * 60_000,
  unknown: 30_000,
  unavailable: 2_000,
};

interface Remembered {
  readonly answer: ProfileAnswer;
  readonly atMs: number;
}

export function withCache(ask: AskForProfile, clock: Clock): ProfileDirectory {
  /** In the order of their answers, the oldest first. */
  const remembered = new Map<string, Remembered>();
  const underWay = new Map<string, Promise<ProfileAnswer>>();

  const peek = (arn: string): ProfileAnswer | undefined => {
    const known = remembered.get(arn);
    if (known === undefined) return undefined;
    const ageMs = clock.nowMs() - known.atMs;
    // A clock that was set back tells no age.
    return ageMs >= 0 && ageMs <= HOLDS_MS[known.answer.kind] ? known.answer : undefined;
  };

  const remember = (arn: string, answer: ProfileAnswer): void => {
    remembered.delete(arn);
    remembered.set(arn, { answer, atMs: clock.nowMs() });
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  };

  const start = async (arn: string, region: string): Promise<ProfileAnswer> => {
    let answer: ProfileAnswer;
    try {
      answer = await ask(arn, region);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      answer = { kind: 'unavailable', problem };
    }
    underWay.delete(arn);
    remember(arn, answer);
    return answer;
  };

  return {
    peek,
    lookUp(arn, region) {
      const known = peek(arn);
      if (known !== undefined) return Promise.resolve(known);
      const running = underWay.get(arn);
      if (running !== undefined) return running;
      if (underWay.size >= MAX_QUESTIONS) {
        return Promise.resolve({ kind: 'unavailable', problem: 'too many profiles at a time' });
      }
      const question = start(arn, region);
      underWay.set(arn, question);
      return question;
    },
  };
}
