/**
 * A table of DynamoDB as its documentation describes single items: synchronous and in memory.
 *
 * It answers the document client's commands as that client would (wrapNumbers), and refuses with
 * the SDK's own exceptions. Its tests run the same scripts against dynalite.
 *
 * Invariant: a command takes effect wholly or not at all.
 * Not here:  time, delays and faults; reads that lag (a clone kept from before is one); paths into
 *            documents, filters, projections and transactions, which raise NotModelledError.
 */
import {
  DeleteCommand,
  type DeleteCommandOutput,
  GetCommand,
  type GetCommandOutput,
  PutCommand,
  type PutCommandOutput,
  QueryCommand,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandOutput,
  UpdateCommand,
  type UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { type NativeItem, nativeItem } from './attribute-values.ts';
import { ItemStore, keyOf } from './item-store.ts';
import { NotModelledError } from './store-errors.ts';
import { query, scan } from './table-reads.ts';
import { put, remove, update } from './table-writes.ts';

export type TableCommand =
  | UpdateCommand
  | GetCommand
  | PutCommand
  | DeleteCommand
  | QueryCommand
  | ScanCommand;

export type TableOutput =
  | UpdateCommandOutput
  | GetCommandOutput
  | PutCommandOutput
  | DeleteCommandOutput
  | QueryCommandOutput
  | ScanCommandOutput;

export interface SimulatedTable {
  /**
   * What the document client would resolve to; the command's TableName is not looked at.
   *
   * @throws ConditionalCheckFailedException, ValidationException as the SDK does
   * @throws NotModelledError for what this table does not know
   */
  apply(command: UpdateCommand): UpdateCommandOutput;
  apply(command: GetCommand): GetCommandOutput;
  apply(command: PutCommand): PutCommandOutput;
  apply(command: DeleteCommand): DeleteCommandOutput;
  apply(command: QueryCommand): QueryCommandOutput;
  apply(command: ScanCommand): ScanCommandOutput;
  apply(command: TableCommand): TableOutput;
  /** One item as the document client gives it, undefined where there is none. */
  item(pk: string, sk: string): NativeItem | undefined;
  /** What the item counts as by DynamoDB's size rules; 0 where there is none. */
  bytes(pk: string, sk: string): number;
  /** Every item as the document client gives it, in the order of the keys. */
  items(): Iterable<NativeItem>;
  /** A table of the same items that changes by itself. */
  clone(): SimulatedTable;
}

/** An empty table of the ledger's form: pk, sk and the sparse index. */
export const createSimulatedTable = (): SimulatedTable => tableOf(new ItemStore());

function tableOf(store: ItemStore): SimulatedTable {
  return {
    apply: ((command: TableCommand) => apply(store, command)) as SimulatedTable['apply'],
    item: (pk, sk) => {
      const item = store.get({ pk, sk });
      return item === undefined ? undefined : nativeItem(item.attributes);
    },
    bytes: (pk, sk) => store.get({ pk, sk })?.bytes ?? 0,
    *items() {
      for (const item of store.all()) yield nativeItem(item.attributes);
    },
    clone: () => tableOf(store.clone()),
  };
}

const $metadata = Object.freeze({ httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 });

function apply(store: ItemStore, command: TableCommand): TableOutput {
  mustBeModelled(command);
  if (command instanceof UpdateCommand) return { $metadata, ...update(store, command.input) };
  if (command instanceof GetCommand) {
    const item = store.get(keyOf(command.input.Key));
    return item === undefined ? { $metadata } : { $metadata, Item: nativeItem(item.attributes) };
  }
  if (command instanceof PutCommand) return { $metadata, ...put(store, command.input) };
  if (command instanceof DeleteCommand) return { $metadata, ...remove(store, command.input) };
  if (command instanceof QueryCommand) return { $metadata, ...query(store, command.input) };
  return { $metadata, ...scan(store, command.input) };
}

const WRITE_MEMBERS = [
  'TableName',
  'ConditionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'ReturnValues',
  'ReturnValuesOnConditionCheckFailure',
];
const PAGE_MEMBERS = ['TableName', 'ConsistentRead', 'Limit', 'ExclusiveStartKey'];

const MODELLED: ReadonlyMap<unknown, ReadonlySet<string>> = new Map<unknown, ReadonlySet<string>>([
  [UpdateCommand, new Set([...WRITE_MEMBERS, 'Key', 'UpdateExpression'])],
  [GetCommand, new Set(['TableName', 'Key', 'ConsistentRead'])],
  [PutCommand, new Set([...WRITE_MEMBERS, 'Item'])],
  [DeleteCommand, new Set([...WRITE_MEMBERS, 'Key'])],
  [
    QueryCommand,
    new Set([
      ...PAGE_MEMBERS,
      'IndexName',
      'KeyConditionExpression',
      'ProjectionExpression',
      'ExpressionAttributeNames',
      'ExpressionAttributeValues',
      'ScanIndexForward',
    ]),
  ],
  [ScanCommand, new Set(PAGE_MEMBERS)],
]);

/** A member that is not looked at would be a rule that is not kept. */
function mustBeModelled(command: TableCommand): void {
  const members = MODELLED.get(command.constructor);
  if (members === undefined) throw new NotModelledError(command.constructor.name);
  const input: object = command.input;
  for (const member in input) {
    if (!members.has(member) && input[member as never] !== undefined) {
      throw new NotModelledError(`${command.constructor.name} with ${member}`);
    }
  }
}
