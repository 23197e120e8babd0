/**
 * The memory of profiles: how long an answer holds, and how often Bedrock is asked.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  HOLDS_MS,
  MAX_QUESTIONS,
  MAX_REMEMBERED,
  withCache,
} from '../../lambda/adapters/models/profile-directory-with-cache.ts';
import type { ProfileAnswer, ProfileDirectory } from '../../lambda/ports/profile-directory.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const ARN = 'arn:of-a-profile';
const FOUND: ProfileAnswer = { kind: 'found', modelArns: ['arn:of-a-model'] };

let clock: VirtualClock;
let asked: string[];
let ask: () => Promise<ProfileAnswer>;
let directory: ProfileDirectory;
beforeEach(() => {
  clock = createVirtualClock();
  asked = [];
  ask = async () => FOUND;
  directory = withCache((arn) => {
    asked.push(arn);
    return ask();
  }, clock);
});
const lookUp = (arn = ARN) => directory.lookUp(arn, 'us-east-1');

describe('the memory of profiles', () => {
  test('asks once, however often it is asked', async () => {
    expect(directory.peek(ARN)).toBeUndefined();
    for (let time = 0; time < 3; time += 1) expect(await lookUp()).toBe(FOUND);

    expect(directory.peek(ARN)).toBe(FOUND);
    expect(asked).toEqual([ARN]);
  });

  test('asks once for all who come while the question is under way', async () => {
    const answers = await Promise.all([lookUp(), lookUp(), lookUp()]);

    expect(answers).toEqual([FOUND, FOUND, FOUND]);
    expect(asked).toEqual([ARN]);
  });

  test.each<ProfileAnswer>([
    FOUND,
    { kind: 'unknown', problem: 'x' },
    { kind: 'unavailable', problem: 'x' },
  ])('forgets $kind after its time and not before', async (answer) => {
    ask = async () => answer;
    await lookUp();

    clock.advance(HOLDS_MS[answer.kind]);
    expect(directory.peek(ARN)).toBe(answer);
    clock.advance(1);
    expect(directory.peek(ARN)).toBeUndefined();
    await lookUp();
    expect(asked).toHaveLength(2);
  });

  test('forgets a refusal sooner than an answer', () => {
    expect(HOLDS_MS.unavailable).toBeLessThan(HOLDS_MS.unknown);
    expect(HOLDS_MS.unknown).toBeLessThanOrEqual(60_000);
    expect(HOLDS_MS.found).toBeGreaterThan(HOLDS_MS.unknown);
  });

  test('forgets where the clock was set back', async () => {
    await lookUp();
    clock.advance(-1);

    expect(directory.peek(ARN)).toBeUndefined();
  });

  test('counts a question that fails as unavailable', async () => {
    ask = async () => {
      throw new Error('no credentials');
    };

    expect(await lookUp()).toEqual({ kind: 'unavailable', problem: 'no credentials' });
  });

  test('holds no more than its bound, and forgets the oldest first', async () => {
    for (let index = 0; index <= MAX_REMEMBERED; index += 1) await lookUp(`arn:${index}`);

    expect(directory.peek('arn:0')).toBeUndefined();
    expect(directory.peek('arn:1')).toBe(FOUND);
    expect(directory.peek(`arn:${MAX_REMEMBERED}`)).toBe(FOUND);
  });

  test('asks no more than so many questions at a time', async () => {
    const { promise, resolve } = Promise.withResolvers<ProfileAnswer>();
    ask = () => promise;
    const waiting = Array.from({ length: MAX_QUESTIONS }, (_, index) => lookUp(`arn:${index}`));

    expect(await lookUp('arn:more')).toMatchObject({ kind: 'unavailable' });
    resolve(FOUND);
    await Promise.all(waiting);
    expect(asked).toHaveLength(MAX_QUESTIONS);
    expect(await lookUp('arn:more')).toBe(FOUND);
  });
});
