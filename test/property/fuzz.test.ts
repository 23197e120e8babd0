/**
 * A few thousand of the bodies of `npm run fuzz`, which is how a million are run.
 */
import { expect, it } from 'vitest';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import { fuzzBody, SEEDLINGS } from '../fuzz/fuzz-bodies.ts';
import { faultsOf, send } from '../helpers/forwarded-body.ts';

it.each(SEEDLINGS)('a valid body of $request.model.family by $request.operation is sent', (one) => {
  const outcome = send(Buffer.from(JSON.stringify(one.body)), one.request);

  expect(outcome).toMatchObject({ kind: 'sent' });
  expect(faultsOf(outcome, one.request)).toEqual([]);
});

it('every family that has rules has valid bodies', () => {
  const covered = new Set(SEEDLINGS.map(({ request }) => request.model.family));

  expect([...covered].sort()).toEqual(Object.keys(FAMILIES).sort());
});

it('threats 8, 9 and 10: nearly right bodies are refused by name, or sent as they were priced', () => {
  const kinds = new Set<string>();
  for (let n = 0; n < 4_000; n += 1) {
    const { bytes, request } = fuzzBody(20_261_124, n);
    const outcome = send(bytes, request);
    kinds.add(outcome.kind);

    expect(faultsOf(outcome, request), `body ${n}`).toEqual([]);
  }
  expect(kinds).toEqual(new Set(['sent', 'refused']));
});
