/**
 * The body of an answer as chunks, one after another, at the least cost for each.
 *
 * A stream's own iterator takes several turns of the event loop's queues for a chunk; with many slow
 * streams that is most of what hardcap adds to one.
 * Invariant: a chunk is the memory that it was read into. At most 64 KB and a chunk wait here; the
 *            connection is not read then.
 */
import { finished, type Readable } from 'node:stream';

const MAX_WAITING_BYTES = 64 * 1024;

/** Read once, to its end or not: who stops before has the stream destroyed. */
export const chunksOf = (stream: Readable): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => readingOf(stream),
});

type Step = IteratorResult<Uint8Array, undefined>;

function readingOf(stream: Readable): AsyncIterator<Uint8Array, undefined> {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let asked: PromiseWithResolvers<Step> | undefined;
  let ending: Promise<Step> | undefined;

  const give = (step: Step | Promise<Step>): void => {
    asked?.resolve(step);
    asked = undefined;
  };
  finished(stream, { writable: false }, (error) => {
    ending = error ? Promise.reject(error) : Promise.resolve(OVER);
    // It may be asked for later, or never.
    ending.catch(() => undefined);
    give(ending);
  });
  stream.on('data', (chunk: Uint8Array) => {
    if (asked !== undefined) {
      give({ done: false, value: chunk });
      return;
    }
    waiting.push(chunk);
    waitingBytes += chunk.byteLength;
    if (waitingBytes >= MAX_WAITING_BYTES) stream.pause();
  });
  return {
    next() {
      const value = waiting.shift();
      if (value !== undefined) {
        waitingBytes -= value.byteLength;
        if (waitingBytes === 0 && stream.isPaused()) stream.resume();
        return Promise.resolve({ done: false, value });
      }
      if (ending !== undefined) return ending;
      asked = Promise.withResolvers<Step>();
      return asked.promise;
    },
    return() {
      stream.destroy();
      return Promise.resolve(OVER);
    },
  };
}

const OVER: Step = { done: true, value: undefined };
