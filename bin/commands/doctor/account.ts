/**
 * What `hardcap doctor` asks of the AWS account behind the tables, in the checks' own words.
 *
 * Not here: the AWS SDK (sdk-account.ts).
 */
import type { Parameter } from '../../../lambda/ports/parameters.ts';
import type { Principal } from './principals.ts';

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

export interface StackResource {
  readonly type: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly status: string;
}

/** What Lambda says of the gateway function. */
export interface FunctionFacts {
  readonly runtime: string;
  readonly architecture: string;
  readonly authType: string;
  readonly invokeMode: string;
  /** Actions that its policy lets everybody have. */
  readonly policyActions: readonly string[];
  readonly reservedConcurrency?: number;
  /** Of the account, in this region; absent where the credentials may not see it. */
  readonly accountConcurrency?: number;
}

/** How the gateway function was deployed. */
export interface FunctionSettings {
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Subscription {
  readonly protocol: string;
  readonly endpoint: string;
  /** Nobody has followed the link of the confirming mail yet. */
  readonly isPending: boolean;
}

/** What IAM's simulator says of a principal and Bedrock's models. */
export type Simulated = 'allowed' | 'denied' | 'undecided';

export interface Account {
  identity(): Promise<Identity>;
  resources(): Promise<readonly StackResource[]>;
  functionFacts(name: string): Promise<FunctionFacts>;
  functionSettings(name: string): Promise<FunctionSettings>;
  subscriptions(topicArn: string): Promise<readonly Subscription[]>;
  /** Every parameter that says a cap. */
  parameters(prefix: string): Promise<readonly Parameter[]>;
  /** Ids of models and inference profiles that are offered in the region. */
  offeredModels(region: string): Promise<ReadonlySet<string>>;
  /** Why the account may not use the model of this bare id; undefined where it may. */
  modelObstacle(region: string, modelId: string): Promise<string | undefined>;
  /** Every user and role of the account, with the policies that are on it. */
  principals(): Promise<readonly Principal[]>;
  simulate(arn: string): Promise<Simulated>;
}
