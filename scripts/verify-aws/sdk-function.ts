/**
 * What Lambda and its log say of the gateway function.
 */
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { readFunctionFacts } from '../../bin/commands/doctor/function-facts.ts';
import type { AwsAccount } from './aws-account.ts';
import type { Place } from './sdk-account.ts';

type FunctionSide = Pick<AwsAccount, 'gatewayFunction' | 'coldStartsMs'>;

export function createFunctionSide(place: Place, nameOf: () => Promise<string>): FunctionSide {
  const lambda = new LambdaClient(place);
  return {
    gatewayFunction: async () => readFunctionFacts(lambda, await nameOf()),
    async coldStartsMs() {
      const FunctionName = await nameOf();
      const { LoggingConfig } = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName }),
      );
      return coldStarts(place, LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`);
    },
  };
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
