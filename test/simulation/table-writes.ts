/**
 * UpdateItem, PutItem and DeleteItem on the simulated table.
 *
 * Invariant: everything that can refuse a write is asked before the store is changed, in
 *            DynamoDB's order: the request by itself, the condition, what the item can take.
 */
import type {
  DeleteCommandInput,
  PutCommandInput,
  UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../../lambda/contract.ts';
import {
  fromNative,
  marshalledItem,
  type NativeItem,
  nativeItem,
  type Value,
} from './attribute-values.ts';
import { holds } from './condition-expression.ts';
import { attributeOf, type Binding } from './expression-tokens.ts';
import {
  bind,
  type CompiledCondition,
  compileCondition,
  compileUpdate,
} from './item-expressions.ts';
import {
  type Change,
  growthOf,
  type ItemKey,
  type ItemStore,
  keyAttributes,
  keyOf,
  MAX_ITEM_BYTES,
  type StoredItem,
} from './item-store.ts';
import { conditionFailed, validationError } from './store-errors.ts';
import { type Action, outcomeOf, typeOfOutcome } from './update-expression.ts';

/** What ReturnValues asked for; nothing where that is empty. */
export interface Written {
  readonly Attributes?: NativeItem;
}

/** @throws ConditionalCheckFailedException, ValidationException; then nothing has changed. */
export function update(store: ItemStore, input: UpdateCommandInput): Written {
  const { UpdateExpression, ReturnValues = 'NONE' } = input;
  const compiled = UpdateExpression === undefined ? undefined : compileUpdate(UpdateExpression);
  const condition = conditionOf(input);
  const binding = bind(input, compiled, condition);
  const key = keyOf(input.Key);
  const actions = compiled?.actions ?? [];
  mustSpareKeys(actions, binding);

  const item = store.get(key);
  mustHold(condition, item, binding, input);

  const attributes = item?.attributes ?? NO_ATTRIBUTES;
  const updated = actions.map((action): Change => {
    return [attributeOf(action.path, binding), outcomeOf(action, attributes, binding)];
  });
  for (const [name, value] of updated) {
    if (name === TABLE.openKey && value !== undefined) mustBeIndexKey(value);
  }
  const changes = item === undefined ? [...keyAttributes(key), ...updated] : updated;
  const growthBytes = growthOf(item, changes);
  if ((item?.bytes ?? 0) + growthBytes > MAX_ITEM_BYTES) {
    throw validationError('Item size to update has exceeded the maximum allowed size');
  }

  const names = updated.map(([name]) => name);
  const old = item === undefined ? undefined : returned(ReturnValues, 'OLD', item, names);
  store.change(key, changes, growthBytes);
  const now = returned(ReturnValues, 'NEW', store.get(key), names);
  const Attributes = old ?? now;
  return Attributes === undefined ? {} : { Attributes };
}

const NO_ATTRIBUTES: ReadonlyMap<string, Value> = new Map();

/** What ReturnValues asks of the item before (OLD) or after (NEW) the write. */
function returned(
  asked: string,
  when: 'OLD' | 'NEW',
  item: StoredItem | undefined,
  updated: readonly string[],
): NativeItem | undefined {
  if (item === undefined || !asked.endsWith(when)) return undefined;
  if (asked.startsWith('ALL')) return nativeItem(item.attributes);
  const found: [string, Value][] = [];
  for (const name of updated) {
    const value = item.attributes.get(name);
    if (value !== undefined) found.push([name, value]);
  }
  return nativeItem(found);
}

function mustSpareKeys(actions: readonly Action[], binding: Binding): void {
  for (const action of actions) {
    const name = attributeOf(action.path, binding);
    if (name === TABLE.partitionKey || name === TABLE.sortKey) {
      throw validationError(
        'One or more parameter values were invalid: ' +
          `Cannot update attribute ${name}. This attribute is part of the key`,
      );
    }
    const type = name === TABLE.openKey ? typeOfOutcome(action, binding) : undefined;
    if (type !== undefined && type !== 'S') throw wrongIndexKey(type);
  }
}

const wrongIndexKey = (type: string): Error =>
  validationError(
    'One or more parameter values were invalid: Type mismatch for Index Key ' +
      `${TABLE.openKey} Expected: S Actual: ${type} IndexName: ${TABLE.openIndex}`,
  );

function mustBeIndexKey(value: Value): void {
  if (value.type !== 'S') throw wrongIndexKey(value.type);
  if (value.text === '') throw wrongIndexKey('an empty string');
}

interface ConditionalInput {
  readonly ConditionExpression?: string | undefined;
  readonly ReturnValuesOnConditionCheckFailure?: string | undefined;
}

const conditionOf = ({ ConditionExpression }: ConditionalInput): CompiledCondition | undefined =>
  ConditionExpression === undefined ? undefined : compileCondition(ConditionExpression);

function mustHold(
  compiled: CompiledCondition | undefined,
  item: StoredItem | undefined,
  binding: Binding,
  { ReturnValuesOnConditionCheckFailure: answer }: ConditionalInput,
): void {
  if (compiled === undefined) return;
  if (holds(compiled.condition, item?.attributes ?? NO_ATTRIBUTES, binding)) return;
  const isAsked = answer === 'ALL_OLD' && item !== undefined;
  throw conditionFailed(isAsked ? marshalledItem(item.attributes) : undefined);
}

/** @throws ConditionalCheckFailedException, ValidationException; then nothing has changed. */
export function put(store: ItemStore, input: PutCommandInput): Written {
  mustReturnOld(input.ReturnValues);
  const given = Object.entries(input.Item ?? {}).filter(([, part]) => part !== undefined);
  const changes = given.map(([name, part]): [string, Value] => [name, fromNative(part)]);
  const bytes = growthOf(undefined, changes);
  if (bytes > MAX_ITEM_BYTES) {
    throw validationError('Item size has exceeded the maximum allowed size');
  }
  const condition = conditionOf(input);
  const binding = bind(input, condition);
  const key = keyOfItem(input.Item);
  for (const [name, value] of changes) if (name === TABLE.openKey) mustBeIndexKey(value);
  const item = store.get(key);
  mustHold(condition, item, binding, input);
  return replace(store, key, item, input.ReturnValues, () => store.change(key, changes, bytes));
}

const keyOfItem = (item: Readonly<Record<string, unknown>> | undefined): ItemKey =>
  keyOf({
    [TABLE.partitionKey]: item?.[TABLE.partitionKey],
    [TABLE.sortKey]: item?.[TABLE.sortKey],
  });

/** @throws ConditionalCheckFailedException, ValidationException; then nothing has changed. */
export function remove(store: ItemStore, input: DeleteCommandInput): Written {
  mustReturnOld(input.ReturnValues);
  const condition = conditionOf(input);
  const binding = bind(input, condition);
  const key = keyOf(input.Key);
  const item = store.get(key);
  mustHold(condition, item, binding, input);
  return replace(store, key, item, input.ReturnValues, () => undefined);
}

function mustReturnOld(asked: string | undefined): void {
  if (asked === undefined || asked === 'NONE' || asked === 'ALL_OLD') return;
  throw validationError('ReturnValues can only be ALL_OLD or NONE');
}

/** Takes the old item away, puts what comes in its place, and answers the old one if asked. */
function replace(
  store: ItemStore,
  key: ItemKey,
  old: StoredItem | undefined,
  asked: string | undefined,
  place: () => void,
): Written {
  const isAnswered = asked === 'ALL_OLD' && old !== undefined;
  const Attributes = isAnswered ? nativeItem(old.attributes) : undefined;
  store.remove(key);
  place();
  return Attributes === undefined ? {} : { Attributes };
}
