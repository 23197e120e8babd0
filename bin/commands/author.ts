/**
 * Who makes a change: the identity that AWS sees, or this machine's user on a local gateway.
 */
import { userInfo } from 'node:os';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const TIMEOUT_MS = 5_000;

/** What the identity is asked with. */
export interface AuthorOptions {
  readonly region?: string;
  readonly profile?: string;
}

/** The user of this machine: all that a store on it can know. */
export function localAuthor(): string {
  const named = process.env.USER ?? process.env.USERNAME;
  if (named !== undefined && named !== '') return named;
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user without a name.
    return 'unknown';
  }
}

/** The ARN of the credentials in use; where STS does not tell, the user here, and that it is so. */
export async function awsAuthor(options: AuthorOptions): Promise<string> {
  const client = new STSClient({ ...options, maxAttempts: 2 });
  try {
    const answer = await client.send(new GetCallerIdentityCommand({}), {
      abortSignal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return answer.Arn ?? unproven();
  } catch {
    // The change itself needs the same credentials, and says what is wrong with them.
    return unproven();
  } finally {
    client.destroy();
  }
}

const unproven = (): string => `${localAuthor()} (no answer from STS)`;
