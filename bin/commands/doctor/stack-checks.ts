/**
 * Checks of what the stack deployed: its function, its dashboard, its alarms and who hears them.
 */
import type { FunctionFacts, StackResource, Subscription } from './account.ts';
import { type Check, type Finding, failure, ok, someOf, warning } from './finding.ts';
import { gatewayOf } from './stack-parts.ts';

const DEPLOY = 'deploy again: npx cdk deploy';

/** Whether all of the stack was deployed. */
export function verdictOnStack(
  name: string,
  resources: readonly StackResource[],
): readonly Finding[] {
  const broken = resources.filter(({ status }) => !/_COMPLETE$/.test(status));
  if (broken.length === 0) return [ok(`stack ${name}: ${resources.length} resources`)];
  const names = broken.map(({ logicalId, status }) => `${logicalId} (${status})`);
  return [warning(`stack ${name}: ${someOf(names)}`, `see its events; then ${DEPLOY}`, names)];
}

/** Whether there is a dashboard. */
export function verdictOnDashboard(
  resources: readonly StackResource[],
  url: string | undefined,
): readonly Finding[] {
  const has = resources.some(({ type }) => type === 'AWS::CloudWatch::Dashboard');
  return has ? [ok(url ?? 'there is one')] : [warning('there is none in the stack', DEPLOY)];
}

const alarmsOf = (resources: readonly StackResource[]) =>
  resources.filter(({ type }) => type === 'AWS::CloudWatch::Alarm');

/**
 * Whether alarms ring, and somebody hears them.
 *
 * @param subscriptions of the alarms' topic; undefined where there is no topic
 */
export function verdictOnAlarms(
  resources: readonly StackResource[],
  subscriptions: readonly Subscription[] | undefined,
): readonly Finding[] {
  const alarms = alarmsOf(resources).length;
  if (alarms === 0 || subscriptions === undefined) {
    const seen = alarms === 0 ? 'there are none' : 'there is no topic for them';
    return [warning(`${seen} in the stack`, DEPLOY)];
  }
  const pending = subscriptions.filter(({ isPending }) => isPending);
  const heard = subscriptions.length - pending.length;
  const waiting = pending.map(({ endpoint }) => endpoint);
  if (heard === 0 && pending.length === 0) {
    return [
      warning(
        `${alarms} alarms, and nobody is subscribed to their topic`,
        'deploy with -c alarmEmail=you@example.com, or subscribe to the topic in SNS',
      ),
    ];
  }
  if (pending.length > 0) {
    return [
      warning(
        `${alarms} alarms; ${someOf(waiting)} did not confirm the subscription yet`,
        'follow the link in the mail of AWS Notifications',
      ),
    ];
  }
  return [ok(`${alarms} alarms, heard by ${heard}`)];
}

const URL_ACTIONS = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'];

/** Whether the function can be reached, and streams. */
export function verdictOnFunction(facts: FunctionFacts): readonly Finding[] {
  const { runtime, architecture, authType, invokeMode, policyActions } = facts;
  const missing = URL_ACTIONS.filter((action) => !policyActions.includes(action));
  if (authType === 'NONE' && missing.length > 0) {
    return [failure(`nobody may call the URL: ${missing.join(', ')} is not permitted`, DEPLOY)];
  }
  if (invokeMode !== 'RESPONSE_STREAM') {
    return [failure(`the URL does not stream (${invokeMode})`, DEPLOY)];
  }
  return [ok(`${runtime}, ${architecture}, AuthType ${authType}, streams`)];
}

const FEW = 10;

/** Whether the function may run often enough, and not without bound. */
export function verdictOnConcurrency(facts: FunctionFacts): readonly Finding[] {
  const { reservedConcurrency: reserved, accountConcurrency } = facts;
  if (reserved === 0) {
    return [
      failure('reservedConcurrency is 0: the gateway is stopped', 'deploy with a higher one'),
    ];
  }
  if (reserved === undefined) {
    return [
      warning(
        `no reservedConcurrency: a flood may take all ${accountConcurrency ?? ''} of the account`,
        'deploy with -c reservedConcurrency=50, once the quota of the account is above it',
      ),
    ];
  }
  const seen = `${reserved} requests at a time`;
  if (reserved >= FEW) return [ok(seen)];
  return [warning(`only ${seen}`, 'deploy with -c reservedConcurrency=50')];
}

export const STACK_CHECKS: readonly Check[] = [
  {
    id: 'stack',
    needs: 'stack',
    run: async ({ account, stackName = '' }) =>
      verdictOnStack(stackName, (await account?.resources()) ?? []),
  },
  {
    id: 'function',
    needs: 'stack',
    run: async (scene) => {
      const facts = await gatewayOf(scene)?.facts();
      return facts === undefined ? [] : verdictOnFunction(facts);
    },
  },
  {
    id: 'concurrency',
    needs: 'stack',
    run: async (scene) => {
      const facts = await gatewayOf(scene)?.facts();
      return facts === undefined ? [] : verdictOnConcurrency(facts);
    },
  },
  {
    id: 'dashboard',
    needs: 'stack',
    run: async ({ account, dashboardUrl }) =>
      verdictOnDashboard((await account?.resources()) ?? [], dashboardUrl),
  },
  {
    id: 'alarms',
    needs: 'stack',
    run: async ({ account }) => {
      const resources = (await account?.resources()) ?? [];
      const topic = resources.find(({ type }) => type === 'AWS::SNS::Topic');
      return verdictOnAlarms(resources, topic && (await account?.subscriptions(topic.physicalId)));
    },
  },
];
