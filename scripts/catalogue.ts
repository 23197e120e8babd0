/**
 * Writes the catalogue's data, which the code reads, out of the rows that people edit.
 *
 * `npm run catalogue` writes; a test fails where what is committed differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { VENDOR_ROWS } from '../lambda/domain/catalogue/vendor-rows.ts';

const dataUrl = new URL('../lambda/domain/catalogue/rows.data.json', import.meta.url);

/** A line for each model, so that a change of one reads as such. */
const catalogueText = (): string =>
  `[\n${VENDOR_ROWS.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`;

/** What is committed, and what should be. */
export function catalogueData(): { readonly written: string; readonly expected: string } {
  return { written: readFileSync(dataUrl, 'utf8'), expected: catalogueText() };
}

if (import.meta.main) writeFileSync(dataUrl, catalogueText());
