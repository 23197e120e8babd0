/**
 * The ledger's contract on dynalite, which is what local mode keeps its books in.
 */
import { startDynaliteLedger } from '../helpers/ledger-table.ts';
import { ledgerContract } from './ledger.ts';

ledgerContract('the ledger on dynalite', () => startDynaliteLedger());
