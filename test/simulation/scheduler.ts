/**
 * Virtual time: one queue of events, each run to the end of what it sets off before the next.
 *
 * Invariant: nothing under test goes on but by an event of this queue, so that one seed gives one
 *            order of everything. Events of one time run in the order in which they were asked for.
 */

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

export class Scheduler {
  #nowMs: number;
  #order = 0;
  readonly #heap: Event[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** The world's time; no actor's clock need agree with it. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Runs `run` after `delayMs`, which may be 0 and is never less; gives what cancels it. */
  after(delayMs: number, run: () => void): () => void {
    this.#order += 1;
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const event: Event = { atMs, order: this.#order, run, isCancelled: false };
    push(this.#heap, event);
    return () => {
      event.isCancelled = true;
    };
  }

  /**
   * Runs events until none is left; `check` after each, when all that it set off has settled.
   *
   * @throws what `check` throws, and Error where there are more than `maxEvents`
   */
  async run(check: () => void, maxEvents: number): Promise<number> {
    let events = 0;
    for (let event = pop(this.#heap); event !== undefined; event = pop(this.#heap)) {
      if (event.isCancelled) continue;
      events += 1;
      if (events > maxEvents) throw new Error(`no rest after ${maxEvents} events`);
      this.#nowMs = event.atMs;
      event.run();
      // An immediate runs once every promise that can settle has settled.
      await new Promise((resolve) => setImmediate(resolve));
      check();
    }
    return events;
  }
}

const isBefore = (a: Event, b: Event): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

function push(heap: Event[], event: Event): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): Event | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
  return first;
}
