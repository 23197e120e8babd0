/**
 * The items of a simulated table, by partition in the order of their sort keys, and by open key.
 *
 * Owns:      keys, sizes and the sparse index, which here is never behind.
 * Invariant: `bytes` is what the documented rules make of the item's attributes.
 */
import { TABLE } from '../../lambda/contract.ts';
import { compareText, type Value, valueBytes } from './attribute-values.ts';
import { validationError } from './store-errors.ts';

/** 400 KB, names and values together. */
export const MAX_ITEM_BYTES = 400 * 1024;

const MAX_PARTITION_KEY_BYTES = 2048;
const MAX_SORT_KEY_BYTES = 1024;

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

export interface StoredItem extends ItemKey {
  readonly attributes: ReadonlyMap<string, Value>;
  readonly bytes: number;
}

/** An attribute and what becomes of it; undefined removes it. */
export type Change = readonly [name: string, value: Value | undefined];

interface MutableItem extends ItemKey {
  readonly attributes: Map<string, Value>;
  bytes: number;
}

interface Partition {
  readonly items: Map<string, MutableItem>;
  /** Undefined when an item has come or gone since it was sorted. */
  sorted: readonly StoredItem[] | undefined;
}

/** By partition key, then by sort key. */
export const compareKeys = (a: ItemKey, b: ItemKey): number =>
  compareText(a.pk, b.pk) || compareText(a.sk, b.sk);

/** The key that a command names. @throws ValidationException where it is not the table's. */
export function keyOf(native: Readonly<Record<string, unknown>> | undefined): ItemKey {
  const { [TABLE.partitionKey]: pk, [TABLE.sortKey]: sk, ...others } = native ?? {};
  if (typeof pk !== 'string' || typeof sk !== 'string' || Object.keys(others).length > 0) {
    throw validationError('The provided key element does not match the schema');
  }
  mustBeKeyText(TABLE.partitionKey, pk, MAX_PARTITION_KEY_BYTES);
  mustBeKeyText(TABLE.sortKey, sk, MAX_SORT_KEY_BYTES);
  return { pk, sk };
}

function mustBeKeyText(name: string, text: string, maxBytes: number): void {
  const fault =
    text === ''
      ? 'cannot contain an empty string value'
      : text.length * 4 > maxBytes && Buffer.byteLength(text) > maxBytes
        ? `is over ${maxBytes} bytes`
        : undefined;
  if (fault === undefined) return;
  throw validationError(
    `One or more parameter values were invalid: the key attribute ${name} ${fault}`,
  );
}

/** How many bytes an item grows by; negative where it shrinks. */
export function growthOf(item: StoredItem | undefined, changes: Iterable<Change>): number {
  let growth = 0;
  for (const [name, value] of changes) {
    const standing = item?.attributes.get(name);
    if (standing !== undefined) growth -= valueBytes(standing);
    if (value !== undefined) growth += valueBytes(value);
    if ((standing === undefined) === (value === undefined)) continue;
    growth += value === undefined ? -Buffer.byteLength(name) : Buffer.byteLength(name);
  }
  return growth;
}

/** The attributes of an item that has nothing but its key. */
export const keyAttributes = ({ pk, sk }: ItemKey): Change[] => [
  [TABLE.partitionKey, { type: 'S', text: pk }],
  [TABLE.sortKey, { type: 'S', text: sk }],
];

/** Whoever calls it has tested keys and sizes; nothing here refuses. */
export class ItemStore {
  readonly #partitions = new Map<string, Partition>();
  readonly #byOpenKey = new Map<string, Set<StoredItem>>();

  /** The item, which the next write may change in place. */
  get({ pk, sk }: ItemKey): StoredItem | undefined {
    return this.#partitions.get(pk)?.items.get(sk);
  }

  /** Changes attributes of an item, which is made where it is missing. */
  change(key: ItemKey, changes: readonly Change[], growthBytes: number): void {
    const item = this.#standing(key) ?? this.#added(key);
    item.bytes += growthBytes;
    for (const [name, value] of changes) {
      if (name === TABLE.openKey) this.#reindex(item, value);
      if (value === undefined) item.attributes.delete(name);
      else item.attributes.set(name, value);
    }
  }

  /** Removes an item; nothing happens where there is none. */
  remove(key: ItemKey): void {
    const item = this.#standing(key);
    const partition = this.#partitions.get(key.pk);
    if (item === undefined || partition === undefined) return;
    this.#reindex(item, undefined);
    partition.items.delete(key.sk);
    partition.sorted = undefined;
  }

  /** The items of a partition in the order of their sort keys. */
  partition(pk: string): readonly StoredItem[] {
    const partition = this.#partitions.get(pk);
    if (partition === undefined) return [];
    partition.sorted ??= [...partition.items.values()].sort(compareKeys);
    return partition.sorted;
  }

  /** The items of one open key, in the order of their keys; DynamoDB promises none. */
  open(openKey: string): readonly StoredItem[] {
    return [...(this.#byOpenKey.get(openKey) ?? [])].sort(compareKeys);
  }

  /** Every item, in the order of the keys; DynamoDB promises none for partitions. */
  all(): readonly StoredItem[] {
    const names = [...this.#partitions.keys()].sort(compareText);
    return names.flatMap((pk) => this.partition(pk));
  }

  /** A store of the same items that changes by itself. */
  clone(): ItemStore {
    const copy = new ItemStore();
    for (const { items } of this.#partitions.values()) {
      for (const item of items.values()) copy.change(item, [...item.attributes], item.bytes);
    }
    return copy;
  }

  #standing({ pk, sk }: ItemKey): MutableItem | undefined {
    return this.#partitions.get(pk)?.items.get(sk);
  }

  #added({ pk, sk }: ItemKey): MutableItem {
    let partition = this.#partitions.get(pk);
    if (partition === undefined) {
      partition = { items: new Map(), sorted: undefined };
      this.#partitions.set(pk, partition);
    }
    const item: MutableItem = { pk, sk, attributes: new Map(), bytes: 0 };
    partition.items.set(sk, item);
    partition.sorted = undefined;
    return item;
  }

  /** Moves an item to its new open key before the attribute changes. */
  #reindex(item: MutableItem, openKey: Value | undefined): void {
    const standing = item.attributes.get(TABLE.openKey);
    if (standing?.type === 'S') this.#byOpenKey.get(standing.text)?.delete(item);
    if (openKey?.type !== 'S') return;
    const open = this.#byOpenKey.get(openKey.text) ?? new Set();
    this.#byOpenKey.set(openKey.text, open.add(item));
  }
}
