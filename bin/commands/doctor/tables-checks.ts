/**
 * Checks of the two tables: that they are there, are what they are named, and are kept safe.
 */
import { PARTITION, REFRESH_PARTITION } from '../../../lambda/adapters/settings/setting-items.ts';
import { TABLE } from '../../../lambda/contract.ts';
import { type Check, type Finding, failure, ok, someOf, warning } from './finding.ts';
import type { TableSeen, WhichTable } from './scene.ts';

const SETTINGS_PARTITIONS: ReadonlySet<string> = new Set([
  ...Object.values(PARTITION),
  ...Object.values(REFRESH_PARTITION),
]);
const LEDGER_PARTITION = /^(?:COUNTER#|JOURNAL#|SUMMARY#|TAG-COUNTERS#|CLOSED|TOLD|UNTOLD)/;

const belongs = (which: WhichTable, partition: string): boolean =>
  which === 'settings' ? SETTINGS_PARTITIONS.has(partition) : LEDGER_PARTITION.test(partition);

const CHOOSE = 'name the right tables: --stack, or --settings-table and --ledger-table';

/** Whether the table is the one that it is taken for, and kept as the stack makes it. */
export function verdictOnTable(
  which: WhichTable,
  seen: TableSeen,
  isLocal: boolean,
): readonly Finding[] {
  const { name, status, keys, indexes, partitions } = seen;
  if (keys.join() !== [TABLE.partitionKey, TABLE.sortKey].join()) {
    return [failure(`${which} table ${name}: its keys are ${keys.join(', ')}, not pk, sk`, CHOOSE)];
  }
  if (which === 'ledger' && !indexes.includes(TABLE.openIndex)) {
    return [failure(`ledger table ${name}: it has no index "${TABLE.openIndex}"`, CHOOSE)];
  }
  const strange = [...new Set(partitions.filter((partition) => !belongs(which, partition)))];
  if (strange.length > 0) {
    return [
      failure(
        `${which} table ${name}: it holds ${someOf(strange)}, which is not of a ${which} table`,
        CHOOSE,
      ),
    ];
  }
  if (status !== 'ACTIVE' && status !== 'UPDATING') {
    return [failure(`${which} table ${name}: it is ${status}`, 'wait until it is ACTIVE')];
  }
  return isLocal ? [ok(`${which} table ${name}`)] : verdictOnSafety(which, seen);
}

function verdictOnSafety(which: WhichTable, seen: TableSeen): readonly Finding[] {
  const { name, isProtected, hasBackups } = seen;
  const lacks = [
    ...(isProtected ? [] : ['deletion protection']),
    ...(hasBackups === false ? ['point-in-time recovery'] : []),
  ];
  if (lacks.length === 0) return [ok(`${which} table ${name}, protected`)];
  return [
    warning(
      `${which} table ${name}: it is without ${lacks.join(' and ')}`,
      'deploy with -c removalPolicy=retain; a lost ledger is a cap that begins at zero',
    ),
  ];
}

const tableCheck = (which: WhichTable): Check => ({
  id: `${which}-table`,
  needs: 'tables',
  unseen: 'failure',
  run: async (scene) => verdictOnTable(which, await scene.table(which), scene.isLocal),
});

export const TABLE_CHECKS: readonly Check[] = [tableCheck('settings'), tableCheck('ledger')];
