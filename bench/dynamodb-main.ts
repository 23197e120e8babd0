/**
 * The benchmark's DynamoDB as a process of its own. Journal entries are counted and not kept.
 */
import { serveControl } from './control.ts';
import { startStubDynamodb } from './dynamodb/server.ts';

const delayMs = Number(process.env.BENCH_DYNAMODB_DELAY_MS ?? 0);
const { url } = await startStubDynamodb({ forgets: 'JOURNAL#', delayMs });
serveControl(url);
