/**
 * Query and Scan on the simulated table: which items, in which order, page by page.
 *
 * Not here: filters; the project filters what it has read. A projection is a list of attributes.
 */
import type { QueryCommandInput, ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../../lambda/contract.ts';
import { type NativeItem, nativeItem, type Value } from './attribute-values.ts';
import { type Condition, holds } from './condition-expression.ts';
import { attributeOf, type Binding } from './expression-tokens.ts';
import { bind, compileKeyCondition } from './item-expressions.ts';
import { compareKeys, type ItemKey, type ItemStore, keyOf, type StoredItem } from './item-store.ts';
import { validationError } from './store-errors.ts';

/** A page ends with the item that brings what was read to 1 MB. */
const MAX_PAGE_BYTES = 1024 * 1024;

export interface Page {
  readonly Items: NativeItem[];
  readonly Count: number;
  readonly ScannedCount: number;
  /** There where the page ended at a bound, even if nothing comes after it. */
  readonly LastEvaluatedKey?: NativeItem;
}

interface Schema {
  readonly hash: string;
  readonly sort: string | undefined;
  /** What a page's last key holds, and all that an index answers. */
  readonly keys: readonly string[];
  readonly isIndex: boolean;
}

const TABLE_KEYS = [TABLE.partitionKey, TABLE.sortKey] as const;
const TABLE_SCHEMA: Schema = {
  hash: TABLE.partitionKey,
  sort: TABLE.sortKey,
  keys: TABLE_KEYS,
  isIndex: false,
};
const INDEX_SCHEMA: Schema = {
  hash: TABLE.openKey,
  sort: undefined,
  keys: [TABLE.openKey, ...TABLE_KEYS],
  isIndex: true,
};

/** @throws ValidationException where it is no query that the table or its index can answer. */
export function query(store: ItemStore, input: QueryCommandInput): Page {
  const schema = schemaOf(input);
  if (input.KeyConditionExpression === undefined) {
    throw validationError('Either the KeyConditions or KeyConditionExpression must be specified');
  }
  const compiled = compileKeyCondition(input.KeyConditionExpression);
  const projected = projectionOf(input);
  const binding = bind(projected.rest, compiled);
  const { hashText, sortCondition } = keyConditions(compiled.condition, schema, binding);
  const items = schema.isIndex ? store.open(hashText) : store.partition(hashText);
  const wanted =
    sortCondition === undefined
      ? items
      : items.filter(({ attributes }) => holds(sortCondition, attributes, binding));
  const start = startOf(input.ExclusiveStartKey, schema, hashText);
  if (start !== undefined && sortCondition !== undefined) {
    const { sk } = start;
    if (!holds(sortCondition, new Map([[TABLE.sortKey, { type: 'S', text: sk }]]), binding)) {
      throw validationError('The provided starting key does not match the range key predicate');
    }
  }
  const page = pageOf(wanted, schema, start, input.Limit, input.ScanIndexForward === false);
  const { names } = projected;
  return names === undefined ? page : { ...page, Items: page.Items.map((one) => only(one, names)) };
}

/** The attributes asked for, and the query without the placeholders that only they use. */
function projectionOf(input: QueryCommandInput) {
  const { ProjectionExpression: text, ExpressionAttributeNames: given = {} } = input;
  if (text === undefined) return { rest: input, names: undefined };
  const placeholders = text.split(',').map((part) => part.trim());
  const names = placeholders.map((placeholder) => {
    const name = placeholder.startsWith('#') ? given[placeholder] : placeholder;
    if (name === undefined) throw validationError(`${placeholder} is not defined`);
    return name;
  });
  const tested = new Set(input.KeyConditionExpression?.match(/#\w+/g));
  const left = Object.entries(given).filter(
    ([placeholder]) => !placeholders.includes(placeholder) || tested.has(placeholder),
  );
  const { ExpressionAttributeNames: _all, ...rest } = input;
  const named = left.length === 0 ? {} : { ExpressionAttributeNames: Object.fromEntries(left) };
  return { rest: { ...rest, ...named }, names };
}

const only = (item: NativeItem, names: readonly string[]): NativeItem =>
  Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));

/** @throws ValidationException where Limit or ExclusiveStartKey are of no use. */
export function scan(store: ItemStore, input: ScanCommandInput): Page {
  const start = startOf(input.ExclusiveStartKey, TABLE_SCHEMA, undefined);
  return pageOf(store.all(), TABLE_SCHEMA, start, input.Limit, false);
}

function schemaOf(input: QueryCommandInput): Schema {
  if (input.IndexName === undefined) return TABLE_SCHEMA;
  if (input.IndexName !== TABLE.openIndex) {
    throw validationError(`The table does not have the specified index: ${input.IndexName}`);
  }
  if (input.ConsistentRead === true) {
    throw validationError('Consistent reads are not supported on global secondary indexes');
  }
  return INDEX_SCHEMA;
}

interface KeyConditions {
  readonly hashText: string;
  readonly sortCondition: Condition | undefined;
}

function keyConditions(condition: Condition, schema: Schema, binding: Binding): KeyConditions {
  let hashText: string | undefined;
  let sortCondition: Condition | undefined;
  for (const part of conjunctsOf(condition)) {
    const { name, literals } = keyTest(part, binding);
    if (literals.some(({ type }) => type !== 'S')) {
      throw validationError('Condition parameter type does not match schema type');
    }
    const [literal] = literals;
    const isEquality = part.kind === 'compare' && part.comparator === '=';
    if (name === schema.hash && hashText === undefined && isEquality && literal?.type === 'S') {
      hashText = literal.text;
    } else if (name === schema.sort && sortCondition === undefined) {
      sortCondition = part;
    } else {
      throw validationError(`Query key condition not supported: on ${name}`);
    }
  }
  if (hashText === undefined) {
    throw validationError(`Query condition missed key schema element: ${schema.hash}`);
  }
  return { hashText, sortCondition };
}

const conjunctsOf = (condition: Condition): Condition[] =>
  condition.kind === 'and'
    ? [...conjunctsOf(condition.left), ...conjunctsOf(condition.right)]
    : [condition];

/** The attribute and the values of one comparison. */
function keyTest(condition: Condition, binding: Binding): { name: string; literals: Value[] } {
  const operands = operandsOf(condition);
  const [name, ...others] = operands
    .filter((operand) => operand.kind === 'path')
    .map((path) => attributeOf(path, binding));
  if (name === undefined || others.length > 0) {
    throw validationError('Invalid condition in KeyConditionExpression: one key attribute in each');
  }
  const literals = operands
    .filter(({ kind }) => kind === 'literal')
    .map((literal) => binding.values.get(literal.name))
    .filter((value) => value !== undefined);
  return { name, literals };
}

function operandsOf(condition: Condition) {
  switch (condition.kind) {
    case 'compare':
      if (condition.comparator === '<>') break;
      return [condition.left, condition.right];
    case 'between':
      return [condition.operand, condition.low, condition.high];
    case 'begins':
      return [condition.operand, condition.prefix];
    default:
  }
  throw validationError('Invalid operator used in KeyConditionExpression');
}

function startOf(
  native: Readonly<Record<string, unknown>> | undefined,
  schema: Schema,
  hashText: string | undefined,
): ItemKey | undefined {
  if (native === undefined) return undefined;
  const { [TABLE.openKey]: openKey, ...tableKey } = native;
  const start = keyOf(schema.isIndex ? tableKey : native);
  if (hashText !== undefined && (schema.isIndex ? openKey : start.pk) !== hashText) {
    throw validationError('The provided starting key is outside query boundaries');
  }
  return start;
}

function pageOf(
  items: readonly StoredItem[],
  schema: Schema,
  start: ItemKey | undefined,
  limit: number | undefined,
  isBackward: boolean,
): Page {
  if (limit !== undefined && limit < 1) {
    throw validationError(`Value '${limit}' at 'limit' failed: must be greater than or equal to 1`);
  }
  const sign = isBackward ? -1 : 1;
  const ordered = isBackward ? items.toReversed() : items;
  const page: StoredItem[] = [];
  let bytes = 0;
  for (const item of ordered) {
    if (start !== undefined && compareKeys(item, start) * sign <= 0) continue;
    if (page.length === limit || bytes >= MAX_PAGE_BYTES) break;
    page.push(item);
    bytes += item.bytes;
  }
  const last = page.at(-1);
  const isCut = page.length === limit || bytes >= MAX_PAGE_BYTES;
  return {
    Items: page.map((item) =>
      schema.isIndex ? keysOf(item, schema) : nativeItem(item.attributes),
    ),
    Count: page.length,
    ScannedCount: page.length,
    ...(last === undefined || !isCut ? {} : { LastEvaluatedKey: keysOf(last, schema) }),
  };
}

const keysOf = (item: StoredItem, schema: Schema): NativeItem =>
  nativeItem([...item.attributes].filter(([name]) => schema.keys.includes(name)));
