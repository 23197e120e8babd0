/**
 * Rules of the table of mutants: a mutant whose text has moved would break nothing, and so show
 * nothing.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../simulation/mutants.ts';

describe('a mutant of the money path', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s changes a text that stands once in its file',
    (_, { file, from, to }) => {
      const source = readFileSync(path.resolve(import.meta.dirname, '../..', file), 'utf8');

      expect(source.split(from)).toHaveLength(2);
      expect(to).not.toBe(from);
    },
  );
});
