/**
 * The ledger's contract on another DynamoDB: set HARDCAP_TEST_DYNAMODB_URL to its endpoint.
 */
import { describe, it } from 'vitest';
import { createLedgerTable } from '../helpers/ledger-table.ts';
import { ledgerContract } from './ledger.ts';

const url = process.env.HARDCAP_TEST_DYNAMODB_URL;

if (url === undefined) {
  describe('the ledger on HARDCAP_TEST_DYNAMODB_URL', () => {
    it.skip('is tested when the variable names a DynamoDB endpoint', () => undefined);
  });
} else {
  ledgerContract(`the ledger on ${url}`, () => createLedgerTable(url));
}
