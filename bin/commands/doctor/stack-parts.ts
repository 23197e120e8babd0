/**
 * The parts of the deployed stack that checks look at, found by their type and name.
 */
import type { Account, FunctionFacts, FunctionSettings, StackResource } from './account.ts';
import type { Scene } from './scene.ts';

const FUNCTION = 'AWS::Lambda::Function';

/** The gateway's function; undefined where the stack has none. */
export const gatewayName = (resources: readonly StackResource[]): string | undefined =>
  resources.find(({ type, logicalId }) => type === FUNCTION && /Gateway/.test(logicalId))
    ?.physicalId;

export interface GatewayFunction {
  facts(): Promise<FunctionFacts>;
  settings(): Promise<FunctionSettings>;
}

/** The deployed gateway; undefined where there is no stack to find it by. */
export function gatewayOf({ account, stackName }: Scene): GatewayFunction | undefined {
  if (account === undefined || stackName === undefined) return undefined;
  return {
    facts: async () => account.functionFacts(await nameOf(account, stackName)),
    settings: async () => account.functionSettings(await nameOf(account, stackName)),
  };
}

async function nameOf(account: Account, stackName: string): Promise<string> {
  const name = gatewayName(await account.resources());
  if (name !== undefined) return name;
  throw new Error(`the stack ${stackName} has no gateway function; name another with --stack`);
}
