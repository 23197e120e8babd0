/**
 * Time zones by the platform's own table: which names there are, and how far each is from UTC.
 *
 * Invariant: the offset that `Intl` tells, or a RangeError; never a guess.
 */

const UTC = 'UTC';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SECOND_MS = 1_000;
/** As `Intl` writes it: "1/31/2026, GMT", "..., GMT-04:30"; with seconds before about 1972. */
const LONG_OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** Making one costs more than a hundred uses of it. There are as many as settings name zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether `name` is the IANA name of a zone, or an offset such as `+05:30`. */
export function isTimeZone(name: string): boolean {
  if (name === UTC) return true;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * How far local time is ahead of UTC at an instant, in milliseconds; negative west of Greenwich.
 *
 * @throws RangeError where there is no such zone or instant
 */
export function offsetMsAt(timeZone: string, atMs: number): number {
  // `Intl` takes 10 ms to load, and an instance with no zone but UTC never needs it.
  if (timeZone === UTC) return 0;
  const written = formatOf(timeZone).format(atMs);
  const found = LONG_OFFSET.exec(written);
  if (found === null) throw new RangeError(`no offset of ${timeZone} in "${written}"`);
  const [, sign, hours = 0, minutes = 0, seconds = 0] = found;
  const awayMs =
    Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * SECOND_MS;
  return sign === '-' ? -awayMs : awayMs;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  try {
    // The machine's own locale might write digits in another script.
    const made = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    formats.set(timeZone, made);
    return made;
  } catch (cause) {
    throw new RangeError(`no such time zone: ${timeZone}`, { cause });
  }
}
