/**
 * Tags of a request: what its caller says it belongs to, such as one run of an agent.
 *
 * They come in the header `x-hardcap-tag: session=abc, step=2` and in the request metadata of
 * Bedrock's own API. They are the caller's word: they never replace a team or tag of its key.
 */
import { HardcapError } from './errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseBody } from './request-body.ts';

export type RequestTags = Readonly<Record<string, string>>;

export const TAG_HEADER = 'x-hardcap-tag';
/** Bedrock's own, for InvokeModel: a JSON map of texts. Converse has it in its body. */
export const METADATA_HEADER = 'x-amzn-bedrock-request-metadata';

/** The most tags of one request, and Bedrock's own bound on its metadata. */
export const MAX_REQUEST_TAGS = 16;
export const MAX_METADATA = 16;

/** Bounded, as the journal keeps them and counters are named by them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,63}$/;
const VALUE = /^[A-Za-z0-9 _.:/=+@-]{1,128}$/;

/**
 * The tags of a request, from the header and from the metadata beside it. Metadata that has not the
 * form of a tag is none: Bedrock judges it, and takes more than a tag may be.
 *
 * @throws HardcapError `invalid_request` where the header is malformed, one name has two values, or
 *         there are more than `MAX_REQUEST_TAGS`
 */
export function requestTags(
  header: string | undefined,
  metadata: JsonValue | undefined,
): RequestTags {
  const tags = new Map<string, string>();
  for (const [name, value] of [...tagsOfHeader(header), ...tagsOfMetadata(metadata)]) {
    const other = tags.get(name);
    if (other !== undefined && other !== value) {
      throw malformed(`the tag "${name}" has two values; send one`);
    }
    tags.set(name, value);
  }
  if (tags.size > MAX_REQUEST_TAGS) {
    throw malformed(`there are ${tags.size} tags; at most ${MAX_REQUEST_TAGS} are taken`);
  }
  return Object.fromEntries(tags);
}

function tagsOfHeader(header: string | undefined): [string, string][] {
  if (header === undefined) return [];
  return header.split(',').map((part): [string, string] => {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim();
    const value = part.slice(at + 1).trim();
    if (at > 0 && NAME.test(name) && VALUE.test(value)) return [name, value];
    throw malformed(
      'it is name=value, several separated by commas; a name is 1 to 64 of A-Z a-z 0-9 _ . : / @ ' +
        '+ - and begins with a letter or digit, a value 1 to 128 of these, = and spaces',
    );
  });
}

/** The caller's text is not repeated: it may be anything, and long. */
const malformed = (problem: string): HardcapError =>
  new HardcapError('invalid_request', `invalid_request: the header ${TAG_HEADER}: ${problem}`, {
    details: { field: TAG_HEADER },
  });

function tagsOfMetadata(metadata: JsonValue | undefined): [string, string][] {
  if (!isJsonObject(metadata)) return [];
  return Object.entries(metadata).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && NAME.test(entry[0]) && VALUE.test(entry[1]),
  );
}

/**
 * What the metadata header of InvokeModel says.
 *
 * @throws HardcapError `invalid_request` where it is no JSON map of texts
 */
export function metadataOfHeader(header: string): JsonObject {
  try {
    const metadata = parseBody(Buffer.from(header));
    if (Object.values(metadata).every((value) => typeof value === 'string')) return metadata;
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
  }
  throw new HardcapError(
    'invalid_request',
    `invalid_request: the header ${METADATA_HEADER} must be a JSON object whose values are texts`,
    { details: { field: METADATA_HEADER } },
  );
}
