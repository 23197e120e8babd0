/**
 * The reservation's id in the metadata of the request that goes to Bedrock, so that AWS's log of
 * invocations can be matched to the journal.
 *
 * A body is priced before its reservation has an id. So the id's place is priced and serialised,
 * in as many characters, and filled in afterwards.
 * Invariant: no byte of the body but those of the place is changed by `fillReservation`.
 */
import { isJsonObject, type JsonObject, serializeBody } from './request-body.ts';
import { MAX_METADATA, metadataOfHeader } from './request-tags.ts';
import type { ReservationId } from './reservation.ts';

/** JSON in a header must be plain text: what a client escaped stays escaped. */
const NOT_PLAIN = /[^\x20-\x7e]/g;
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The name that AWS's log shows the reservation under. */
export const RESERVATION_METADATA = 'hardcap-reservation';

const PLACE: ReservationId = '0'.repeat(16);
/** What a body with a place ends in: the member `requestMetadata` is its last, the place its. */
const END = Buffer.from(`"${RESERVATION_METADATA}":"${PLACE}"}}`);
const AFTER_PLACE = '"}}'.length;

/**
 * A Converse body with a place for the id, at the very end. The client's own metadata stays; where
 * it is full, or nothing that Bedrock takes, the body is given back as it is.
 */
export function withReservationPlace(body: JsonObject): JsonObject {
  const { requestMetadata = {}, ...rest } = body;
  if (!isJsonObject(requestMetadata)) return body;
  const metadata = noted(requestMetadata, PLACE);
  return metadata === undefined ? body : { ...rest, requestMetadata: metadata };
}

/** The serialised body with the id in its place, if it has one. */
export function fillReservation(body: Uint8Array, id: ReservationId): Uint8Array {
  const end = body.length - END.length;
  if (end < 0 || !END.equals(body.subarray(end))) return body;
  const filled = Buffer.from(body);
  filled.write(
    id.padEnd(PLACE.length).slice(0, PLACE.length),
    body.length - AFTER_PLACE - PLACE.length,
    'latin1',
  );
  return filled;
}

/**
 * The value of InvokeModel's metadata header with the id in it; the client's own where that is full.
 *
 * @throws HardcapError `invalid_request` where the client's is no JSON map of texts
 */
export function metadataHeaderWith(header: string | undefined, id: ReservationId): string {
  const own = header === undefined ? {} : metadataOfHeader(header);
  const text = Buffer.from(serializeBody(noted(own, id) ?? own)).toString('utf8');
  return text.replace(NOT_PLAIN, escaped);
}

/** A name of ours is ours: what a client writes there could point at another's reservation. */
function noted(metadata: JsonObject, id: ReservationId): JsonObject | undefined {
  const { [RESERVATION_METADATA]: _forged, ...own } = metadata;
  if (Object.keys(own).length >= MAX_METADATA) return undefined;
  return { ...own, [RESERVATION_METADATA]: id };
}
