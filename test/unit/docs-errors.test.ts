/**
 * docs/errors.md has cause and fix of every code, and the status that the code is answered with.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wireErrorOf } from '../../lambda/adapters/http/error-response.ts';
import { type ErrorCode, HardcapError } from '../../lambda/domain/errors.ts';

const PAGE = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** Every code, by the compiler: a new one is missing here, one that has gone is unknown. */
const CODES = Object.keys({
  invalid_request: 0,
  body_too_large: 0,
  unknown_route: 0,
  edge_required: 0,
  operation_not_served: 0,
  unknown_key: 0,
  model_not_priced: 0,
  model_unresolved: 0,
  model_not_allowed: 0,
  region_not_allowed: 0,
  no_cap_applies: 0,
  unpriced_field: 0,
  request_too_dear: 0,
  settings_malformed: 0,
  settings_unavailable: 0,
  ledger_unavailable: 0,
  upstream_failed: 0,
  upstream_timeout: 0,
  invariant_broken: 0,
} satisfies Record<ErrorCode, 0>) as ErrorCode[];

const REASONS = [
  'spent',
  'reserved-in-flight',
  'larger-than-limit',
  'tag-counter-limit',
  'in-flight-limit',
];

/** The cells of the row whose first cell is exactly this code. */
function rowOf(code: string): readonly string[] {
  const rows = PAGE.split('\n').filter((line) => line.startsWith(`| \`${code}\` |`));
  expect(rows, `rows of ${code}`).toHaveLength(1);
  return (rows[0] ?? '').split(/(?<!\\)\|/).map((cell) => cell.trim());
}

describe('docs/errors.md', () => {
  it.each(CODES)('says of %s its status, its type, its cause and what to do', (code) => {
    const [, , statusAndType = '', ...rest] = rowOf(code);
    const { status, type } = wireErrorOf(new HardcapError(code, code), 'a-request');

    expect(statusAndType).toBe(`${status} \`${type}\``);
    expect(rest.slice(0, 3).every((cell) => cell.length > 5)).toBe(true);
  });

  it.each(REASONS)('says of the reason %s its cause and what to do', (reason) => {
    const [, , cause = '', , fix = ''] = rowOf(reason);
    expect(cause.length).toBeGreaterThan(20);
    expect(fix.length).toBeGreaterThan(20);
  });
});
