/**
 * Who in an account may call Bedrock's models, by the policies that are on users and roles.
 *
 * Invariant: an over-count at worst: conditions, resources and boundaries are taken to let through.
 * Not here:  service control policies, which no account can see of itself (IAM's simulator can).
 */

/** A user or a role, and every statement that is on it, by group or attached policy too. */
export interface Principal {
  readonly kind: 'user' | 'role';
  readonly arn: string;
  readonly statements: readonly Statement[];
}

/** A statement of a policy, in its own form. */
export interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Condition?: unknown;
  readonly Resource?: string | readonly string[];
}

/** Actions that run a model, on either of Bedrock's endpoints. */
const SPENDING_ACTIONS = ['bedrock:InvokeModel', 'bedrock-mantle:CreateInference'];

/** Roles of services, which nobody but that service can take. */
const OF_A_SERVICE = /:role\/aws-service-role\//;

/** Users and roles that some policy lets call models, and none denies it without a condition. */
export function mayCall(principals: readonly Principal[], gatewayRole?: string): Principal[] {
  return principals.filter(
    ({ arn, statements }) =>
      arn !== gatewayRole &&
      !OF_A_SERVICE.test(arn) &&
      SPENDING_ACTIONS.some(
        (action) =>
          statements.some((one) => one.Effect === 'Allow' && names(one, action)) &&
          !statements.some((one) => isFullDeny(one) && names(one, action)),
      ),
  );
}

const isFullDeny = ({ Effect, Condition, Resource }: Statement): boolean =>
  Effect === 'Deny' && Condition === undefined && listOf(Resource).includes('*');

function names({ Action, NotAction }: Statement, action: string): boolean {
  if (Action !== undefined) return listOf(Action).some((pattern) => matches(pattern, action));
  return NotAction !== undefined && !listOf(NotAction).some((pattern) => matches(pattern, action));
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** IAM's patterns of actions: `*` and `?`, whatever the case. */
function matches(pattern: string, action: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(action);
}
