/**
 * The CapList port on the settings table: the caps, and neither keys nor prices.
 */
import type { CapList } from '../../ports/cap-list.ts';
import { readCaps } from './cap-items.ts';
import { PARTITION } from './setting-items.ts';
import { queryPartition, type SettingsTable } from './settings-table.ts';

/** The caps of this settings table, read anew each time. */
export const createDynamoCapList = (table: SettingsTable): CapList => ({
  readAll: async () => readCaps(await queryPartition(table, PARTITION.cap)).caps,
});
