/**
 * Checks of who is who: these credentials, and who else may call Bedrock past the gateway.
 */
import type { Account, Identity, Simulated } from './account.ts';
import { type Check, type Finding, ok, someOf, warning } from './finding.ts';
import { mayCall } from './principals.ts';
import { gatewayOf } from './stack-parts.ts';

/** Whose credentials these are. */
export const verdictOnIdentity = ({ arn, account }: Identity): readonly Finding[] =>
  arn.endsWith(':root')
    ? [warning(`the root user of ${account}`, 'use a role or a user that may do less (--profile)')]
    : [ok(arn)];

/** A user or role whose policies let it call models, and what the simulator says of it. */
export interface Candidate {
  readonly arn: string;
  /** `unasked` where it was not simulated. */
  readonly simulated: Simulated | 'unasked';
}

const NOT_SEEN = 'Whether DenyPolicy is a service control policy, only AWS Organizations can show';

/** Who can go round every cap. */
export function verdictOnWayRound(candidates: readonly Candidate[]): readonly Finding[] {
  const open = candidates.filter(({ simulated }) => simulated !== 'denied');
  if (open.length === 0) {
    const denied = candidates.length === 0 ? '' : ` (${candidates.length} are denied it)`;
    return [ok(`no user or role but the gateway's may call models${denied}`)];
  }
  const sure = open.filter(({ simulated }) => simulated === 'allowed').length;
  const names = open.map(({ arn }) => arn.replace(/^arn:[^:]*:iam::\d*:/, ''));
  const counted = open.length === 1 ? '1 user or role' : `${open.length} users and roles`;
  const proven = sure === 0 ? 'by their policies' : `${sure} of them for sure`;
  return [
    warning(
      `${counted} may call models past the gateway, ${proven}: ${someOf(names)}`,
      `attach the stack's output DenyPolicy (docs/deny-policy.md). ${NOT_SEEN}`,
      open.map(({ arn, simulated }) => `${arn}: ${simulated}`),
    ),
  ];
}

const MOST_SIMULATED = 50;
/** IAM's simulator lets five a second through. */
const AT_A_TIME = 5;

async function simulateAll(account: Account, arns: readonly string[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (let at = 0; at < arns.length; at += AT_A_TIME) {
    const batch = arns.slice(at, at + AT_A_TIME).map(async (arn): Promise<Candidate> => {
      if (at >= MOST_SIMULATED) return { arn, simulated: 'unasked' };
      // Who may not simulate still learns what the policies say.
      return { arn, simulated: await account.simulate(arn).catch(() => 'unasked' as const) };
    });
    found.push(...(await Promise.all(batch)));
  }
  return found;
}

export const ACCESS_CHECKS: readonly Check[] = [
  {
    id: 'identity',
    needs: 'account',
    unseen: 'failure',
    run: async ({ account }) =>
      account === undefined ? [] : verdictOnIdentity(await account.identity()),
  },
  {
    id: 'way-round',
    needs: 'account',
    run: async (scene) => {
      const { account } = scene;
      if (account === undefined) return [];
      const [principals, settings] = await Promise.all([
        account.principals(),
        gatewayOf(scene)
          ?.settings()
          .catch(() => undefined),
      ]);
      const arns = mayCall(principals, settings?.roleArn).map(({ arn }) => arn);
      return verdictOnWayRound(await simulateAll(account, arns));
    },
  },
];
