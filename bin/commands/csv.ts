/**
 * Comma-separated values by RFC 4180: CRLF line ends, a header, quotes where they are needed.
 *
 * Invariant: no cell is a formula to a spreadsheet, whatever a key or tag is called.
 */
import { printable } from './malformed-view.ts';

/** https://owasp.org/www-community/attacks/CSV_Injection */
const BEGINS_FORMULA = /^[=+\-@\t\r]/;
const TO_QUOTE = /[",\r\n]/;

/** All rows with an end of line after each; the first is the header. */
export const csvText = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');

function cell(value: string): string {
  const plain = printable(BEGINS_FORMULA.test(value) ? `'${value}` : value);
  return TO_QUOTE.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
