/**
 * Rules of the last requests: which keys are asked for, and what a filter leaves.
 */
import { expect, it } from 'vitest';
import { MAX_JOURNAL_KEYS, readRecentRequests } from '../../lambda/application/recent-requests.ts';
import type { RecentEntry } from '../../lambda/ports/board.ts';
import { usd } from '../helpers/builders.ts';

const entry = (keyId: string, rest: Partial<RecentEntry> = {}): RecentEntry => ({
  atMs: 0,
  requestId: keyId,
  keyId,
  modelId: 'amazon.nova-micro-v1:0',
  outcome: 'settled',
  reservedNanoUsd: usd('1'),
  costNanoUsd: usd('1'),
  count: 1,
  counters: ['COUNTER#team/daily'],
  ...rest,
});

async function read(typed: string, entries: readonly RecentEntry[], keyIds = ['alice', 'bob']) {
  const asked: (readonly string[])[] = [];
  const found = await readRecentRequests(
    {
      keys: { readIds: async () => ({ keyIds, isWhole: true }) },
      journal: {
        latest: async (ids) => {
          asked.push(ids);
          return entries;
        },
      },
    },
    typed,
    0,
  );
  return { ids: found.entries.map(({ keyId }) => keyId), asked: asked[0], isWhole: found.isWhole };
}

it('asks for the journal of the filtered keys alone, and leaves out expired charges of nobody', async () => {
  expect(await read('key:ali', [entry('alice'), entry('-')])).toEqual({
    ids: ['alice'],
    asked: ['alice'],
    isWhole: true,
  });
});

it.each(['nova', 'refused', 'spent', 'other-cap'])('finds a request by "%s"', async (typed) => {
  const found = entry('bob', {
    outcome: 'refused',
    reason: 'spent',
    counters: ['COUNTER#other-cap/daily'],
  });
  const { ids } = await read(typed, [entry('alice', { modelId: 'meta.llama' }), found]);

  expect(ids).toEqual(['bob']);
});

it('asks for so many keys and no more, and says that there are others', async () => {
  const many = Array.from({ length: MAX_JOURNAL_KEYS + 1 }, (_, n) => `k${n}`);
  const { asked, isWhole } = await read('', [], many);

  expect(asked).toHaveLength(MAX_JOURNAL_KEYS);
  expect(isWhole).toBe(false);
});
