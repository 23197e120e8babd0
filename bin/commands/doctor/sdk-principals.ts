/**
 * Users and roles of the account with their policies, by IAM's own account of all of it.
 */
import {
  type IAMClient,
  type ManagedPolicyDetail,
  type PolicyDetail,
  paginateGetAccountAuthorizationDetails,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import type { Simulated } from './account.ts';
import type { Principal, Statement } from './principals.ts';

/** A large account has many pages. */
const ALL_PAGES_TIMEOUT_MS = 25_000;

interface Attached {
  readonly PolicyArn?: string | undefined;
}

/** What is on one entity: written into it, or attached. */
interface OnEntity {
  readonly inline: readonly PolicyDetail[];
  readonly attached: readonly Attached[];
}

export async function readPrincipals(client: IAMClient): Promise<Principal[]> {
  const wait = { abortSignal: AbortSignal.timeout(ALL_PAGES_TIMEOUT_MS) };
  const managed = new Map<string, readonly Statement[]>();
  const groups = new Map<string, OnEntity>();
  const found: (Omit<Principal, 'statements'> & { readonly on: OnEntity[]; groups: string[] })[] =
    [];
  for await (const page of paginateGetAccountAuthorizationDetails({ client }, {}, wait)) {
    for (const policy of page.Policies ?? []) {
      managed.set(policy.Arn ?? '', statementsOf(defaultVersion(policy)));
    }
    for (const group of page.GroupDetailList ?? []) {
      groups.set(group.GroupName ?? '', {
        inline: group.GroupPolicyList ?? [],
        attached: group.AttachedManagedPolicies ?? [],
      });
    }
    for (const { Arn: arn = '', ...user } of page.UserDetailList ?? []) {
      const on = {
        inline: user.UserPolicyList ?? [],
        attached: user.AttachedManagedPolicies ?? [],
      };
      found.push({ kind: 'user', arn, on: [on], groups: user.GroupList ?? [] });
    }
    for (const { Arn: arn = '', ...role } of page.RoleDetailList ?? []) {
      const on = {
        inline: role.RolePolicyList ?? [],
        attached: role.AttachedManagedPolicies ?? [],
      };
      found.push({ kind: 'role', arn, on: [on], groups: [] });
    }
  }
  // Policies and groups may stand on a later page than who has them.
  return found.map(({ kind, arn, on, groups: names }) => {
    const all = [...on, ...names.flatMap((name) => groups.get(name) ?? [])];
    const statements = all.flatMap(({ inline, attached }) => [
      ...inline.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument)),
      ...attached.flatMap(({ PolicyArn = '' }) => managed.get(PolicyArn) ?? []),
    ]);
    return { kind, arn, statements };
  });
}

const defaultVersion = ({ PolicyVersionList = [] }: ManagedPolicyDetail): string | undefined =>
  PolicyVersionList.find(({ IsDefaultVersion }) => IsDefaultVersion === true)?.Document;

/** Documents come URL-encoded. */
function statementsOf(document: string | undefined): readonly Statement[] {
  if (document === undefined) return [];
  const { Statement: statements } = JSON.parse(decodeURIComponent(document)) as {
    Statement?: Statement | readonly Statement[];
  };
  if (statements === undefined) return [];
  return Array.isArray(statements) ? statements : [statements as Statement];
}

const ACTION = 'bedrock:InvokeModel';

/** What the simulator says of a principal and any model, service control policies included. */
export async function simulate(client: IAMClient, arn: string, region: string): Promise<Simulated> {
  const context = (ContextKeyName: string, value: string) => ({
    ContextKeyName,
    ContextKeyType: 'string' as const,
    ContextKeyValues: [value],
  });
  const { EvaluationResults: [result] = [] } = await client.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: arn,
      ActionNames: [ACTION],
      ContextEntries: [context('aws:PrincipalArn', arn), context('aws:RequestedRegion', region)],
    }),
  );
  if (result?.EvalDecision === 'allowed') return 'allowed';
  if (result?.OrganizationsDecisionDetail?.AllowedByOrganizations === false) return 'denied';
  // A denial may hang on something of the request that was not given here.
  const isWhole = (result?.MissingContextValues ?? []).length === 0;
  return result?.EvalDecision === 'explicitDeny' && isWhole ? 'denied' : 'undecided';
}
