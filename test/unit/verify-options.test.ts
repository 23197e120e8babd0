/**
 * What the options of `verify:aws` may be.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readVerifyOptions } from '../../scripts/verify-aws/options.ts';
import { newKey } from '../helpers/running-gateway.ts';

const key = newKey('verify');
const read = (...args: string[]) =>
  readVerifyOptions(['node', 'verify', '--url', 'https://gateway.test', '--key', key, ...args]);

afterEach(() => vi.restoreAllMocks());

describe('the options of verify:aws', () => {
  it('are a quarter of a dollar, every check and no flood where nothing is said', () => {
    const options = read();

    expect(options).toMatchObject({ maxUsd: 250_000_000n, only: [], parallel: 0, auth: 'none' });
    expect(options.pauses).toEqual([0, 5, 9, 15, 60]);
  });

  it('take lists that are separated by commas', () => {
    const options = read('--only', 'paths, clock', '--regions', 'eu-west-1,eu-west-3');

    expect(options.only).toEqual(['paths', 'clock']);
    expect(options.regions).toEqual(['eu-west-1', 'eu-west-3']);
  });

  it.each([
    [['--only', 'nothing'], 'There is no check "nothing"; there are: http-version'],
    [['--max-usd', '0'], 'It must be dollars above 0'],
    [['--max-usd', '11'], 'It must be dollars above 0'],
    [['--key', 'hc_short'], 'It is no whole hardcap key'],
    [['--samples', '0'], 'There is no median of none'],
    [['--pauses', '1,x'], 'It must be a whole number'],
    [['--url', 'gateway'], 'It must be a URL'],
    [['--auth', 'basic'], 'Allowed choices are none, iam'],
  ])('%s are refused, with what they may be', (args, message) => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);

    expect(() => read(...args)).toThrow();

    expect(written.mock.calls.join()).toContain(message);
  });
});
