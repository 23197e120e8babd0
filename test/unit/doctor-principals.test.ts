/**
 * Who may call Bedrock's models by the policies that are on them: rather too many than too few.
 */
import { describe, expect, it } from 'vitest';
import { mayCall, type Statement } from '../../bin/commands/doctor/principals.ts';

const GATEWAY = 'arn:aws:iam::1:role/Gateway';

const callers = (statements: readonly Statement[], arn = 'arn:aws:iam::1:role/dev') =>
  mayCall([{ kind: 'role', arn, statements }], GATEWAY);

const allow = (rest: Omit<Statement, 'Effect'>): Statement => ({ Effect: 'Allow', ...rest });

describe('a role', () => {
  it.each<[string, Statement]>([
    ['everything', allow({ Action: '*', Resource: '*' })],
    ['all of Bedrock', allow({ Action: ['s3:*', 'bedrock:*'], Resource: '*' })],
    ['models, in other capitals', allow({ Action: 'Bedrock:invokemodel*', Resource: '*' })],
    ['one model', allow({ Action: 'bedrock:InvokeModel', Resource: 'arn:aws:bedrock:x' })],
    ['the other endpoint', allow({ Action: 'bedrock-mantle:*', Resource: '*' })],
    ['all but IAM', allow({ NotAction: 'iam:*', Resource: '*' })],
    ['models on a condition', allow({ Action: 'bedrock:*', Resource: '*', Condition: {} })],
  ])('may call models where it is allowed %s', (_title, statement) => {
    expect(callers([statement])).toHaveLength(1);
  });

  it.each<[string, Statement]>([
    ['only to list models', allow({ Action: 'bedrock:List*', Resource: '*' })],
    ['all but Bedrock', allow({ NotAction: ['bedrock*:*'], Resource: '*' })],
    ['what only looks like it', allow({ Action: 'bedrock.InvokeModel', Resource: '*' })],
  ])('may not where it is allowed %s', (_title, statement) => {
    expect(callers([statement])).toEqual([]);
  });

  it('may not where it is denied everywhere, and may where that hangs on something', () => {
    const all = allow({ Action: '*', Resource: '*' });
    const deny = { Effect: 'Deny', Action: ['bedrock:*', 'bedrock-mantle:*'], Resource: '*' };

    expect(callers([all, deny])).toEqual([]);
    expect(callers([all, { ...deny, Condition: { Bool: {} } }])).toHaveLength(1);
    expect(callers([all, { ...deny, Resource: 'arn:aws:bedrock:x' }])).toHaveLength(1);
    expect(callers([all, { ...deny, Action: 'bedrock:*' }])).toHaveLength(1);
  });

  it("is not counted where it is the gateway's, or a service's own", () => {
    const all = allow({ Action: '*', Resource: '*' });

    expect(callers([all], GATEWAY)).toEqual([]);
    expect(callers([all], 'arn:aws:iam::1:role/aws-service-role/x.amazonaws.com/R')).toEqual([]);
  });
});
