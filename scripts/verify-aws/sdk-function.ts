/**
 * What Lambda and its log say of the gateway function.
 */
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import type { AwsAccount, FunctionFacts } from './aws-account.ts';
import type { Place } from './sdk-account.ts';

type FunctionSide = Pick<AwsAccount, 'gatewayFunction' | 'coldStartsMs'>;

export function createFunctionSide(place: Place, nameOf: () => Promise<string>): FunctionSide {
  const lambda = new LambdaClient(place);
  return {
    gatewayFunction: async () => factsOf(lambda, await nameOf()),
    async coldStartsMs() {
      const FunctionName = await nameOf();
      const { LoggingConfig } = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName }),
      );
      return coldStarts(place, LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`);
    },
  };
}

async function factsOf(lambda: LambdaClient, FunctionName: string): Promise<FunctionFacts> {
  const input = { FunctionName };
  const [configuration, url, policy, concurrency, account] = await Promise.all([
    lambda.send(new GetFunctionConfigurationCommand(input)),
    lambda.send(new GetFunctionUrlConfigCommand(input)),
    // Without a statement there is no policy to get.
    lambda.send(new GetPolicyCommand(input)).catch(() => ({ Policy: undefined })),
    lambda.send(new GetFunctionConcurrencyCommand(input)),
    // It is of the whole account, which the credentials need not see.
    lambda.send(new GetAccountSettingsCommand({})).catch(() => ({ AccountLimit: undefined })),
  ]);
  const reservedConcurrency = concurrency.ReservedConcurrentExecutions;
  const accountConcurrency = account.AccountLimit?.ConcurrentExecutions;
  return {
    runtime: configuration.Runtime ?? 'unknown',
    architecture: configuration.Architectures?.[0] ?? 'unknown',
    authType: url.AuthType ?? 'unknown',
    invokeMode: url.InvokeMode ?? 'BUFFERED',
    policyActions: actionsOf(policy.Policy),
    ...(accountConcurrency !== undefined && { accountConcurrency }),
    ...(reservedConcurrency !== undefined && { reservedConcurrency }),
  };
}

function actionsOf(policy: string | undefined): string[] {
  if (policy === undefined) return [];
  const { Statement } = JSON.parse(policy) as { Statement: { Action: string | string[] }[] };
  return Statement.flatMap(({ Action }) => Action);
}

const DAY_MS = 86_400_000;
/** The platform's line of a cold start, as text and as JSON. */
const REPORTS = '?"Init Duration" ?"initDurationMs"';
const DURATION = /(?:Init Duration: |"initDurationMs":\s*)([\d.]+)/;

async function coldStarts(place: Place, logGroupName: string): Promise<number[]> {
  const client = new CloudWatchLogsClient(place);
  const found: number[] = [];
  const input = { logGroupName, startTime: Date.now() - DAY_MS, filterPattern: REPORTS };
  for await (const { events = [] } of paginateFilterLogEvents({ client }, input)) {
    for (const { message = '' } of events) {
      const duration = DURATION.exec(message)?.[1];
      if (duration !== undefined) found.push(Number(duration));
    }
  }
  return found;
}
