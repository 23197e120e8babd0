/**
 * The CapList port on the settings table: the caps, and neither keys nor prices.
 */
import type { Cap, MalformedCap } from '../../domain/cap.ts';
import type { CapList } from '../../ports/cap-list.ts';
import { isMalformed, PARTITION, parseCap } from './setting-items.ts';
import { queryPartition, type SettingsTable } from './settings-table.ts';

/** The caps of this settings table, read anew each time. */
export const createDynamoCapList = (table: SettingsTable): CapList => ({
  readAll: async () =>
    (await queryPartition(table, PARTITION.cap))
      .map(parseCap)
      .filter((cap: Cap | MalformedCap): cap is Cap => !isMalformed(cap)),
});
