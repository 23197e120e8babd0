/**
 * How the tables of a target are called; each target has its own on the one DynamoDB.
 */

export const settingsTableOf = (target: string): string => `${target}-settings`;
export const ledgerTableOf = (target: string): string => `${target}-ledger`;

/** What the floor writes to. */
export const FLOOR_TABLE = 'floor';
