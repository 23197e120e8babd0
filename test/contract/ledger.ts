/**
 * The ledger's contract: the rules that any store behind the Ledger port must keep.
 *
 * Owns: the list of rules. Each file beside this one holds one family of them.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import type { LedgerTable } from '../helpers/ledger-table.ts';
import { type Bench, createBench } from './ledger-bench.ts';
import { endRules } from './ledger-end-rules.ts';
import { expiryRules } from './ledger-expiry-rules.ts';
import { faultRules } from './ledger-fault-rules.ts';
import { interleavingRules } from './ledger-interleaving-rules.ts';
import { parallelRules } from './ledger-parallel-rules.ts';
import { reserveRules } from './ledger-reserve-rules.ts';
import { tagRules } from './ledger-tag-rules.ts';

/** A new bench; `maxInFlight` is 2,000 where it is not given. */
export type NewBench = (maxInFlight?: number) => Bench;

/** Runs every rule of the contract on a table that `makeStore` makes and `close` ends. */
export function ledgerContract(name: string, makeStore: () => Promise<LedgerTable>): void {
  describe(name, () => {
    let table: LedgerTable;
    beforeAll(async () => {
      table = await makeStore();
    });
    afterAll(() => table.close());
    const newBench: NewBench = (maxInFlight) => createBench(table, maxInFlight);

    describe('reserve', () => reserveRules(newBench));
    describe('counters that callers name', () => tagRules(newBench));
    describe('settle, release, cut', () => endRules(newBench));
    describe('expire', () => expiryRules(newBench));
    describe('a bad network', () => faultRules(newBench));
    describe('many at once', () => parallelRules(newBench));
    describe('any order of events', () => interleavingRules(newBench));
  });
}
