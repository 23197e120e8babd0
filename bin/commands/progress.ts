/**
 * What a person sees while something takes long: a line on stderr that goes when it is done.
 */
import spinner from 'yocto-spinner';

/** Nobody needs to be told of what takes less. */
const SHOWN_AFTER_MS = 1_000;

/** Says how far it is; the last word stands. */
export type Tell = (text: string) => void;

/**
 * Does the work and shows `text` where it lasts over a second and a person is watching stderr.
 *
 * @returns what the work gives; rejects as it does
 */
export async function withProgress<T>(text: string, work: (tell: Tell) => Promise<T>): Promise<T> {
  const shown = spinner({ text, stream: process.stderr });
  let last = text;
  const timer = process.stderr.isTTY
    ? setTimeout(() => shown.start(last), SHOWN_AFTER_MS)
    : undefined;
  try {
    return await work((next) => {
      last = next;
      // A spinner that is not shown would print each text as a line.
      if (shown.isSpinning) shown.text = next;
    });
  } finally {
    clearTimeout(timer);
    if (shown.isSpinning) shown.stop();
  }
}
