/**
 * `npm run bench:estimate`: the time from a body's bytes to its bound, median and 99th percentile.
 *
 * The aim is under 1 ms for 100 KB and under 25 ms for 4 MB of ordinary requests on one core that
 * has nothing else to do; the bodies that are made to be slow are shown beside them. It is
 * processor time, which other programs on the machine disturb less than the clock's.
 */
import Table from 'cli-table3';
import { findModel } from '../lambda/domain/catalogue.ts';
import { HardcapError } from '../lambda/domain/errors.ts';
import { prepareRequest } from '../lambda/domain/estimate.ts';
import { MAX_VALUES, parseBody } from '../lambda/domain/request-body.ts';

const KB_100 = 100_000;
const MB_4 = 4_000_000;
const model = findModel('global.anthropic.claude-sonnet-4-6', new Map());

const chat = (content: string): string =>
  `{"anthropic_version":"bedrock-2023-05-31","max_tokens":100,"messages":[{"role":"user","content":${content}}]}`;
const tool = (schema: string): string =>
  `{"max_tokens":100,"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"t","input_schema":${schema}}]}`;

/** The unit again and again, up to about so many bytes, as the content of a message. */
const text = (unit: string, bytes: number): string =>
  chat(JSON.stringify(unit.repeat(Math.floor(bytes / Buffer.byteLength(JSON.stringify(unit))))));

/** As many of them as may be, in one array. */
const list = (unit: string, values: number, bytes = MB_4): string =>
  Array(Math.min(Math.floor((MAX_VALUES - 100) / values), Math.floor(bytes / (unit.length + 1))))
    .fill(unit)
    .join(',');

const ENGLISH = 'The quick brown fox jumps over the lazy dog. ';
const CODE = '  if (value === "x") {\n    return [value];\n  }\n';
const CHINESE = '我们今天去公园散步';
const MARKS = '\u0301\u0323';
const BLOCKS = '{"type":"text","text":"One of many blocks."}';
const image = (bytes: number): string =>
  chat(
    `[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"${'iVBORw0K'.repeat(bytes / 8)}"}}]`,
  );
const wide = Array.from({ length: MAX_VALUES - 100 }, (_, at) => `"m${at}":0`).join(',');

const CASES: Readonly<Record<string, string>> = {
  '100 KB English': text(ENGLISH, KB_100),
  '100 KB code': text(CODE, KB_100),
  '100 KB Chinese': text(CHINESE, KB_100),
  '100 KB of blocks': chat(`[${list(BLOCKS, 3, KB_100)}]`),
  '4 MB English': text(ENGLISH, MB_4),
  '4 MB code': text(CODE, MB_4),
  '4 MB Chinese': text(CHINESE, MB_4),
  '4 MB image': image(MB_4),
  '4 MB U+FDFA': text('\ufdfa', MB_4),
  '4 MB of marks in a row': text(MARKS, MB_4),
  '900 KB of marks in a row': text(MARKS, 900_000),
  '900 KB U+FDFA': text('\ufdfa', 900_000),
  'most blocks': chat(`[${list(BLOCKS, 3)}]`),
  'most empty arrays': tool(`{"a":[${list('[]', 2)}]}`),
  'most small objects': tool(`{"a":[${list('{"a":0}', 2)}]}`),
  'most odd numbers': tool(`{"a":[${list('-0', 1)}]}`),
  'most members of one object': tool(`{${wide}}`),
  'most members, one escaped': tool(`{"\\u0061":0,${wide}}`),
  '4 MB of empty arrays (refused)': tool(`{"a":[${Array(Math.floor(MB_4 / 3)).fill('[]')}]}`),
};

function estimate(bytes: Uint8Array): void {
  try {
    const body = parseBody(bytes);
    prepareRequest({ operation: 'invoke', model, body, headers: {}, allowFields: new Set() });
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
  }
}

function timeMs(bytes: Uint8Array): number {
  const before = process.cpuUsage();
  estimate(bytes);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const WARM_UP = 5;
const table = new Table({
  head: ['body', 'bytes', 'median ms', 'p99 ms'],
  style: { head: [], border: [], compact: true },
  colAligns: ['left', 'right', 'right', 'right'],
});
for (const [name, body] of Object.entries(CASES)) {
  const bytes = Buffer.from(body);
  for (let n = 0; n < WARM_UP; n += 1) estimate(bytes);
  const times = Array.from({ length: bytes.length > 1_000_000 ? 40 : 200 }, () => timeMs(bytes));
  times.sort((a, b) => a - b);
  const at = (share: number): string =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(2);
  table.push([name, bytes.length, at(0.5), at(0.99)]);
}
process.stdout.write(`${table.toString()}\n`);
