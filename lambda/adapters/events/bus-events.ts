/**
 * The Events port on EventBridge's default bus: source `hardcap`, the event's name as detail-type.
 *
 * Events that come while a call is under way go together in the next one. What the bus did not
 * take is sent again a few times; then it is given up, and whoever emitted it has it told later.
 * Crash: a call without an answer may have been taken: the same `eventId` may come twice.
 */
import {
  EventBridgeClient,
  type EventBridgeClientConfig,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { EVENT_SOURCE } from '../../contract.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Events } from '../../ports/events.ts';

/** The most entries that PutEvents takes in one call. */
const MAX_ENTRIES = 10;
const MAX_ATTEMPTS = 3;
const BACKOFF_MS = 200;
/** After a call that failed to the end: so long nothing is sent, as each would wait as long. */
const PAUSE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;

/** Codes of an entry that would be refused again as it is. */
const FINAL_CODES = new Set([
  'InvalidArgument',
  'MalformedDetail',
  'NotAuthorizedForSource',
  'AccessDeniedException',
]);

interface Waiting {
  readonly entry: PutEventsRequestEntry;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface BusEventsOptions {
  readonly client: Pick<EventBridgeClient, 'send'>;
  readonly clock: Clock;
}

/** A client that sends once and does not wait long: retries are the adapter's. */
export const createBusClient = (config: EventBridgeClientConfig = {}): EventBridgeClient =>
  new EventBridgeClient({
    ...config,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    }),
  });

/** Events on the bus; `emit` resolves once the bus has taken the event. */
export function createBusEvents({ client, clock }: BusEventsOptions): Events {
  const queue: Waiting[] = [];
  let isSending = false;
  let pausedUntilMs = 0;

  const drain = async () => {
    isSending = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_ENTRIES);
      const isReached = await sendAll(client, clock, batch);
      if (!isReached) pausedUntilMs = clock.elapsedMs() + PAUSE_MS;
      if (!isReached) for (const { reject } of queue.splice(0)) reject(paused());
    }
    isSending = false;
  };

  return {
    emit: (name, detail) =>
      new Promise((resolve, reject) => {
        if (clock.elapsedMs() < pausedUntilMs) return reject(paused());
        const entry = { Source: EVENT_SOURCE, DetailType: name, Detail: JSON.stringify(detail) };
        queue.push({ entry, resolve, reject });
        if (!isSending) void drain();
      }),
  };
}

const paused = (): Error =>
  new Error('the event bus did not answer a moment ago, so it was not asked again yet');

/** Sends until each is taken or given up; false where the bus did not answer at the end. */
async function sendAll(
  client: BusEventsOptions['client'],
  clock: Clock,
  batch: readonly Waiting[],
): Promise<boolean> {
  let waiting = batch;
  let problem: unknown;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS && waiting.length > 0; attempt += 1) {
    if (attempt > 1) await clock.sleep(BACKOFF_MS * attempt);
    let results: readonly PutEventsResultEntry[];
    try {
      const answer = await client.send(
        new PutEventsCommand({ Entries: waiting.map(({ entry }) => entry) }),
      );
      results = answer.Entries ?? [];
      problem = undefined;
    } catch (error) {
      problem = error;
      continue;
    }
    waiting = waiting.filter((one, index) => !isOver(one, results[index]));
  }
  const why = problem === undefined ? 'it took some events and not this one' : String(problem);
  for (const { reject } of waiting) reject(new Error(`the event bus did not take it: ${why}`));
  return problem === undefined;
}

/** Entries are answered in their order; one without an id and without a code was not taken. */
function isOver({ resolve, reject }: Waiting, result: PutEventsResultEntry | undefined): boolean {
  if (result?.ErrorCode === undefined && result?.EventId !== undefined) {
    resolve();
    return true;
  }
  const code = result?.ErrorCode ?? '';
  if (!FINAL_CODES.has(code)) return false;
  reject(new Error(`the event bus refused it: ${code} ${result?.ErrorMessage ?? ''}`));
  return true;
}
