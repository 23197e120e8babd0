/**
 * Updates that are wrong in one way each: what DynamoDB refuses before it looks at the item.
 */
import { NumberValue, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Step } from './ledger-scripts.ts';
import type { Random } from './seeded-random.ts';

type Key = { readonly pk: string; readonly sk: string };
type Members = Omit<UpdateCommandInput, 'TableName' | 'Key'>;

const ONE = NumberValue.from('1');

const set = (UpdateExpression: string, values?: Record<string, unknown>): Members => ({
  UpdateExpression,
  ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
});
const when = (ConditionExpression: string, values?: Record<string, unknown>): Members => ({
  ...set('REMOVE n0', values),
  ConditionExpression,
});

/** Each is refused by itself, whatever stands there. */
export const MALFORMED: Readonly<Record<string, Members>> = {
  'an unused name': { ...set('REMOVE n0'), ExpressionAttributeNames: { '#unused': 'n1' } },
  'an unused value': set('REMOVE n0', { ':unused': ONE }),
  'an undefined name': set('REMOVE #undefined'),
  'an undefined value': set('SET n0 = :undefined'),
  'an undefined value in a condition': when('n0 = :undefined'),
  'empty names': { ...set('REMOVE n0'), ExpressionAttributeNames: {} },
  'empty values': set('REMOVE n0', {}),
  'names without an expression': { ExpressionAttributeNames: { '#n': 'n0' } },
  'values without an expression': { ExpressionAttributeValues: { ':n': ONE } },
  'a name of a wrong form': { ...set('REMOVE n0'), ExpressionAttributeNames: { '#a-b': 'n1' } },
  'an empty update': set(''),
  'an empty condition': when(''),
  'an update without a section': set('n0 = :n', { ':n': ONE }),
  'a section without a clause': set('SET'),
  'a section twice': set('SET n0 = :n SET n1 = :n', { ':n': ONE }),
  'a comma too many': set('SET n0 = :n, REMOVE n1', { ':n': ONE }),
  'a clause too many': set('REMOVE n0 n1'),
  'one attribute in two clauses': set('SET n0 = :n REMOVE n0', { ':n': ONE }),
  'one attribute by two names': {
    ...set('SET n0 = :n, #n = :n', { ':n': ONE }),
    ExpressionAttributeNames: { '#n': 'n0' },
  },
  'a partition key': set('SET pk = :s', { ':s': 'other' }),
  'a sort key by a placeholder': {
    ...set('REMOVE #k'),
    ExpressionAttributeNames: { '#k': 'sk' },
  },
  'a number as open key': set('SET openKey = :n', { ':n': ONE }),
  'a sum as open key': set('SET openKey = n0 + :n', { ':n': ONE }),
  'a default number as open key': set('SET openKey = if_not_exists(openKey, :n)', { ':n': ONE }),
  'a number as open key, before a condition that does not hold': {
    ...set('SET openKey = :n', { ':n': ONE }),
    ConditionExpression: 'attribute_not_exists(n0)',
  },
  'a default number as open key, before such a condition': {
    ...set('SET openKey = if_not_exists(openKey, :n)', { ':n': ONE }),
    ConditionExpression: 'attribute_not_exists(n0)',
  },
  'an open key to add to': set('ADD openKey :n', { ':n': ONE }),
  'a reserved word': set('SET limit = :n', { ':n': ONE }),
  'a reserved word in a condition': when('attribute_exists(Status)'),
  'a sum with a string': set('SET n0 = n0 + :s', { ':s': 'a' }),
  'a sum of three': set('SET n0 = n0 + :n + :n', { ':n': ONE }),
  'an ADD of a string': set('ADD n0 :s', { ':s': 'a' }),
  'an ADD of an attribute': set('ADD n0 n1'),
  'a default of no path': set('SET n0 = if_not_exists(:n, :n)', { ':n': ONE }),
  'an unknown function': set('SET n0 = if_exists(n0, :n)', { ':n': ONE }),
  'a function in capitals': when('ATTRIBUTE_EXISTS(n0)'),
  'a function of no path': when('attribute_exists(:n)', { ':n': ONE }),
  'a comparison of one side': when('n0 ='),
  'a comparison of three': when('n0 = n1 = n2'),
  'an operator of two': when('n0 == :n', { ':n': ONE }),
  'a condition that is none': when('n0'),
  'an open parenthesis': when('(n0 = :n', { ':n': ONE }),
  'parentheses round parentheses': when('((n0 = :n))', { ':n': ONE }),
  'an operator at the end': when('n0 = :n and', { ':n': ONE }),
  'arithmetic in a condition': when('n0 + :n = :n', { ':n': ONE }),
  'an attribute compared with itself': when('n0 = n0'),
  'an attribute compared with itself by another name': {
    ...when('n0 < #n'),
    ExpressionAttributeNames: { '#n': 'n0' },
  },
  'bounds the wrong way round': when('n0 between :b and :a', { ':a': ONE, ':b': 2 }),
  'bounds of two types': when('n0 between :a and :b', { ':a': ONE, ':b': 'b' }),
  'a prefix that is a number': when('begins_with(s0, :n)', { ':n': ONE }),
  'an empty list of choices': when('n0 in ()'),
  'a number of 39 digits': set('SET n0 = :n', { ':n': NumberValue.from('1'.repeat(39)) }),
  'a number past 1E+126': set('SET n0 = :n', { ':n': NumberValue.from('1E126') }),
  'no number at all': set('SET n0 = :n', { ':n': NumberValue.from('twelve') }),
};

/** A malformed update, or a well-formed one of a malformed key. */
export function malformed(random: Random, key: Key, wellFormed: UpdateCommandInput): Step {
  const kind = 'malformed';
  if (random.chance(0.1)) {
    const Key = random.pick([
      { pk: key.pk },
      { ...key, other: 'x' },
      { pk: key.pk, sk: '' },
      { pk: key.pk, sk: 1 },
      { pk: 'k'.repeat(2_049), sk: key.sk },
      { pk: key.pk, sk: 'k'.repeat(1_025) },
    ]);
    return { kind, command: new UpdateCommand({ ...wellFormed, Key }) };
  }
  const members = random.pick(Object.values(MALFORMED));
  return { kind, command: new UpdateCommand({ TableName: 'ledger', Key: key, ...members }) };
}
