/**
 * What people read of an event: the cap, the numbers, who spent most, and what to do.
 */
import { describe, expect, it } from 'vitest';
import { dollars, durationText, shownSplit, wordsOf } from '../../lambda/domain/alert-text.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import {
  endedWindowWords,
  malformedWords,
  priceChangedWords,
  priceProposedWords,
} from '../../lambda/domain/event-words.ts';
import { type ThresholdFacts, thresholdWords } from '../../lambda/domain/threshold-words.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const PARIS = windowRule('monthly', { timeZone: 'Europe/Paris' });

/** A monthly cap of $1,000 in Paris that has spent $821.31 and a bit. */
function facts(rest: Partial<Cap> = {}, more: Partial<ThresholdFacts> = {}): ThresholdFacts {
  const red = cap({ capId: 'team-red', limitNanoUsd: usd('1000'), window: PARIS, ...rest });
  return {
    cap: red,
    percent: 80,
    limitNanoUsd: red.limitNanoUsd,
    settledNanoUsd: usd('821.310000001'),
    reservedNanoUsd: usd('12'),
    window: windowAt(red.window, NOON_MS),
    nowMs: NOON_MS,
    ...more,
  };
}

const messageOf = (...given: Parameters<typeof facts>) => thresholdWords(facts(...given)).message;

describe('the words of a threshold', () => {
  it('are the cap, the numbers, its window, who spent most, and the command to raise it', () => {
    const top = {
      keys: [
        { name: 'alice', settledNanoUsd: usd('600.5') },
        { name: 'ci', settledNanoUsd: usd('200') },
      ],
      models: [{ name: 'us.anthropic.claude-opus-4-1-20250805-v1:0', settledNanoUsd: usd('700') }],
    };

    expect(thresholdWords(facts({}, { top }))).toEqual({
      subject: 'hardcap: cap team-red is at 82 % of $1,000.00 a month',
      message: [
        'The cap team-red is at 82 % of $1,000.00 a month (alert at 80 %).',
        '',
        'Limit:      $1,000.00 a month',
        'Spent:      $821.32',
        'In flight:  $12.00 reserved for requests under way',
        'Remaining:  $166.68',
        'Since:      Sun 1 Mar 2026, 00:00 Europe/Paris (UTC+01:00)',
        'Resets:     Wed 1 Apr 2026, 00:00 Europe/Paris (UTC+02:00) (in 29 d 10 h)',
        '',
        'Most by key:    alice $600.50 (73 %), ci $200.00 (24 %)',
        'Most by model:  us.anthropic.claude-opus-4-1-20250805-v1:0 $700.00 (85 %)',
        '',
        'Requests go on while they fit into what remains; others are refused.',
        '',
        'To raise it until it resets:',
        '  hardcap cap raise team-red --to 1500 --until 2026-04-01T00:00:00+02:00 --reason "..."',
        'To see all caps:',
        '  hardcap status',
      ].join('\n'),
    });
  });

  it('name the split value as people wrote it, and say that a raise is for each', () => {
    const { subject, message } = thresholdWords(facts({ splitBy: 'team' }, { split: '#a%23b%25' }));

    expect(subject).toContain('cap team-red (a#b%) is at');
    expect(message).toContain('To raise it until it resets, for each team:');
  });

  it.each<[string, Partial<Cap>, Partial<ThresholdFacts>, string]>([
    ['spent', {}, { settledNanoUsd: usd('1000') }, 'are refused until it resets or is raised.'],
    ['clamping', { action: 'clamp' }, {}, 'others are shortened, then refused.'],
    ['only warning', { action: 'warn' }, {}, 'Nothing is refused: this cap only warns.'],
    ['over', {}, { nowMs: Date.UTC(2026, 3, 1) }, 'The window has ended: there is nothing to do.'],
  ])('say what happens to requests where the cap is %s', (_title, rest, more, text) => {
    expect(messageOf(rest, more)).toContain(text);
  });

  it.each<[string, Partial<Cap>, Partial<ThresholdFacts>]>([
    ['that only warns', { action: 'warn' }, {}],
    ['whose window is over', {}, { nowMs: Date.UTC(2026, 3, 1) }],
  ])('have no command to raise a cap %s', (_title, rest, more) => {
    expect(messageOf(rest, more)).not.toContain('hardcap cap set');
  });

  it('raise a cap of a lifetime for good', () => {
    const message = messageOf({ window: windowRule('lifetime') });

    expect(message).toContain('  hardcap cap set team-red --limit 1500');
    expect(message).toContain('Resets:     never');
    expect(message).toContain('not summed over the lifetime');
  });

  it('send people to Parameter Store for a cap that comes from there', () => {
    const message = messageOf({ capId: 'ssm:staging' });

    expect(message).toContain('set limitUsd to 1500 in the parameter .../caps/staging');
    expect(message).not.toContain('hardcap cap set');
  });

  describe('of a cap that a parameter limits', () => {
    const source = 'parameter /hardcap/caps/team-red';
    const put =
      '  aws ssm put-parameter --name /hardcap/caps/team-red --value 1500 --type String --overwrite';
    const parameter = { source, limitNanoUsd: usd('1000') };
    const table = { limitNanoUsd: usd('5000') };

    it('change the parameter where there is no cap in the table', () => {
      const message = messageOf({ parameter });

      expect(message).toContain(put);
      expect(message).not.toContain('hardcap cap set');
    });

    it('change the parameter alone where the table allows more', () => {
      const message = messageOf({ parameter: { ...parameter, table } });

      expect(message).toContain(put);
      expect(message).not.toContain('hardcap cap set');
    });

    it('change both where both are too low', () => {
      const low = { limitNanoUsd: usd('1200') };
      const message = messageOf({ parameter: { ...parameter, table: low } });

      expect(message).toContain(put);
      expect(message).toContain('  hardcap cap raise team-red --to 1500');
    });

    it('change the table alone where the parameter allows more', () => {
      const high = { source, limitNanoUsd: usd('5000'), table: { limitNanoUsd: usd('1000') } };
      const message = messageOf({ parameter: high });

      expect(message).toContain('  hardcap cap raise team-red --to 1500');
      expect(message).not.toContain('put-parameter');
    });

    it('name the file in place of a command in local mode, and the attribute of a JSON', () => {
      const file = { ...parameter, source: 'file /tmp/a b' };

      expect(messageOf({ parameter: file })).toContain('  set the file /tmp/a b to 1500');
      expect(messageOf({ capId: 'ssm:team-red', parameter })).toContain(
        '  set limitUsd to 1500 in the parameter /hardcap/caps/team-red',
      );
    });
  });

  it('tell of a raise that holds, and of the limit without it', () => {
    const raised = { limitNanoUsd: usd('2000'), untilMs: NOON_MS + 3_600_000 };

    expect(messageOf({ raised }, { limitNanoUsd: usd('2000') })).toContain(
      'Limit:      $2,000.00 a month, raised from $1,000.00 until Mon 2 Mar 2026, 14:00',
    );
  });

  it('tell of a limit of zero without a percentage of it', () => {
    const { subject, message } = thresholdWords(facts({ limitNanoUsd: usd('0') }));

    expect(subject).toBe('hardcap: cap team-red has spent $821.32 of $0.00 a month');
    expect(message).toContain('none; $833.32 more than the limit are spent or in flight');
  });
});

describe('the words of a setting that cannot be read', () => {
  it('are the item, the attribute, what it should be, and how to mend it', () => {
    const { subject, message } = malformedWords({
      kind: 'cap',
      id: 'team-red',
      field: 'limitUsd',
      problem: 'must be dollars; it is "ten"',
    });

    expect(subject).toBe('hardcap: cap team-red cannot be read, requests are refused');
    expect(message).toContain('Attribute:  limitUsd\nProblem:    it must be dollars; it is "ten"');
    expect(message).toContain('pk = CAP, sk = team-red');
    expect(message).toContain('hardcap cap set team-red ...');
  });

  it('send people to Parameter Store, and not to the item that the sync writes', () => {
    const { message } = malformedWords({
      kind: 'cap',
      id: 'ssm:staging',
      field: 'value',
      problem: 'must be a limit in dollars; correct the parameter /hardcap/caps/staging',
    });

    expect(message).toContain('mend the parameter there');
    expect(message).not.toContain('change the item');
    expect(message).not.toContain('It holds within 5 seconds');
  });

  it('hold no command where a shell would read the id in another way', () => {
    const { subject, message } = malformedWords({
      kind: 'cap',
      id: 'a; rm -rf *\n\u001b[31m',
      field: 'sk',
      problem: 'must be the cap id',
    });

    expect(message).not.toContain('hardcap cap set');
    expect(`${subject}${message.replaceAll('\n', '')}`).not.toMatch(/\p{Cc}/u);
  });
});

describe('the words of prices and windows', () => {
  it('say what a listed price does, and the commands that answer it', () => {
    expect(priceChangedWords('m', 'input 1 -> 2').message).toContain('hardcap prices set m');
    expect(priceProposedWords('m', 'fall', 'input 2 -> 1').message).toContain(
      '  hardcap prices approve m\n  hardcap prices reject m',
    );
  });

  it('say what an ended window cost, and whether that corrects what was told', () => {
    const ended = {
      capId: 'a',
      endsAtMs: NOON_MS,
      timeZone: 'UTC',
      settledNanoUsd: usd('5'),
      limitNanoUsd: usd('10'),
      requests: 3,
      refusals: 1,
    };

    expect(endedWindowWords({ ...ended, isCorrection: false })).toEqual({
      subject: 'hardcap: cap a spent $5.00 of $10.00 (50 %)',
      message: [
        'The window of cap a that ended Mon 2 Mar 2026, 12:00 UTC:',
        '',
        'Spent:     $5.00 of $10.00 (50 %)',
        'Requests:  3 admitted, 1 refused',
      ].join('\n'),
    });
    expect(endedWindowWords({ ...ended, isCorrection: true }).message).toContain('corrects');
  });
});

describe('what people read', () => {
  it('rounds spent money up and what is left down, and shows small amounts whole', () => {
    expect(dollars(usd('1234567.891'))).toBe('$1,234,567.90');
    expect(dollars(usd('1234567.899'), 'down')).toBe('$1,234,567.89');
    expect(dollars(usd('0.000000001'))).toBe('$0.000000001');
  });

  it.each([
    [0, '0 min'],
    [61_000, '2 min'],
    [3_600_000, '1 h 0 min'],
    [90_000_000, '1 d 1 h'],
  ])('writes %d ms as %s', (durationMs, text) => {
    expect(durationText(durationMs)).toBe(text);
  });

  it('has a subject that SNS takes, whatever somebody called a key', () => {
    const { subject } = wordsOf(`cap é\n${'x'.repeat(200)}`, []);

    expect(subject).toMatch(/^[ -~]{100}$/);
  });

  it('is cut where it would be too long for a message', () => {
    expect(wordsOf('a', ['x'.repeat(10_000)]).message).toHaveLength(4_000);
    expect(shownSplit('x'.repeat(1_000))).toHaveLength(80);
  });
});
