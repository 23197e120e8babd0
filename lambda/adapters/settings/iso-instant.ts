/**
 * Instants as people write them in settings: an ISO 8601 date and time with its offset from UTC.
 *
 * Invariant: a text that leaves anything open (the date, the hour, the offset) is no instant.
 */

/** The basic form (20261231T2359Z) and the extended one; with whole hours, minutes or seconds. */
const ISO_INSTANT =
  /^(\d{4}-?\d\d-?\d\d)T(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?(?:Z|([+-]\d\d)(?::?(\d\d))?)$/;

/** Epoch milliseconds, what is below one cut off; undefined where the text is no instant. */
export function readIsoInstantMs(text: string): number | undefined {
  const found = ISO_INSTANT.exec(text);
  if (found === null) return undefined;
  const [, written = '', hour, minute = '00', second = '00', fraction = '', away = '+00'] = found;
  const digits = written.replaceAll('-', '');
  const date = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
  // The platform reads 30 February as the second of March.
  if (!isDate(date)) return undefined;
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const offset = `${away}:${found[7] ?? '00'}`;
  const atMs = Date.parse(`${date}T${hour}:${minute}:${second}.${milliseconds}${offset}`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

function isDate(text: string): boolean {
  const atMs = Date.parse(text);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}
