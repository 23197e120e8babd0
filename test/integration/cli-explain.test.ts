/**
 * `hardcap explain` against the real local gateway: for one body and one state of the books, both
 * answer the same.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ImaginedAnswer, imagine } from '../../bin/commands/explain-gateway.ts';
import { explainedJson } from '../../bin/commands/explain-view.ts';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { reservationId } from '../../lambda/domain/reservation.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import { readEnvironment } from '../../lambda/gateway/environment.ts';
import { usd, windowRule } from '../helpers/builders.ts';
import { PROGRAM_ENVIRONMENT } from '../helpers/program-environment.ts';
import {
  HAIKU,
  NOVA,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

let running: RunningGateway;
let turn = 0;

beforeAll(async () => {
  running = await startRunningGateway({ env: { HARDCAP_MAX_TAG_COUNTERS: '1' } });
});
afterAll(() => running.close());

interface Asked {
  readonly modelId?: string;
  readonly operation?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

const BODY = {
  messages: [{ role: 'user', content: [{ text: 'Hello' }] }],
  inferenceConfig: { maxTokens: 1000 },
};

const requestOf = ({
  modelId = HAIKU,
  operation = 'converse',
  headers = {},
  body = BODY,
}: Asked) => ({
  path: `/model/${encodeURIComponent(modelId)}/${operation}`,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(body)),
});

const environment = () =>
  readEnvironment({
    HARDCAP_SETTINGS_TABLE: running.gateway.settingsTable,
    HARDCAP_LEDGER_TABLE: running.gateway.ledgerTable,
    AWS_REGION: 'us-east-1',
    HARDCAP_MAX_TAG_COUNTERS: '1',
  });

function imagined(keyId: string, asked: Asked): Promise<ImaginedAnswer> {
  const { settingsTable, ledgerTable } = running.gateway;
  const connection = {
    client: running.dynamo,
    settingsTable,
    ledgerTable,
    name: 'the test',
    outputs: new Map(),
    aws: { maxAttempts: 1 },
    isLocal: true,
  };
  return imagine(connection, environment(), { keyId, ...requestOf(asked) });
}

const ledgerItems = async () =>
  (await running.dynamo.send(new ScanCommand({ TableName: running.gateway.ledgerTable }))).Items;

async function answered(key: string, asked: Asked) {
  const { path: rawPath, headers, body } = requestOf(asked);
  const sent = { ...headers, authorization: `Bearer ${key}` };
  const response = await fetch(running.url + rawPath, { method: 'POST', headers: sent, body });
  return { response, body: await response.text() };
}

/** Explains, then really asks. What is told of the refusal must be one and the same. */
async function compare(keyId: string, key: string, asked: Asked) {
  const before = await ledgerItems();
  const told = await imagined(keyId, asked);
  expect(await ledgerItems()).toEqual(before);
  const real = await answered(key, asked);
  return { told, real };
}

interface State {
  readonly asked?: Asked;
  readonly key?: Readonly<Record<string, unknown>>;
  /** Absent: no cap. */
  readonly cap?: Readonly<Record<string, unknown>>;
  /** Requests that are really sent before. */
  readonly earlier?: number;
  readonly reason: string;
  readonly status: number;
}

/** The simulated Bedrock writes so many tokens of the 1,000 that it may. */
const WORDY = {
  body: { ...BODY, messages: [{ role: 'user', content: [{ text: '[[output=900]]' }] }] },
};
const INVOKE_UNKNOWN = { operation: 'converse', body: { ...BODY, promptVariables: {} } };
const REFUSALS: readonly (readonly [string, State])[] = [
  [
    'larger than the limit',
    { cap: { limitUsd: '0.001' }, reason: 'larger-than-limit', status: 429 },
  ],
  [
    'spent',
    { cap: { limitUsd: '0.0075' }, earlier: 1, asked: WORDY, reason: 'spent', status: 429 },
  ],
  ['a cap of zero', { cap: { limitUsd: '0' }, reason: 'larger-than-limit', status: 429 }],
  ['no cap', { reason: 'no_cap_applies', status: 400 }],
  ['a disabled key', { cap: {}, key: { enabled: false }, reason: 'unknown_key', status: 401 }],
  [
    'a model not allowed',
    { cap: {}, key: { models: ['amazon.*'] }, reason: 'model_not_allowed', status: 400 },
  ],
  [
    'an unknown model',
    {
      cap: {},
      asked: { modelId: 'amazon.nova-micro-v9:9' },
      reason: 'model_not_priced',
      status: 400,
    },
  ],
  [
    'a field without a price',
    { cap: {}, asked: INVOKE_UNKNOWN, reason: 'unpriced_field', status: 400 },
  ],
  [
    'a dear request',
    { cap: {}, key: { maxRequestUsd: '0.0001' }, reason: 'request_too_dear', status: 400 },
  ],
  [
    'its own header',
    {
      cap: {},
      asked: { headers: { 'x-hardcap-max-usd': '0.0001' } },
      reason: 'request_too_dear',
      status: 400,
    },
  ],
  ['a malformed cap', { cap: { limitUsd: 'lots' }, reason: 'settings_malformed', status: 503 }],
  [
    'a malformed tag',
    {
      cap: { splitBy: 'request-tag:run' },
      asked: { headers: { 'x-hardcap-tag': 'run' } },
      reason: 'invalid_request',
      status: 400,
    },
  ],
];

it.each(REFUSALS)('is refused as the gateway refuses: %s', async (_name, state) => {
  turn += 1;
  const keyId = `caller-${turn}`;
  const capId = `cap-${turn}`;
  const key = await running.key(keyId, state.key);
  const { asked = {} } = state;
  if (state.cap !== undefined) await running.cap(capId, { keys: [keyId], ...state.cap });
  for (let sent = 0; sent < (state.earlier ?? 0); sent += 1) await answered(key, asked);

  const { told, real } = await compare(keyId, key, asked);

  expect([told.status, told.headers['x-hardcap-reason']]).toEqual([state.status, state.reason]);
  expect(told.status).toBe(real.response.status);
  expect(JSON.parse(told.body)).toEqual(JSON.parse(real.body));
  for (const name of ['x-hardcap-cap', 'x-hardcap-remaining-usd', 'x-hardcap-resets-at']) {
    expect(told.headers[name] ?? null).toBe(real.response.headers.get(name));
  }
  await running.removeCap(capId);
});

it.each([
  ['reserved-in-flight', 60_000],
  // A real refusal charges what has expired; explain only says so.
  ['spent', -120_000],
])('is refused as %s by what another request holds', async (reason, lastsMs) => {
  turn += 1;
  const keyId = `caller-${turn}`;
  const capId = `cap-${turn}`;
  const key = await running.key(keyId);
  await running.cap(capId, { keys: [keyId], limitUsd: '0.01' });
  await createDynamoLedger({
    dynamo: documentCalls(running.dynamo),
    tableName: running.gateway.ledgerTable,
    clock: systemClock,
    maxInFlight: 10,
    journalDays: 1,
  }).reserve({
    counter: { pk: `COUNTER#${capId}`, sk: windowAt(windowRule('daily'), Date.now()).id },
    reservationId: reservationId(Date.now() + lastsMs, systemClock.randomCharacters(10)),
    amountNanoUsd: usd('0.008'),
    shownLimitNanoUsd: usd('0.01'),
  });

  const { told, real } = await compare(keyId, key, {});

  expect(told.headers['x-hardcap-reason']).toBe(reason);
  expect(JSON.parse(told.body)).toEqual(JSON.parse(real.body));
});

it('is refused a counter by a tag of its request as the gateway refuses it', async () => {
  const key = await running.key('tagger');
  await running.cap('tagged', { keys: ['tagger'], splitBy: 'request-tag:run' });
  await running.cap('covers', { keys: ['tagger'] });
  await answered(key, { headers: { 'x-hardcap-tag': 'run=a' } });

  const known = await compare('tagger', key, { headers: { 'x-hardcap-tag': 'run=a' } });
  const other = await compare('tagger', key, { headers: { 'x-hardcap-tag': 'run=b' } });

  expect([known.told.status, known.real.response.status]).toEqual([200, 200]);
  expect(other.told.headers['x-hardcap-reason']).toBe('tag-counter-limit');
  expect(JSON.parse(other.told.body)).toEqual(JSON.parse(other.real.body));
});

const explained = (told: ImaginedAnswer, keyId: string, asked: Asked = {}) =>
  explainedJson({
    ...told,
    keyId,
    model: asked.modelId ?? HAIKU,
    operation: 'converse',
    isStream: false,
    isSample: false,
    sent: requestOf(asked).body,
    nowMs: Date.now(),
  });

it('admits what the gateway admits, at the same reservation, on the fullest cap first', async () => {
  const key = await running.key('room');
  await running.cap('room-wide', { keys: ['room'], limitUsd: '9' });
  await running.cap('room-tight', { keys: ['room'], limitUsd: '3', window: 'monthly' });
  await running.cap('room-warn', { keys: ['room'], limitUsd: '0.0001', action: 'warn' });

  const { told, real } = await compare('room', key, {});
  const json = explained(told, 'room');

  expect(real.response.status).toBe(200);
  expect(json.verdict).toBe('admitted');
  expect(json.reservation?.boundUsd).toBe(real.response.headers.get('x-hardcap-reserved-usd'));
  expect(json.caps.map(({ cap }) => cap)).toEqual(['room-tight', 'room-wide', 'room-warn']);
  expect(json.caps[0]).toMatchObject({ limitUsd: '3.00', remainingUsd: '3.00', hasRoom: true });
});

it('clamps to the same output limit as the gateway', async () => {
  const key = await running.key('clamped');
  await running.cap('clamping', { keys: ['clamped'], limitUsd: '0.003', action: 'clamp' });

  const { told, real } = await compare('clamped', key, {});
  const json = explained(told, 'clamped');

  expect(json.verdict).toBe('clamped');
  const header = real.response.headers.get('x-hardcap-clamped-max-tokens');
  expect(String(json.reservation?.maxTokens)).toBe(header);
});

function runCli(
  cwd: string,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, [path.resolve('bin/hardcap.ts'), ...args], {
    cwd,
    env: { ...PROGRAM_ENVIRONMENT, NO_COLOR: '1', AWS_REGION: 'us-east-1' },
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout })));
}

it('runs as a command, with a body of its own making or one from a file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hardcap-explain-'));
  try {
    await running.key('teller');
    await running.cap('told', { keys: ['teller'], limitUsd: '0.5' });
    await writeFile(path.join(folder, 'body.json'), '{"message": "no shape of ours"}');
    const { settingsTable, ledgerTable, dynamoEndpoint = '' } = running.gateway;
    const tables = ['--settings-table', settingsTable, '--ledger-table', ledgerTable];
    const asked = ['explain', '--key', 'teller', '--model', NOVA, '--endpoint', dynamoEndpoint];

    const made = await runCli(folder, [...asked, ...tables, '--max-tokens', '50']);
    const given = await runCli(folder, [...asked, ...tables, '--body', 'body.json', '--json']);

    expect(made.code).toBe(0);
    expect(made.stdout).toContain('a body that was made up');
    expect(made.stdout).toMatch(/ADMITTED\. \$0\.0\d+ would be reserved/);
    expect(made.stdout).toMatch(/output tokens \(its limit\) +50 /);
    expect(JSON.parse(given.stdout)).toMatchObject({
      verdict: 'refused',
      answer: { status: 400, code: 'unpriced_field', type: 'ValidationException' },
      estimate: null,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
