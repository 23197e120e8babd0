/**
 * `npm run estimate:looseness`: how many times its real tokens a text is counted as, by language.
 *
 * The figures are those of the text alone: bytes as `prepareRequest` counts them, without the
 * overhead of the request. docs/prices.md keeps a copy.
 */
import Table from 'cli-table3';
import { findModel } from '../lambda/domain/catalogue.ts';
import { prepareRequest } from '../lambda/domain/estimate.ts';
import { CODE, LANGUAGES, type Sample } from '../test/helpers/texts.ts';
import { createTokenizers } from '../test/helpers/tokenizers.ts';

const model = findModel('global.anthropic.claude-sonnet-4-6', new Map());

function boundOf(text: string): number {
  const body = { max_tokens: 1, messages: [{ role: 'user', content: text }] };
  const request = {
    operation: 'invoke',
    model,
    headers: {},
    allowFields: new Set<string>(),
  } as const;
  return prepareRequest({ ...request, body }).inputTokens;
}

const tokenizers = createTokenizers();
const boundOfNothing = boundOf('');

/** By tokenizer: the bound of the text over its tokens. */
const ratiosOf = ({ text }: Sample): readonly number[] =>
  tokenizers.map(({ count }) => (boundOf(text) - boundOfNothing) / count(text));

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const table = new Table({
  head: ['text', ...tokenizers.map(({ name }) => name), 'mean'],
  style: { head: [], border: [], compact: true },
  colAligns: ['left', ...tokenizers.map(() => 'right' as const), 'right'],
});
const rows = [...LANGUAGES, ...CODE].map((sample) => ({ sample, ratios: ratiosOf(sample) }));
const cellsOf = (ratios: readonly number[]): string[] =>
  [...ratios, mean(ratios)].map((ratio) => ratio.toFixed(1));
for (const { sample, ratios } of rows) table.push([sample.name, ...cellsOf(ratios)]);
const means = tokenizers.map((_, at) => mean(rows.map(({ ratios }) => ratios[at] ?? Number.NaN)));
table.push(['mean', ...cellsOf(means)]);
process.stdout.write(`${table.toString()}\n`);
