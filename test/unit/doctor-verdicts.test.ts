/**
 * What `hardcap doctor` says of what it has seen.
 */
import { describe, expect, it } from 'vitest';
import { verdictOnIdentity, verdictOnWayRound } from '../../bin/commands/doctor/access-checks.ts';
import type { FunctionFacts, StackResource } from '../../bin/commands/doctor/account.ts';
import type { Finding } from '../../bin/commands/doctor/finding.ts';
import {
  verdictOnClock,
  verdictOnHealth,
  verdictOnProtocol,
} from '../../bin/commands/doctor/gateway-checks.ts';
import {
  modelsToAsk,
  verdictOnAccess,
  verdictOnAge,
  verdictOnPrices,
} from '../../bin/commands/doctor/models-checks.ts';
import { verdictOnSync } from '../../bin/commands/doctor/parameters-checks.ts';
import type { SettingsSeen, TableSeen } from '../../bin/commands/doctor/scene.ts';
import {
  verdictOnCover,
  verdictOnItems,
  verdictOnTwoPlaces,
} from '../../bin/commands/doctor/settings-checks.ts';
import {
  verdictOnAlarms,
  verdictOnConcurrency,
  verdictOnDashboard,
  verdictOnFunction,
  verdictOnStack,
} from '../../bin/commands/doctor/stack-checks.ts';
import { verdictOnTable } from '../../bin/commands/doctor/tables-checks.ts';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { attributesOf } from '../../lambda/adapters/settings/parameter-item.ts';
import { settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { cap } from '../helpers/builders.ts';
import { callerKey } from '../helpers/fake-ports.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

/** The levels, and all that is said, on one line. */
const said = (findings: readonly Finding[]) => ({
  levels: findings.map(({ level }) => level),
  text: findings.map(({ seen, fix = '' }) => `${seen} ${fix}`).join('\n'),
});

describe('a table', () => {
  const ledger: TableSeen = {
    name: 'ledger',
    status: 'ACTIVE',
    keys: ['pk', 'sk'],
    indexes: ['open'],
    isProtected: true,
    hasBackups: true,
    partitions: ['COUNTER#all', 'JOURNAL#2026-11-25#ci'],
  };

  it.each<[string, Partial<TableSeen>, string, string]>([
    ['that is what it is taken for', {}, 'ok', 'protected'],
    ['without its index', { indexes: [] }, 'failure', 'no index "open"'],
    ['of other keys', { keys: ['id'] }, 'failure', 'its keys are id'],
    ['that holds settings', { partitions: ['CAP'] }, 'failure', 'it holds CAP'],
    ['that is being deleted', { status: 'DELETING' }, 'failure', 'DELETING'],
    ['that anybody may delete', { isProtected: false }, 'warning', 'deletion protection'],
    ['without backups', { hasBackups: false }, 'warning', 'point-in-time recovery'],
  ])('%s', (_title, changes, level, text) => {
    const { levels, text: all } = said(verdictOnTable('ledger', { ...ledger, ...changes }, false));

    expect(levels).toEqual([level]);
    expect(all).toContain(text);
  });

  it('of settings is no ledger, and one on this machine needs no protection', () => {
    const settings = { ...ledger, indexes: [], partitions: ['CAP', 'KEY', 'PRICE-REFRESH'] };

    expect(said(verdictOnTable('settings', settings, false)).levels).toEqual(['ok']);
    expect(said(verdictOnTable('settings', ledger, false)).levels).toEqual(['failure']);
    const bare = { ...ledger, isProtected: false };
    expect(said(verdictOnTable('ledger', bare, true)).levels).toEqual(['ok']);
  });
});

const NO_SETTINGS: SettingsSeen = {
  counts: { CAP: 0, KEY: 0, PRICE: 0, ALIAS: 0 },
  caps: { caps: [], malformedCaps: [] },
  keys: [],
  prices: new Map(),
  aliases: [],
  capItems: [],
};

describe('settings', () => {
  it('are named item by item where they cannot be read', () => {
    const problem = { field: 'team', problem: 'must be text' };
    const { levels, text } = said(
      verdictOnItems({
        ...NO_SETTINGS,
        caps: { caps: [], malformedCaps: [{ capId: 'all\n', ...problem }] },
        keys: [callerKey(), { keyId: 'ci', ...problem }],
        prices: new Map([['m', { modelId: 'm', ...problem }]]),
        aliases: [{ name: 'fast', ...problem }],
      }),
    );

    expect(levels).toEqual(['failure', 'failure', 'failure', 'failure']);
    expect(text).toContain('cap "all\\u000a" cannot be read, so what it could cover is refused');
    expect(text).toContain('key "ci"');
    expect(text).toContain('price "m"');
    expect(text).toContain('alias "fast"');
  });

  it('fail where there are more of a kind than the gateway reads, keys apart', () => {
    const counts = { CAP: 1_001, KEY: 5_000, PRICE: 1_000, ALIAS: 0 };

    expect(said(verdictOnItems({ ...NO_SETTINGS, counts }))).toEqual({
      levels: ['failure'],
      text: expect.stringContaining('1001 CAP items'),
    });
    expect(said(verdictOnItems(NO_SETTINGS)).levels).toEqual(['ok']);
  });

  it('warn of a cap that is in the table and in SSM, and say which limit holds', () => {
    const parameter = { name: 'all', source: 'parameter /hardcap/caps/all', type: 'String' };
    const items = [
      settingItem('CAP', 'all', { limitUsd: '10', window: 'daily' }),
      settingItem('CAP', 'ssm:all', { ...attributesOf({ ...parameter, value: '5' }) }),
    ];
    const { levels, text } = said(verdictOnTwoPlaces(readCaps(items).caps));

    expect(levels).toEqual(['warning']);
    expect(text).toMatch(/\$5\.00 from SSM .* \$10\.00 in the table: the lower holds/);
    expect(said(verdictOnTwoPlaces([cap()])).levels).toEqual(['ok']);
  });

  it.each([
    ['a cap of all', [cap()], 'ok'],
    ['no cap', [], 'warning'],
    ['a cap of another key', [cap({ selectors: { keys: ['other'] } })], 'warning'],
    ['a cap that only warns', [cap({ action: 'warn' })], 'warning'],
    ['a cap that is disabled', [cap({ enabled: false })], 'warning'],
    ['a cap that a request tag could dodge', [cap({ splitBy: 'request-tag:run' })], 'warning'],
    ['a cap of some models', [cap({ selectors: { models: ['*haiku*'] } })], 'ok'],
  ])('cover a key by %s or not', (_title, caps, level) => {
    const seen = { keys: [callerKey()], caps: { caps, malformedCaps: [] } };

    expect(said(verdictOnCover(seen, NOON_MS)).levels).toEqual([level]);
  });

  it('warn where no key works', () => {
    const seen = { keys: [callerKey({ enabled: false })], caps: NO_SETTINGS.caps };

    expect(said(verdictOnCover(seen, NOON_MS)).text).toContain('no key works');
  });
});

describe('parameters', () => {
  const parameter = {
    name: 'staging',
    source: 'parameter /hardcap/caps/staging',
    type: 'String',
    value: '5',
  };
  const synced = settingItem('CAP', 'ssm:staging', { ...attributesOf(parameter), run: 'x' });

  it.each([
    ['synced', [parameter], [synced], 'ok'],
    ['changed since', [{ ...parameter, value: '6' }], [synced], 'warning'],
    ['not synced yet', [parameter], [], 'warning'],
    ['removed since', [], [synced], 'warning'],
    ['not there at all', [], [settingItem('CAP', 'all', {})], 'ok'],
  ])('that are %s', (_title, parameters, items, level) => {
    expect(said(verdictOnSync('/hardcap/caps', parameters, items)).levels).toEqual([level]);
  });
});

describe('models', () => {
  const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
  const verdict = (models: readonly string[] | undefined, offered?: ReadonlySet<string>) =>
    said(
      verdictOnPrices(
        { keys: [callerKey(models === undefined ? {} : { models })], prices: new Map() },
        'us-east-1',
        offered,
      ),
    );

  it('of an allow-list have a price each', () => {
    expect(verdict([`us.${HAIKU}`, HAIKU, '*haiku*', 'arn:aws:bedrock:*']).levels).toEqual(['ok']);
  });

  it('that have none are named, by id or by pattern', () => {
    const { levels, text } = verdict(['anthropic.claude-nonsense', '*gpt-9*']);

    expect(levels).toEqual(['warning', 'warning']);
    expect(text).toContain('"anthropic.claude-nonsense", which ci may use, is refused');
    expect(text).toContain('"*gpt-9*", which ci may use, matches no model');
  });

  it('that are offered, allowed and without a price are counted', () => {
    const offered = new Set([HAIKU, 'anthropic.new-v1:0', 'other.new-v1:0']);

    expect(verdict(['anthropic.*'], offered).text).toContain('1 others');
    expect(verdict(undefined, offered).text).toContain('2 others');
  });

  it('are asked access for by their bare id, once', () => {
    const keys = [callerKey({ models: [`us.${HAIKU}`, '*haiku-4-5*'] })];

    expect(modelsToAsk({ keys, prices: new Map() }, 'us-east-1')).toEqual([HAIKU]);
    expect(modelsToAsk({ keys: [callerKey()], prices: new Map() }, 'us-east-1')).toEqual([]);
  });

  it('that the account may not use are named with why', () => {
    const { levels, text } = said(verdictOnAccess([HAIKU, 'b'], new Map([['b', 'no access']]), 2));

    expect(levels).toEqual(['warning']);
    expect(text).toContain('b (no access)');
    expect(said(verdictOnAccess([HAIKU], new Map(), 60)).text).toContain('of the 60');
    expect(said(verdictOnAccess([], new Map(), 0)).levels).toEqual(['ok']);
  });

  it('have old prices after a while', () => {
    const age = { ageDays: 61, maxAgeDays: 60, since: 'catalogue', sinceMs: 0 } as const;

    expect(said(verdictOnAge({ ...age, isOld: true })).levels).toEqual(['warning']);
    expect(said(verdictOnAge({ ...age, isOld: false })).levels).toEqual(['ok']);
  });
});

describe('the gateway', () => {
  const health = { status: 200, tookMs: 40, dateMs: NOON_MS, hereMs: NOON_MS };

  it.each([
    [200, 'ok'],
    [403, 'warning'],
    [404, 'failure'],
    [429, 'failure'],
    [503, 'failure'],
  ])('that answers %d', (status, level) => {
    expect(said(verdictOnHealth('https://g', { ...health, status })).levels).toEqual([level]);
  });

  it.each([
    [59_000, 'ok'],
    [-61_000, 'warning'],
    [301_000, 'failure'],
    [Number.NaN, 'warning'],
  ])('whose clock is %d ms ahead', (skewMs, level) => {
    const seen = { ...health, dateMs: NOON_MS + skewMs };

    expect(said(verdictOnClock(seen)).levels).toEqual([level]);
  });

  it('tells what the JavaScript SDK needs by the HTTP that it takes', () => {
    expect(said(verdictOnProtocol('http/1.1')).text).toContain('NodeHttpHandler');
    expect(said(verdictOnProtocol('h2')).text).not.toContain('NodeHttpHandler');
    expect(said(verdictOnProtocol(undefined)).levels).toEqual(['ok']);
    expect(said(verdictOnProtocol('no protocol')).levels).toEqual(['warning']);
  });
});

describe('the stack', () => {
  const resource = (type: string, status = 'CREATE_COMPLETE'): StackResource => ({
    type,
    logicalId: 'Part',
    physicalId: 'part',
    status,
  });
  const facts: FunctionFacts = {
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    authType: 'NONE',
    invokeMode: 'RESPONSE_STREAM',
    policyActions: ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'],
    reservedConcurrency: 50,
  };
  const heard = { protocol: 'email', endpoint: 'a@b.example', isPending: false };
  const ALARM = resource('AWS::CloudWatch::Alarm');

  it('names parts that were not deployed whole', () => {
    const failed = resource('AWS::SNS::Topic', 'UPDATE_FAILED');

    expect(said(verdictOnStack('Hardcap', [ALARM])).levels).toEqual(['ok']);
    expect(said(verdictOnStack('Hardcap', [ALARM, failed])).text).toContain('Part (UPDATE_FAILED)');
  });

  it('has a dashboard', () => {
    const dashboard = resource('AWS::CloudWatch::Dashboard');

    expect(said(verdictOnDashboard([dashboard], 'https://d')).text).toContain('https://d');
    expect(said(verdictOnDashboard([ALARM], undefined)).levels).toEqual(['warning']);
  });

  it.each([
    ['heard', [heard], 'ok'],
    ['heard by nobody', [], 'warning'],
    ['not confirmed', [heard, { ...heard, isPending: true }], 'warning'],
    ['without a topic', undefined, 'warning'],
  ])('has alarms that are %s', (_title, subscriptions, level) => {
    expect(said(verdictOnAlarms([ALARM], subscriptions)).levels).toEqual([level]);
    expect(said(verdictOnAlarms([], subscriptions)).levels).toEqual(['warning']);
  });

  it.each<[string, Partial<FunctionFacts>, string]>([
    ['streams and lets callers in', {}, 'ok'],
    ['lacks a permission', { policyActions: ['lambda:InvokeFunctionUrl'] }, 'failure'],
    ['asks IAM', { authType: 'AWS_IAM', policyActions: [] }, 'ok'],
    ['does not stream', { invokeMode: 'BUFFERED' }, 'failure'],
  ])('has a function that %s', (_title, changes, level) => {
    expect(said(verdictOnFunction({ ...facts, ...changes })).levels).toEqual([level]);
  });

  it.each([
    [50, 'ok'],
    [9, 'warning'],
    [0, 'failure'],
    [undefined, 'warning'],
  ])('reserves %s requests at a time', (reserved, level) => {
    const { reservedConcurrency: _, ...rest } = facts;
    const seen = reserved === undefined ? rest : { ...rest, reservedConcurrency: reserved };

    expect(said(verdictOnConcurrency(seen)).levels).toEqual([level]);
  });
});

describe('credentials', () => {
  it('are better not those of the root user', () => {
    const identity = (arn: string) => said(verdictOnIdentity({ account: '1', arn })).levels;

    expect(identity('arn:aws:iam::1:root')).toEqual(['warning']);
    expect(identity('arn:aws:sts::1:assumed-role/dev/me')).toEqual(['ok']);
  });

  it('of others that may call models are counted, those that are denied it are not', () => {
    const arn = (name: string) => `arn:aws:iam::1:role/${name}`;
    const { levels, text } = said(
      verdictOnWayRound([
        { arn: arn('dev'), simulated: 'allowed' },
        { arn: arn('old'), simulated: 'undecided' },
        { arn: arn('shut'), simulated: 'denied' },
      ]),
    );

    expect(levels).toEqual(['warning']);
    expect(text).toContain(
      '2 users and roles may call models past the gateway, 1 of them for sure',
    );
    expect(text).toContain('role/dev, role/old');
    expect(text).toContain('DenyPolicy');
    expect(said(verdictOnWayRound([{ arn: 'a', simulated: 'denied' }])).levels).toEqual(['ok']);
    expect(said(verdictOnWayRound([])).levels).toEqual(['ok']);
  });
});
