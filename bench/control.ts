/**
 * The line between the benchmark and each of its programs: ready, measure, end.
 *
 * It is the IPC channel of `child_process`, so that nothing is added to what is measured.
 */

/** What a program has used. */
export interface Usage {
  /** Processor time since the program started, user and system, in microseconds. */
  readonly cpuUs: number;
  /** Memory that the program holds, in bytes. */
  readonly residentBytes: number;
  /** What of it is live JavaScript, in bytes; after a collection where one was asked for. */
  readonly heapBytes: number;
}

export type FromProgram =
  | { readonly kind: 'ready'; readonly url: string }
  | ({ readonly kind: 'usage' } & Usage);

/** `collect`: garbage is collected first, so that what is counted is live. */
export type ToProgram = { readonly kind: 'measure'; readonly collect: boolean };

/** Tells the benchmark where this program listens, and answers it from then on. */
export function serveControl(url: string): void {
  process.on('message', ({ collect }: ToProgram) => {
    if (collect) globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    tell({
      kind: 'usage',
      cpuUs: user + system,
      residentBytes: rss,
      heapBytes: heapUsed + arrayBuffers,
    });
  });
  // Whoever started this program has gone.
  process.on('disconnect', () => process.exit());
  tell({ kind: 'ready', url });
}

const tell = (message: FromProgram): void => {
  process.send?.(message);
};
