/**
 * Caps that parameters say: how they are shown, and what to do in place of `cap set` and `remove`.
 */
import { parseSynced, SYNCED_PREFIX } from '../../lambda/adapters/settings/parameter-item.ts';
import { PARTITION, type SettingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { DEFAULTS, SSM_CAPS_FOLDER } from '../../lambda/contract.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { type CliFailure, wrongUse } from './failure.ts';
import { printable } from './malformed-view.ts';
import type { Session } from './session.ts';
import { findItem } from './settings-store.ts';

/** Where a cap that a parameter has a part in comes from, for programs; nothing for others. */
export function originJson({ parameter }: Cap): Record<string, string> {
  if (parameter === undefined) return {};
  const { source, limitNanoUsd, table } = parameter;
  return {
    origin: table === undefined ? 'ssm' : 'both',
    parameter: source,
    parameterLimitUsd: formatUsd(limitNanoUsd),
    ...(table === undefined ? {} : { tableLimitUsd: formatUsd(table.limitNanoUsd) }),
  };
}

/** The same in words; undefined for a cap of the table alone. */
export function originText({ parameter }: Cap): string | undefined {
  if (parameter === undefined) return undefined;
  const { source, limitNanoUsd, table } = parameter;
  if (table === undefined) return printable(`from SSM (${source})`);
  return printable(
    `$${formatUsd(limitNanoUsd)} from SSM (${source}) and $${formatUsd(table.limitNanoUsd)} in ` +
      'the table: the lower holds',
  );
}

const isSyncedId = (id: string): boolean => id.startsWith(SYNCED_PREFIX);
const FILE = 'file ';

/** What is to be done to the parameter, as a command where it is one of SSM's. */
function advice(verb: 'put' | 'delete', id: string, item: SettingItem | undefined): string {
  const source = typeof item?.source === 'string' ? item.source : '';
  if (source.startsWith(FILE)) return `${verb === 'put' ? 'change' : 'remove'} the ${source}`;
  const folder = `${DEFAULTS.ssmPrefix}/${SSM_CAPS_FOLDER}/`;
  const name = source.split(' ')[1] ?? `${folder}${id.slice(SYNCED_PREFIX.length)}`;
  return verb === 'delete'
    ? `use: aws ssm delete-parameter --name ${name}`
    : `use: aws ssm put-parameter --name ${name} --value <dollars> --type String --overwrite`;
}

/**
 * Refuses to touch what the sync writes: it would be undone within a minute.
 *
 * @throws CliFailure where the id is of such an item
 */
export async function refuseSynced(
  { connection }: Session,
  verb: 'put' | 'delete',
  id: string,
): Promise<void> {
  if (!isSyncedId(id)) return;
  const item = await findItem(connection, PARTITION.cap, id);
  throw wrongUse(
    printable(
      `"${id}" is what a parameter says, and the sync would undo a change here; ` +
        advice(verb, id, item),
    ),
  );
}

/** Tells what a parameter of the cap's name does to a cap of the table that was just set. */
export async function tellParameter({ connection, output }: Session, cap: Cap): Promise<void> {
  const id = SYNCED_PREFIX + cap.capId;
  const item = await findItem(connection, PARTITION.cap, id);
  if (item === undefined) return;
  const reading = parseSynced(item);
  if (reading.kind === 'cap') {
    output.notice(`there is also the cap "${id}", by a parameter: both hold.`);
  } else if (reading.kind === 'limit') {
    const limit = `$${formatUsd(reading.limitNanoUsd)}`;
    output.notice(
      printable(
        `a parameter limits "${cap.capId}" to ${limit}, and the lower of the two holds; to ` +
          `change that, ${advice('put', id, item)}`,
      ),
    );
  }
}

/** Tells what a parameter holds still of a cap that was just removed from the table. */
export async function tellParameterLeft({ connection, output }: Session, id: string) {
  const item = await findItem(connection, PARTITION.cap, SYNCED_PREFIX + id);
  if (item === undefined) return;
  output.notice(
    printable(
      `a parameter of the same name holds on; to remove it too, ${advice('delete', id, item)}`,
    ),
  );
}

/** The failure to remove a cap that is a parameter's alone; undefined where there is none. */
export async function parameterOnly(
  { connection }: Session,
  id: string,
): Promise<CliFailure | undefined> {
  const item = await findItem(connection, PARTITION.cap, SYNCED_PREFIX + id);
  if (item === undefined) return undefined;
  return wrongUse(
    printable(
      `the cap "${id}" is not in the table: a parameter says it; ${advice('delete', id, item)}`,
    ),
  );
}
