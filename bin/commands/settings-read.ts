/**
 * The settings of a table, by section: all that people made, for `export` and `import`.
 */

import { withProgress } from './progress.ts';
import type { Session } from './session.ts';
import type { TableSettings } from './settings-plan.ts';
import { SECTIONS, type Section } from './settings-sections.ts';
import { listItems } from './settings-store.ts';

const SECTION_NAMES = Object.keys(SECTIONS) as Section[];

/** Every item of the four partitions, those included that hardcap writes itself. */
export const readTable = ({ connection }: Session): Promise<TableSettings> =>
  withProgress('reading the settings', async () => {
    const read = await Promise.all(
      SECTION_NAMES.map((name) => listItems(connection, SECTIONS[name].partition)),
    );
    return new Map(SECTION_NAMES.map((name, index) => [name, read[index] ?? []] as const));
  });

/** `3 caps, 1 key`: what there is of each. */
export function countsText(counts: readonly (readonly [Section, number])[]): string {
  const parts = counts
    .filter(([, count]) => count > 0)
    .map(([section, count]) => `${count} ${count === 1 ? SECTIONS[section].word : section}`);
  return parts.join(', ') || 'nothing';
}
