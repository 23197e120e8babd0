/**
 * Runs only the embedded DynamoDB, in memory, for gateways in processes of their own:
 * `node test/soak/ledger-main.ts` prints its URL as its first line and ends on SIGTERM.
 */
import { startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';

const dynamodb = await startEmbeddedDynamodb();
process.stdout.write(`${dynamodb.url}\n`);

const stop = (): void => {
  dynamodb.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
