/**
 * `ReadableStream` by its name alone, in place of `node:stream/web`, for functions' bundles.
 *
 * middy asks whether an answer is one, and none of ours is. To import the module loads all of the
 * platform's web streams, a fifteenth of a new instance's start.
 */

/** `instanceof` tells what the platform's own class would; there is nothing else to it. */
// biome-ignore lint/complexity/noStaticOnlyClass: only a class can stand behind `instanceof`.
export class ReadableStream {
  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof globalThis.ReadableStream;
  }
}
