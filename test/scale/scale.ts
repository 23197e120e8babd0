/**
 * `npm run scale -- --seed 1`: the bound of one shared cap. Writes docs/scale.svg, and the table of
 * docs/scale.md between its marks.
 *
 * One seed gives one result, whatever the machine. Fails where a run's books pass the limit.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pictureOf } from './picture.ts';
import {
  boundIn,
  CALL_SECONDS,
  formulaOf,
  PARTS,
  type Point,
  runPoint,
  runShort,
} from './sweep.ts';

const PAGE = new URL('../../docs/scale.md', import.meta.url);
const PICTURE = new URL('../../docs/scale.svg', import.meta.url);
const BEGIN = '<!-- npm run scale begins -->';
const END = '<!-- npm run scale ends -->';
/** Below what was carried in a minute of the model: an hour has worse minutes. */
const MARGIN = 0.8;

const percent = (part: number): string => `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`;
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

function rowOf(seconds: number, points: readonly Point[]): string {
  const bound = boundIn(points);
  const at = (part: number) => points.find((point) => point.part === part);
  const [over, twice] = [at(1.25), at(2)];
  return row([
    `${seconds} s`,
    formulaOf(seconds).toFixed(0),
    bound === undefined ? 'none' : bound.offered.toFixed(0),
    bound === undefined ? '' : `${Math.ceil(bound.outcome.mostBytes / 1024)} KB`,
    bound === undefined ? '' : `**${(bound.offered * MARGIN).toFixed(0)}**`,
    `${over?.served.toFixed(0)} of ${over?.offered.toFixed(0)}`,
    `${twice?.served.toFixed(0)} of ${twice?.offered.toFixed(0)}`,
    percent(twice?.overcharged ?? Number.NaN),
  ]);
}

const HEAD = [
  'A call takes',
  'Formula, requests/s',
  'Carried',
  'Item then',
  'Split above',
  'Served at 1.25 ×',
  'Served at 2 ×',
  'Charged in full there',
];

function written(page: string, table: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from === -1 || to < from) throw new Error(`docs/scale.md has no "${BEGIN}" before "${END}"`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${table}\n\n${page.slice(to)}`;
}

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const seed = Number(values.seed);
const points: Point[] = [];
const rows: string[] = [];
for (const seconds of CALL_SECONDS) {
  for (const part of PARTS) {
    const point = await runPoint(seed, seconds, part);
    points.push(point);
    process.stderr.write(
      `${seconds} s at ${point.offered.toFixed(1)}/s: served ${point.served.toFixed(1)}/s, ` +
        `in error ${percent(point.inError)}, charged in full ${percent(point.overcharged)}, ` +
        `99 of 100 within ${point.outcome.addedMs.p99.toFixed(0)} ms, ` +
        `${point.outcome.unitsPerSecond.toFixed(0)} units/s\n`,
    );
  }
  const mine = points.filter((point) => point.seconds === seconds);
  rows.push(rowOf(seconds, mine));
  const { mostCommitted, limit } = await runShort(seed, seconds);
  const committed = percent(Number((mostCommitted * 1000n) / limit) / 1000);
  process.stderr.write(`${seconds} s with too little money: ${committed} committed at most\n`);
}
const table = [row(HEAD), `|${HEAD.map(() => '---').join('|')}|`, ...rows].join('\n');
process.stdout.write(`${table}\n`);
writeFileSync(PICTURE, pictureOf(points));
writeFileSync(PAGE, written(readFileSync(PAGE, 'utf8'), table));
