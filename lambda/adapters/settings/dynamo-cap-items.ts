/**
 * The CapItems port on the settings table: all caps, and what is wrong with the malformed ones.
 */
import type { CapItems } from '../../ports/board.ts';
import { readCaps } from './cap-items.ts';
import { PARTITION } from './setting-items.ts';
import { queryPartition, type SettingsTable } from './settings-table.ts';

/** The caps of this settings table, read anew each time. */
export const createDynamoCapItems = (table: SettingsTable): CapItems => ({
  readAll: async () => {
    const { caps, malformedCaps } = readCaps(await queryPartition(table, PARTITION.cap));
    return [...caps, ...malformedCaps];
  },
});
