/**
 * The ledger's contract on the small DynamoDB of the benchmark: its figures are those of a ledger
 * only if it decides as DynamoDB does. What takes long is left to the other stores.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { type StubDynamodb, startStubDynamodb } from '../../bench/dynamodb/server.ts';
import { createLedgerTable, type LedgerTable } from '../helpers/ledger-table.ts';
import type { NewBench } from './ledger.ts';
import { createBench } from './ledger-bench.ts';
import { endRules } from './ledger-end-rules.ts';
import { expiryRules } from './ledger-expiry-rules.ts';
import { extendRules } from './ledger-extend-rules.ts';
import { reserveRules } from './ledger-reserve-rules.ts';
import { tagRules } from './ledger-tag-rules.ts';

describe("the ledger on the benchmark's DynamoDB", () => {
  let stub: StubDynamodb;
  let table: LedgerTable;
  beforeAll(async () => {
    stub = await startStubDynamodb();
    table = await createLedgerTable(stub.url);
  });
  afterAll(async () => {
    await table.close();
    await stub.close();
  });
  const newBench: NewBench = (maxInFlight) => createBench(table, maxInFlight);

  describe('reserve', () => reserveRules(newBench));
  describe('counters that callers name', () => tagRules(newBench));
  describe('settle, release, cut', () => endRules(newBench));
  describe('extend', () => extendRules(newBench));
  describe('expire', () => expiryRules(newBench));
});
