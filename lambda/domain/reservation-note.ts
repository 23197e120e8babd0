/**
 * The reservation's id in the metadata of the request that goes to Bedrock, so that AWS's log of
 * invocations can be matched to the journal.
 *
 * Metadata labels the log's entry and is no input of the model, so it has no price: a body is
 * priced before its reservation has an id, and the note is put in afterwards.
 * Invariant: nothing else of the body changes.
 */
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseBody,
  serializeBody,
} from './request-body.ts';
import { MAX_METADATA, metadataOfHeader } from './request-tags.ts';
import type { ReservationId } from './reservation.ts';

/** The name that AWS's log shows the reservation under. */
export const RESERVATION_METADATA = 'hardcap-reservation';

const EMPTY_BODY_BYTES = '{}'.length;

/**
 * A serialised Converse body with the note. The client's own metadata stays; where it is full, or
 * nothing that Bedrock takes, the body is given back as it is.
 *
 * @param metadata what the body has as its `requestMetadata`
 */
export function withReservation(
  body: Uint8Array,
  metadata: JsonValue | undefined,
  id: ReservationId,
): Uint8Array {
  // Written into the bytes, as a second serialisation of a large body takes its time.
  if (metadata === undefined && body.length > EMPTY_BODY_BYTES) {
    const note = JSON.stringify({ requestMetadata: { [RESERVATION_METADATA]: id } });
    return Buffer.concat([body.subarray(0, -1), Buffer.from(`,${note.slice(1)}`)]);
  }
  const noted = isJsonObject(metadata) ? withNote(metadata, id) : undefined;
  if (noted === undefined) return body;
  return serializeBody({ ...parseBody(body), requestMetadata: noted });
}

/** JSON in a header must be plain text: what a client escaped stays escaped. */
const NOT_PLAIN = /[^\x20-\x7e]/g;
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * The value of InvokeModel's metadata header with the note; the client's own where that is full.
 *
 * @throws HardcapError `invalid_request` where the client's is no JSON map of texts
 */
export function metadataHeaderWith(header: string | undefined, id: ReservationId): string {
  const own = header === undefined ? {} : metadataOfHeader(header);
  const text = Buffer.from(serializeBody(withNote(own, id) ?? own)).toString('utf8');
  return text.replace(NOT_PLAIN, escaped);
}

/** The name is ours: what a client writes there could point at another's reservation. */
function withNote(metadata: JsonObject, id: ReservationId): JsonObject | undefined {
  const { [RESERVATION_METADATA]: _forged, ...own } = metadata;
  if (Object.keys(own).length >= MAX_METADATA) return undefined;
  return { ...own, [RESERVATION_METADATA]: id };
}
