/**
 * Nothing that a caller or a model says, and no part of a key, is found in what the gateway prints
 * at its most talkative, or in the ledger table.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRIC, METRIC_PROPERTY } from '../../lambda/contract.ts';
import { formatKey } from '../../lambda/domain/caller-key.ts';
import { createCanaries } from '../helpers/canaries.ts';
import { temporaryFolder } from '../helpers/processes.ts';
import { PROGRAM_ENVIRONMENT } from '../helpers/program-environment.ts';
import { HAIKU, newKey } from '../helpers/running-gateway.ts';
import { createUpstreamBench } from '../helpers/upstream-server.ts';
import { answerLoosely } from './loose-bedrock.ts';

const READY_WITHIN_MS = 30_000;
const GPT = 'openai.gpt-oss-120b-1:0';

const canaries = createCanaries();
const guarded = (key: string): string => {
  canaries.guardKey(key);
  return key;
};
const keys = {
  good: guarded(newKey('good')),
  full: guarded(newKey('full')),
  tiny: guarded(newKey('tiny')),
  bare: guarded(newKey('bare')),
  cut: guarded(newKey('cut')),
  stranger: guarded(newKey('stranger')),
  forged: guarded(newKey('good')),
};

const SEED = {
  keys: Object.entries(keys)
    .filter(([id]) => id !== 'stranger' && id !== 'forged')
    .map(([id, secret]) => ({ id, secret, team: 'red' })),
  caps: [
    { id: 'all', limitUsd: 100, window: 'daily', keys: ['good', 'cut'] },
    { id: 'tiny', limitUsd: 0.000001, window: 'daily', keys: ['tiny'] },
    { id: 'nothing', limitUsd: 0, window: 'daily', keys: ['full'] },
  ],
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: ChildProcess;
let url = '';
let printed = '';
const bench = createUpstreamBench();
beforeAll(async () => {
  folder = await temporaryFolder();
  const bedrock = await bench.serve((request, response) => {
    const body = bedrock.seen.at(-1)?.body.toString() ?? '';
    answerLoosely(canaries, request, body, response);
  });
  const seed = path.join(folder.path, 'seed.json');
  await writeFile(seed, JSON.stringify(SEED));
  const args = ['--port', '0', '--seed', seed, '--upstream', bedrock.url.href];
  child = spawn(process.execPath, [path.resolve('bin/local.ts'), ...args], {
    cwd: folder.path,
    env: {
      ...PROGRAM_ENVIRONMENT,
      HARDCAP_SETTINGS_MAX_AGE_MS: '2000',
      HARDCAP_ROLLOVER_INTERVAL_MS: '1000',
      POWERTOOLS_LOG_LEVEL: 'DEBUG',
      POWERTOOLS_METRICS_DISABLED: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise: ready, resolve: setReady } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const found = /listening on (\S+)\n/.exec(printed)?.[1];
      if (found !== undefined) setReady(found);
    });
  }
  url = await ready;
}, READY_WITHIN_MS);
afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  await bench.close();
  await folder.remove();
});

interface Ask {
  readonly mode?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly leaves?: boolean;
}

type Door = (ask: Ask) => { readonly path: string; readonly body: Record<string, unknown> };

const prompt = ({ mode = 'plain' }: Ask): string =>
  `${canaries.put(`prompt, ${mode}`)} mode=${mode}`;
const messages = (ask: Ask) => [{ role: 'user', content: prompt(ask) }];
const tool = (ask: Ask) => ({
  name: 'find',
  description: canaries.put(`tool, ${ask.mode}`),
});

const converseDoor =
  (operation: string): Door =>
  (ask) => ({
    path: `/model/${encodeURIComponent(HAIKU)}/${operation}`,
    body: {
      messages: [{ role: 'user', content: [{ text: prompt(ask) }] }],
      system: [{ text: canaries.put('system prompt') }],
      inferenceConfig: { maxTokens: 50 },
      toolConfig: {
        tools: [{ toolSpec: { ...tool(ask), inputSchema: { json: { type: 'object' } } } }],
      },
    },
  });
const claude = (ask: Ask) => ({
  max_tokens: 50,
  system: canaries.put('system prompt'),
  messages: messages(ask),
  tools: [{ ...tool(ask), input_schema: { type: 'object' } }],
});
const invokeDoor =
  (operation: string): Door =>
  (ask) => ({
    path: `/model/${encodeURIComponent(HAIKU)}/${operation}`,
    body: { anthropic_version: 'bedrock-2023-05-31', ...claude(ask) },
  });
const anthropicDoor =
  (stream: boolean): Door =>
  (ask) => ({ path: '/v1/messages', body: { model: HAIKU, stream, ...claude(ask) } });
const openAiDoor =
  (model: string, stream: boolean): Door =>
  (ask) => ({
    path: '/openai/v1/chat/completions',
    body: {
      model,
      stream,
      max_tokens: 50,
      messages: messages(ask),
      tools: [{ type: 'function', function: { ...tool(ask), parameters: { type: 'object' } } }],
    },
  });

const converse = converseDoor('converse');
const converseStream = converseDoor('converse-stream');
const WHOLE: readonly Door[] = [
  converse,
  invokeDoor('invoke'),
  anthropicDoor(false),
  openAiDoor(HAIKU, false),
  openAiDoor(GPT, false),
];
const STREAMS: readonly Door[] = [
  converseStream,
  invokeDoor('invoke-with-response-stream'),
  anthropicDoor(true),
  openAiDoor(HAIKU, true),
  openAiDoor(GPT, true),
];

/** Sends it, with canaries in headers and query, and reads the answer as far as it comes. */
async function send(door: Door, ask: Ask = {}): Promise<number> {
  const { path: where, body } = door(ask);
  const leaving = new AbortController();
  const response = await fetch(`${url}${where}?q=${encodeURIComponent(canaries.put('query'))}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${ask.key ?? keys.good}`,
      'content-type': 'application/json',
      'user-agent': canaries.put('user agent'),
      cookie: canaries.put('cookie'),
      'x-anything': canaries.put('header'),
      ...ask.headers,
    },
    body: ask.body ?? JSON.stringify(body),
    signal: leaving.signal,
  });
  if (ask.leaves === true) leaving.abort();
  await response.text().catch(() => undefined);
  return response.status;
}

const dynamo = async () => {
  const state = JSON.parse(
    await readFile(path.join(folder.path, '.hardcap', 'local.json'), 'utf8'),
  ) as Record<'endpoint' | 'ledgerTable' | 'settingsTable', string>;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: state.endpoint,
    credentials,
  });
  return { client, ...state };
};

/** The key's item, disabled, while a stream of it runs. */
async function disable(keyId: string): Promise<void> {
  const { client, settingsTable } = await dynamo();
  const Item = {
    pk: { S: 'KEY' },
    sk: { S: keyId },
    v: { N: '1' },
    secretSha256: { S: '0'.repeat(64) },
    enabled: { BOOL: false },
  };
  await client.send(new PutItemCommand({ TableName: settingsTable, Item }));
  client.destroy();
}

const metricLines = (): Record<string, unknown>[] =>
  printed
    .split('\n')
    .filter((line) => line.includes('"_aws"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const lineWhere = (name: string, value: unknown) =>
  metricLines().find((line) => line[name] === value) ?? {};

describe('a request’s line of metrics', () => {
  it('says whose it was, of what model, and what it cost', async () => {
    await send(converse);

    await expect
      .poll(() => lineWhere('outcome', 'settled'))
      .toMatchObject({
        service: 'gateway',
        [METRIC_PROPERTY.requestId]: expect.any(String),
        [METRIC_PROPERTY.key]: 'good',
        [METRIC_PROPERTY.team]: 'red',
        [METRIC_PROPERTY.model]: HAIKU,
        [METRIC_PROPERTY.vendor]: 'anthropic',
        [METRIC_PROPERTY.operation]: 'converse',
        [METRIC_PROPERTY.status]: '200',
        [METRIC.requests]: 1,
        [METRIC.spendUsd]: expect.any(Number),
        [METRIC.reservedUsd]: expect.any(Number),
        [METRIC.addedLatencyMs]: expect.any(Number),
        [METRIC.reserveLatencyMs]: expect.any(Number),
        [METRIC.settleLatencyMs]: expect.any(Number),
        [METRIC.upstreamLatencyMs]: expect.any(Number),
      });
  });

  it('says of a refusal which cap it was, and why', async () => {
    expect(await send(converse, { key: keys.full })).toBe(429);

    await expect
      .poll(() => lineWhere('reason', 'larger-than-limit'))
      .toMatchObject({
        key: 'full',
        cap: 'nothing',
        status: '429',
        [METRIC.refusals]: 1,
        [METRIC.refusedLargerThanLimit]: 1,
      });
  });

  it('says of a wrong key which one is claimed', async () => {
    expect(await send(converse, { key: keys.forged })).toBe(401);

    await expect
      .poll(() => lineWhere('reason', 'unknown_key'))
      .toMatchObject({
        key: 'good',
        status: '401',
        [METRIC.authenticationFailures]: 1,
      });
  });
});

const WHOLE_MODES = ['plain', 'invalid', 'broken', 'no-json', 'reset', 'gone'];
const STREAM_MODES = ['plain', 'exception', 'babble', 'break', 'invalid', 'broken'];

/** Headers that are read, each with what it cannot be. */
const badHeaders = (): Record<string, string>[] => [
  { authorization: `Bearer ${canaries.put('bearer').replaceAll(' ', '-')}` },
  { authorization: canaries.put('authorization') },
  { 'x-api-key': keys.stranger },
  { 'x-hardcap-max-usd': canaries.put('x-hardcap-max-usd') },
  { 'x-hardcap-tag': `${canaries.put('x-hardcap-tag')};!` },
  { 'x-amzn-bedrock-request-metadata': `{"${canaries.put('metadata')}` },
  { 'x-amzn-bedrock-guardrailidentifier': canaries.put('guardrail') },
  { 'x-amzn-bedrock-service-tier': canaries.put('tier') },
  { 'content-encoding': canaries.put('encoding') },
  { 'anthropic-beta': canaries.put('beta') },
];

const badBodies = (): string[] => [
  canaries.put('body that is no JSON'),
  `{"messages": ${canaries.put('half a body')}`,
  JSON.stringify([canaries.put('body that is a list')]),
  JSON.stringify({ messages: canaries.put('messages') }),
  JSON.stringify({ messages: [{ role: 'user', content: [{ [canaries.put('block')]: 1 }] }] }),
  JSON.stringify({ [canaries.put('member')]: canaries.put('value') }),
  `{"a":"${canaries.put('value')}","a":"${canaries.put('second value')}"}`,
];

async function cutStream(): Promise<void> {
  const cut = send(converseStream, { mode: 'hang', key: keys.cut });
  await sleep(300);
  await disable('cut');
  await cut;
}

async function storm(): Promise<void> {
  const asked: Promise<unknown>[] = [];
  for (const door of WHOLE) for (const mode of WHOLE_MODES) asked.push(send(door, { mode }));
  for (const door of STREAMS) for (const mode of STREAM_MODES) asked.push(send(door, { mode }));
  for (const door of STREAMS) asked.push(send(door, { leaves: true }));
  for (const door of [...WHOLE, ...STREAMS]) {
    for (const key of [keys.full, keys.tiny, keys.bare, keys.stranger, keys.forged]) {
      asked.push(send(door, { key }));
    }
  }
  for (const headers of badHeaders()) {
    for (const door of [converse, anthropicDoor(false), openAiDoor(HAIKU, false)]) {
      asked.push(send(door, { headers }));
    }
  }
  for (const body of badBodies()) for (const door of WHOLE) asked.push(send(door, { body }));
  const nowhere: Door = () => ({ path: `/${encodeURIComponent(canaries.put('path'))}`, body: {} });
  asked.push(send(nowhere), send(converseDoor('count-tokens')), cutStream());
  asked.push(send(converse, { key: formatKey('good', '_'.repeat(43)) }));
  await Promise.all(asked);
}

async function ledgerItems(): Promise<string> {
  const { client, ledgerTable } = await dynamo();
  const { Items = [] } = await client.send(new ScanCommand({ TableName: ledgerTable }));
  client.destroy();
  return JSON.stringify(Items);
}

describe('prompts, answers, keys and headers', () => {
  it('are found neither in the output nor in the ledger, whatever goes wrong', async () => {
    await storm();
    // The rollover has its turn with what is left.
    await sleep(1_200);
    const ledger = await ledgerItems();
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;

    expect(canaries.foundIn(printed)).toEqual([]);
    expect(canaries.foundIn(ledger)).toEqual([]);
    // Both have something to say, so that finding nothing means something.
    expect(ledger).toContain('JOURNAL#');
    expect(ledger).toContain(HAIKU);
    for (const said of ['"UpstreamFailures"', '"unknown_key"', '"outcome":"charged-in-full"']) {
      expect(printed).toContain(said);
    }
  });

  it('are printed as lines of JSON alone, but for the greeting', () => {
    const lines = printed.split('\n').filter((line) => line.startsWith('{'));

    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });
});

describe('the search itself', () => {
  it('finds a canary in the open and in base64, and any part of a key', () => {
    const own = createCanaries();
    const text = own.put('prompt');
    own.guardKey(keys.good);

    expect(own.foundIn(`{"a":"${text}"}`)).toEqual(['prompt']);
    for (const before of ['', 'a', 'ab']) {
      const encoded = Buffer.from(`${before}${text} and more`).toString('base64');
      expect(own.foundIn(encoded)).toContain('prompt, in base64');
    }
    expect(own.foundIn(`...${keys.good.slice(-30, -15)}...`).length).toBeGreaterThan(0);
  });
});
