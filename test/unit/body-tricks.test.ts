/**
 * Tricks with JSON: each is refused by name, or goes out so that every parser reads what was
 * priced.
 */
import { expect, test } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import type { RequestToPrepare } from '../../lambda/domain/estimate.ts';
import { faultsOf, limitsIn, send } from '../helpers/forwarded-body.ts';
import { BODY_TRICKS, type TrickShape } from './body-tricks.ts';

const NOVA = findModel('amazon.nova-2-lite-v1:0', new Map());
const CLAUDE = findModel('global.anthropic.claude-sonnet-4-6', new Map());

const requestOf = (shape: TrickShape): Omit<RequestToPrepare, 'body'> => ({
  operation: shape.endsWith('-converse') ? 'converse' : 'invoke',
  model: shape.startsWith('nova') ? NOVA : CLAUDE,
  headers: {},
  allowFields: new Set(),
});

test('there are at least 200 tricks', () => {
  expect(BODY_TRICKS.length).toBeGreaterThanOrEqual(200);
  expect([NOVA.maxOutputTokens, CLAUDE.maxOutputTokens]).toEqual([64_000, 64_000]);
});

test.each(BODY_TRICKS)('threats 8, 9 and 10: $shape: $name', ({ shape, body, becomes }) => {
  const request = requestOf(shape);
  const outcome = send(typeof body === 'string' ? Buffer.from(body) : body, request);

  expect(faultsOf(outcome, request)).toEqual([]);
  if (outcome.kind === 'refused') {
    expect(outcome.code, outcome.message).toBe(becomes);
    expect(outcome.message.startsWith(`${outcome.code}: `)).toBe(true);
    expect(outcome.message.length).toBeLessThan(500);
    return;
  }
  expect({ limit: outcome.prepared.outputTokens }).toEqual(becomes);
  expect(new Set(limitsIn(JSON.parse(outcome.text)))).toEqual(
    new Set([outcome.prepared.outputTokens]),
  );
});
