/**
 * What the SSM sync is told by its environment.
 */
import { expect, test } from 'vitest';
import { readSsmSyncEnvironment } from '../../lambda/ssm-sync/environment.ts';

const read = (ssmPrefix: string, settingsTable = 'settings') =>
  readSsmSyncEnvironment({
    HARDCAP_SETTINGS_TABLE: settingsTable,
    HARDCAP_SSM_PREFIX: ssmPrefix,
  });

test.each(['/hardcap', '/a/b.c/d_e-f'])('takes the prefix %s', (ssmPrefix) => {
  expect(read(ssmPrefix)).toEqual({ settingsTable: 'settings', ssmPrefix });
});

test.each(['', ' ', '/', 'hardcap', '/hardcap/', '//x', '/a b'])(
  'refuses the prefix "%s"',
  (prefix) => {
    expect(() => read(prefix)).toThrow('HARDCAP_SSM_PREFIX');
  },
);

test('needs the settings table', () => {
  expect(() => read('/hardcap', ' ')).toThrow('HARDCAP_SETTINGS_TABLE is not set');
});
