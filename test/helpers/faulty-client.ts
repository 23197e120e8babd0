/**
 * Faults of a network in front of a real DynamoDB: answers that are lost, requests that arrive late
 * or never, errors of the service, as the adapter under test would see them on a bad day. Before an
 * SDK's client it works as a middleware of that client's own stack.
 */
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { DynamoCalls } from '../../lambda/adapters/dynamodb/dynamo-calls.ts';

export type Fault =
  /** Runs first, and then the request is sent: what happens between two requests of one call. */
  | (() => Promise<unknown>)
  /** The request arrives and takes effect; its answer does not come. */
  | 'answer-lost'
  /** The request never arrives. */
  | 'request-lost'
  /** The sender sees a time-out; the request arrives when the test calls `deliver`. */
  | 'delayed'
  /** A 500 for a request that took effect. */
  | 'server-error-after'
  /** A 500 for a request that did not. */
  | 'server-error-before'
  /** A 400 ThrottlingException: certain that nothing was written. */
  | 'throttled'
  /** A 400 AccessDeniedException: certain, and trying again is of no use. */
  | 'denied';

export interface FaultyClient {
  /** The next writes meet these faults, one each, in order; `undefined` lets one pass. */
  nextWrites(...faults: readonly (Fault | undefined)[]): void;
  /** The next reads meet these faults, one each. */
  nextReads(...faults: readonly (Fault | undefined)[]): void;
  /** Sends every delayed request now, in the order of their sending; their answers are lost. */
  deliver(): Promise<void>;
  /** How many requests are delayed. */
  readonly delayed: number;
  /** How many writes were tried, faulty ones included. */
  readonly writes: number;
  /** Forgets the faults that were not met; what is delayed stays delayed. */
  calm(): void;
}

const timeout = (): Error => Object.assign(new Error('no answer'), { name: 'TimeoutError' });

/** A refused condition is an answer like any other, and nobody is there to hear it. */
const unheard = (): undefined => undefined;

const answered = (name: string, httpStatusCode: number): DynamoDBServiceException =>
  new DynamoDBServiceException({
    name,
    $fault: httpStatusCode < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode },
    message: name,
  });

/** Puts faults before every UpdateItem and GetItem that this client sends from now on. */
export function makeFaulty(client: DynamoDBDocumentClient): FaultyClient {
  const { faulty, write, read } = createFaults();
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (context.commandName === 'UpdateItemCommand') return write(() => next(args));
      return context.commandName === 'GetItemCommand' ? read(() => next(args)) : next(args);
    },
    { step: 'initialize', name: 'faults', priority: 'low' },
  );
  return faulty;
}

/** The same calls, with faults before every update and get. */
export function withFaults(calls: DynamoCalls): FaultyClient & { readonly calls: DynamoCalls } {
  const { faulty, write, read } = createFaults();
  return Object.assign(faulty, {
    calls: {
      ...calls,
      update: (input) => write(() => calls.update(input)),
      get: (input, options) => read(() => calls.get(input, options)),
    } satisfies DynamoCalls,
  });
}

type Meet = <T>(send: () => Promise<T>) => Promise<T>;

function createFaults(): {
  readonly faulty: FaultyClient;
  readonly write: Meet;
  readonly read: Meet;
} {
  const faults = { writes: [] as (Fault | undefined)[], reads: [] as (Fault | undefined)[] };
  let delayed: (() => Promise<unknown>)[] = [];
  let writes = 0;

  async function meet<T>(fault: Fault | undefined, send: () => Promise<T>): Promise<T> {
    if (typeof fault === 'function') {
      await fault();
      return send();
    }
    switch (fault) {
      case undefined:
        return send();
      case 'answer-lost':
        await send().catch(unheard);
        throw timeout();
      case 'request-lost':
        throw timeout();
      case 'delayed':
        delayed.push(send);
        throw timeout();
      case 'server-error-after':
        await send().catch(unheard);
        throw answered('InternalServerError', 500);
      case 'server-error-before':
        throw answered('InternalServerError', 500);
      case 'throttled':
        throw answered('ThrottlingException', 400);
      case 'denied':
        throw answered('AccessDeniedException', 400);
    }
  }

  const faulty: FaultyClient = {
    nextWrites: (...next) => faults.writes.push(...next),
    nextReads: (...next) => faults.reads.push(...next),
    deliver: async () => {
      const now = delayed;
      delayed = [];
      for (const send of now) await send().catch(unheard);
    },
    get delayed() {
      return delayed.length;
    },
    get writes() {
      return writes;
    },
    calm: () => {
      faults.writes = [];
      faults.reads = [];
    },
  };
  return {
    faulty,
    write: (send) => {
      writes += 1;
      return meet(faults.writes.shift(), send);
    },
    read: (send) => meet(faults.reads.shift(), send),
  };
}
