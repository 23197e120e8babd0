/**
 * The account by the AWS SDK. Loaded only by `hardcap doctor`: no other command needs its clients.
 *
 * Invariant: nothing is changed, and no client waits for ever.
 */
import { BedrockClient } from '@aws-sdk/client-bedrock';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createSsmParameters } from '../../../lambda/adapters/parameters/ssm-parameters.ts';
import { MAX_PARAMETERS } from '../../../lambda/application/sync-parameters.ts';
import type { Connection } from '../connection.ts';
import type { Account, StackResource, Subscription } from './account.ts';
import { readFunctionFacts } from './function-facts.ts';
import { modelObstacle, offeredModels } from './offered-models.ts';
import { onlyOnce } from './scene.ts';
import { readPrincipals, simulate } from './sdk-principals.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const ALL_PAGES_TIMEOUT_MS = 25_000;

/** The account that a connection's credentials lead to. */
export async function createAccount({ aws, client, stackName }: Connection): Promise<Account> {
  const region = await client.config.region();
  const config = {
    ...aws,
    region,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  };
  const lambda = new LambdaClient(config);
  const bedrockOf = byName((name) => new BedrockClient({ ...config, region: name }));
  const iam = new IAMClient(config);
  const factsOf = byName((name) => readFunctionFacts(lambda, name));
  const settingsOf = byName((name) => readSettings(lambda, name));
  const offeredIn = byName((name) => offeredModels(bedrockOf(name)));
  return {
    identity: () => readIdentity(new STSClient(config)),
    resources: onlyOnce(() => readResources(new CloudFormationClient(config), stackName ?? '')),
    functionFacts: factsOf,
    functionSettings: settingsOf,
    subscriptions: (topicArn) => readSubscriptions(new SNSClient(config), topicArn),
    parameters: (prefix) =>
      createSsmParameters({ client: new SSMClient(config), prefix }).readAll(MAX_PARAMETERS),
    offeredModels: offeredIn,
    modelObstacle: (name, modelId) => modelObstacle(bedrockOf(name), modelId),
    principals: () => readPrincipals(iam),
    simulate: (arn) => simulate(iam, arn, region),
  };
}

/** Makes each once, however many checks ask for it. */
function byName<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const found = made.get(name) ?? make(name);
    made.set(name, found);
    return found;
  };
}

async function readIdentity(client: STSClient) {
  const { Account: account = '?', Arn: arn = '?' } = await client.send(
    new GetCallerIdentityCommand({}),
  );
  return { account, arn };
}

async function readResources(
  client: CloudFormationClient,
  StackName: string,
): Promise<StackResource[]> {
  const found: StackResource[] = [];
  for await (const page of paginateListStackResources(
    { client },
    { StackName },
    { abortSignal: AbortSignal.timeout(ALL_PAGES_TIMEOUT_MS) },
  )) {
    for (const resource of page.StackResourceSummaries ?? []) {
      found.push({
        type: resource.ResourceType ?? '',
        logicalId: resource.LogicalResourceId ?? '',
        physicalId: resource.PhysicalResourceId ?? '',
        status: resource.ResourceStatus ?? '',
      });
    }
  }
  return found;
}

async function readSettings(lambda: LambdaClient, FunctionName: string) {
  const { Role: roleArn = '', Environment } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName }),
  );
  return { roleArn, environment: Environment?.Variables ?? {} };
}

const PENDING = 'PendingConfirmation';

async function readSubscriptions(client: SNSClient, TopicArn: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  for await (const page of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
    for (const { Protocol, Endpoint, SubscriptionArn } of page.Subscriptions ?? []) {
      found.push({
        protocol: Protocol ?? '',
        endpoint: Endpoint ?? '',
        isPending: SubscriptionArn === PENDING,
      });
    }
  }
  return found;
}
