/**
 * A session as commands have it, in the test's own process; what they print is kept.
 */
import { connect } from '../../bin/commands/connection.ts';
import type { Session } from '../../bin/commands/session.ts';

export interface Tables {
  readonly endpoint: string;
  readonly settingsTable: string;
  readonly ledgerTable: string;
}

export interface TestSession extends Session {
  /** Results as text, all of them in a row. */
  readonly printed: () => string;
  /** The last result as JSON. */
  readonly json: () => Record<string, unknown>;
  readonly notices: readonly string[];
  close(): void;
}

/** On tables of a DynamoDB of the test; sure of everything, unless it is said not to be. */
export async function openTestSession(
  tables: Tables,
  rest: Partial<Pick<Session, 'nowMs' | 'isSure' | 'reason'>> = {},
): Promise<TestSession> {
  const connection = await connect({ dataDir: '.', ...tables });
  let printed = '';
  let json: unknown;
  const notices: string[] = [];
  return {
    connection,
    output: {
      result: (value, text) => {
        json = value;
        printed += text();
      },
      notice: (message) => {
        notices.push(message);
      },
    },
    nowMs: Date.now(),
    author: async () => 'tester',
    isSure: true,
    ...rest,
    printed: () => printed,
    json: () => json as Record<string, unknown>,
    notices,
    close: () => connection.client.destroy(),
  };
}
