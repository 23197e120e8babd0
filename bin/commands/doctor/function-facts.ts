/**
 * What Lambda says of a function that has a URL.
 */
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import type { FunctionFacts } from './account.ts';

export async function readFunctionFacts(
  lambda: LambdaClient,
  FunctionName: string,
): Promise<FunctionFacts> {
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
