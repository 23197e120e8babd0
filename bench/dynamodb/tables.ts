/**
 * Tables in memory: items by partition and sort key, written one at a time.
 *
 * Invariant: a write whose condition does not hold changes nothing and answers what stood there.
 * Not here:  time to live, capacity, the bound of an item's size.
 */
import {
  type AttributeValue,
  type Condition,
  compileCondition,
  type ExpressionInput,
  type Item,
} from './condition-expression.ts';
import { compileUpdate } from './update-expression.ts';

/** The members of a request that are read; all others are passed over. */
export interface TableRequest {
  readonly TableName: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly IndexName?: string;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>>;
  readonly ReturnValues?: string;
}

/** The condition of a write did not hold; `item` is what stood there. */
export class ConditionFailed extends Error {
  readonly item: Item | undefined;

  constructor(item: Item | undefined) {
    super('The conditional request failed');
    this.item = item;
  }
}

const MAX_COMPILED = 1_000;

/** Remembers what an expression's text was compiled to. */
function compiledBy<Compiled>(compile: (text: string) => Compiled): (text: string) => Compiled {
  const known = new Map<string, Compiled>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= MAX_COMPILED) known.clear();
    const compiled = compile(text);
    known.set(text, compiled);
    return compiled;
  };
}

const conditionOf = compiledBy(compileCondition);
const updateOf = compiledBy(compileUpdate);

const textOf = (value: AttributeValue | undefined): string => String(value?.S);
const NOTHING: Item = {};

const inputOf = (item: Item, request: TableRequest): ExpressionInput => ({
  item,
  names: request.ExpressionAttributeNames ?? {},
  values: request.ExpressionAttributeValues ?? {},
});

/** One table with the keys `pk` and `sk`. */
export class Table {
  readonly #partitions = new Map<string, Map<string, Item>>();
  readonly #forgets: string | undefined;

  /** Items whose partition key begins with `forgets` are taken and not kept. */
  constructor(forgets?: string) {
    this.#forgets = forgets;
  }

  get(request: TableRequest): Item | undefined {
    const { pk, sk } = request.Key ?? {};
    return this.#partitions.get(textOf(pk))?.get(textOf(sk));
  }

  /** @throws ConditionFailed */
  put(request: TableRequest): void {
    const { Item: item = NOTHING } = request;
    this.#assertHolds({ ...request, Key: item });
    this.#set(item);
  }

  /** @throws ConditionFailed */
  delete(request: TableRequest): void {
    this.#assertHolds(request);
    const { pk, sk } = request.Key ?? {};
    this.#partitions.get(textOf(pk))?.delete(textOf(sk));
  }

  /**
   * The attributes that the update has written, as they are now.
   *
   * @throws ConditionFailed
   */
  update(request: TableRequest): Item {
    const before = this.#assertHolds(request) ?? NOTHING;
    const after: Record<string, AttributeValue> = { ...before, ...request.Key };
    const written: Record<string, AttributeValue> = {};
    const changes = updateOf(request.UpdateExpression ?? '')(inputOf(before, request));
    for (const [name, value] of changes) {
      if (value === undefined) {
        delete after[name];
      } else {
        after[name] = value;
        written[name] = value;
      }
    }
    this.#set(after);
    return written;
  }

  /** Every item that the key condition selects, in the order of the sort key. */
  query(request: TableRequest): Item[] {
    const selects = conditionOf(request.KeyConditionExpression ?? '');
    return this.#candidates(request, selects).sort((a, b) =>
      textOf(a.sk) < textOf(b.sk) ? -1 : 1,
    );
  }

  all(): Item[] {
    return [...this.#partitions.values()].flatMap((partition) => [...partition.values()]);
  }

  /** One partition where the request names it plainly, and else the whole table. */
  #candidates(request: TableRequest, selects: Condition): Item[] {
    const values = Object.values(request.ExpressionAttributeValues ?? {});
    const partitions =
      request.IndexName === undefined
        ? values.flatMap((value) => this.#partitions.get(textOf(value)) ?? [])
        : this.#partitions.values();
    const found: Item[] = [];
    for (const partition of partitions) {
      for (const item of partition.values()) if (selects(inputOf(item, request))) found.push(item);
    }
    return found;
  }

  #assertHolds(request: TableRequest): Item | undefined {
    const item = this.get(request);
    const { ConditionExpression: condition } = request;
    if (condition !== undefined && !conditionOf(condition)(inputOf(item ?? NOTHING, request))) {
      throw new ConditionFailed(item);
    }
    return item;
  }

  #set(item: Item): void {
    const partitionKey = textOf(item.pk);
    if (this.#forgets !== undefined && partitionKey.startsWith(this.#forgets)) return;
    const partition = this.#partitions.get(partitionKey) ?? new Map<string, Item>();
    this.#partitions.set(partitionKey, partition);
    partition.set(textOf(item.sk), item);
  }
}
