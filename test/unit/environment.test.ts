/**
 * Settings of the function: each bad value is refused by the name of its variable.
 */
import { describe, expect, it } from 'vitest';
import { DEFAULTS, ENV } from '../../lambda/contract.ts';
import { readEnvironment } from '../../lambda/gateway/environment.ts';

const TABLES = { [ENV.settingsTable]: 'settings', [ENV.ledgerTable]: 'ledger' };
const read = (env: Readonly<Record<string, string>> = {}) => readEnvironment({ ...TABLES, ...env });

describe('an environment that names only its tables', () => {
  it('has the defaults of the contract', () => {
    expect(read()).toEqual({
      settingsTable: 'settings',
      ledgerTable: 'ledger',
      regions: DEFAULTS.regions,
      overCapStatus: 429,
      settingsMaxAgeMs: 5_000,
      reservationMarginMs: 60_000,
      allowUncovered: false,
      allowFields: new Set(),
      maxInFlight: 2_000,
      maxTagCounters: 1_000,
      notesReservation: true,
      whenClientLeaves: 'drain',
      journalDays: 90,
      originSecrets: [],
    });
  });

  it('calls Bedrock in the function’s own region', () => {
    expect(read({ AWS_REGION: 'eu-west-1' }).regions).toEqual(['eu-west-1']);
    expect(read({ AWS_REGION: '' }).regions).toEqual(DEFAULTS.regions);
  });
});

describe('values', () => {
  it('are read', () => {
    const environment = read({
      [ENV.regions]: ' us-east-1, us-gov-west-1 ,ap-southeast-2,',
      [ENV.overCapStatus]: '402',
      [ENV.settingsMaxAgeMs]: '0',
      [ENV.reservationMarginMs]: '120000',
      [ENV.uncovered]: 'allow',
      [ENV.allowFields]: 'top_k, inferenceConfig.new',
      [ENV.maxInFlight]: '1',
      [ENV.maxTagCounters]: '0',
      [ENV.upstreamMetadata]: 'none',
      [ENV.whenClientLeaves]: 'settle',
      [ENV.journalDays]: '3650',
      [ENV.originSecret]: `${'n'.repeat(32)}, ${'o'.repeat(256)}`,
      AWS_REGION: 'eu-west-1',
    });

    expect(environment).toMatchObject({
      regions: ['us-east-1', 'us-gov-west-1', 'ap-southeast-2'],
      overCapStatus: 402,
      settingsMaxAgeMs: 0,
      reservationMarginMs: 120_000,
      allowUncovered: true,
      allowFields: new Set(['top_k', 'inferenceConfig.new']),
      maxInFlight: 1,
      maxTagCounters: 0,
      notesReservation: false,
      whenClientLeaves: 'settle',
      journalDays: 3_650,
      originSecrets: ['n'.repeat(32), 'o'.repeat(256)],
    });
  });

  it.each(Object.values(ENV).filter((name) => !(name in TABLES)))(
    'that are empty are as if not set: %s',
    (name) => {
      expect(read({ [name]: ' ' })).toEqual(read());
    },
  );
});

describe('a bad value', () => {
  it.each([
    [ENV.settingsTable, ''],
    [ENV.settingsTable, ' '],
    [ENV.ledgerTable, ''],
    [ENV.regions, 'us-east-1,moon'],
    [ENV.regions, 'us-east-1.evil.example'],
    [ENV.regions, 'us-east-1;eu-west-1'],
    [ENV.regions, 'US-EAST-1'],
    [ENV.overCapStatus, '403'],
    [ENV.overCapStatus, '429.0'],
    [ENV.uncovered, 'Allow'],
    [ENV.uncovered, 'true'],
    [ENV.settingsMaxAgeMs, '-1'],
    [ENV.settingsMaxAgeMs, '60001'],
    [ENV.settingsMaxAgeMs, '5s'],
    [ENV.settingsMaxAgeMs, '5e3'],
    [ENV.settingsMaxAgeMs, '0x10'],
    [ENV.settingsMaxAgeMs, '5.5'],
    [ENV.settingsMaxAgeMs, 'NaN'],
    [ENV.settingsMaxAgeMs, 'Infinity'],
    [ENV.reservationMarginMs, '3600001'],
    [ENV.maxInFlight, '0'],
    [ENV.maxInFlight, '10001'],
    [ENV.maxTagCounters, '5001'],
    [ENV.upstreamMetadata, 'on'],
    [ENV.whenClientLeaves, 'Drain'],
    [ENV.journalDays, '0'],
    [ENV.journalDays, '3651'],
    [ENV.originSecret, 'a'.repeat(31)],
    [ENV.originSecret, 'a'.repeat(257)],
    [ENV.originSecret, ','],
    [ENV.originSecret, `${'a'.repeat(32)},`],
    [ENV.originSecret, `${'a'.repeat(31)} b`],
    [ENV.originSecret, `${'a'.repeat(32)},${'b'.repeat(32)},${'c'.repeat(32)}`],
  ])('is refused by name: %s=%j', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(name);
  });

  it('of the function’s own region is refused by the variable that would mend it', () => {
    expect(() => read({ AWS_REGION: 'nowhere' })).toThrow(ENV.regions);
  });

  it('is not shown where it may be most of a secret', () => {
    const text = 'most-of-a-secret';

    expect(() => read({ [ENV.originSecret]: text })).toThrow('secret 1 must be 32 to 256');
    expect(() => read({ [ENV.originSecret]: text })).not.toThrow(text);
  });

  it('is shown, with what it may be', () => {
    expect(() => read({ [ENV.maxInFlight]: 'many' })).toThrow(
      `${ENV.maxInFlight}: "many" is not a whole number from 1 to 10000`,
    );
  });
});
