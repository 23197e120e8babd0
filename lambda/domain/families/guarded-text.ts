/**
 * The text of a request that its guardrail looks at, and Bedrock's own member about guardrails.
 *
 * Not here: `guardrailConfig` of Converse (converse.ts), and what a unit is (../guardrail.ts).
 */
import { type GuardedText, textsIn } from '../guardrail.ts';
import { isStreaming, type Operation } from '../operation.ts';
import type { JsonObject } from '../request-body.ts';
import type { Family } from './family.ts';
import { isGiven, objectOf, type RequestReading } from './request-reading.ts';

/** Bedrock's own member, which every vendor's body may hold beside the guardrail headers. */
const GUARDRAIL_CONFIG = 'amazon-bedrock-guardrailConfig';
const GUARDRAIL_CONFIG_MEMBERS: ReadonlySet<string> = new Set([
  'streamProcessingMode',
  'tagSuffix',
]);
/** As in Converse, where the names of the modes are shorter. */
const PRICED_MODES = ['SYNCHRONOUS'];

/**
 * The vendor's own part of a native body; what Bedrock adds to it is noted.
 *
 * @throws HardcapError `unpriced_field`, `invalid_request`
 */
export function withoutGuardrailConfig(body: JsonObject, reading: RequestReading): JsonObject {
  if (!isGiven(body[GUARDRAIL_CONFIG])) return body;
  const { [GUARDRAIL_CONFIG]: given, ...vendorBody } = body;
  const config = objectOf(given, GUARDRAIL_CONFIG) ?? {};
  reading.noteGuardrail(GUARDRAIL_CONFIG);
  reading.checkMembers(config, GUARDRAIL_CONFIG_MEMBERS, `${GUARDRAIL_CONFIG}.`);
  const mode = `${GUARDRAIL_CONFIG}.streamProcessingMode`;
  reading.checkPricedValue(config.streamProcessingMode, PRICED_MODES, mode);
  return vendorBody;
}

/** How a text is marked as the source of a grounding check, in Converse and in a native body. */
const GROUNDING_MARKS = ['"grounding_source"', 'amazon-bedrock-guardrails-groundingSource'];

/**
 * What a guardrail looks at, which must be text whose length is to be seen; undefined where the
 * request names no guardrail.
 *
 * @param sent the body that goes out
 * @throws HardcapError `unpriced_field`
 */
export function guardedTextOf(
  request: { readonly operation: Operation; readonly body: JsonObject },
  family: Family,
  reading: RequestReading,
  sent: Buffer,
): GuardedText | undefined {
  const field = reading.guardrailField;
  if (field === '') return undefined;
  if (reading.hasImages || reading.fillsWindow || family.hasNoOutputTokens === true) {
    reading.refuse(
      field,
      'the guardrail would look at images, documents or other content that is not text, whose ' +
        'units cannot be counted here; leave one of the two out',
    );
  }
  const isStreamed = isStreaming(request.operation);
  if (isStreamed && GROUNDING_MARKS.some((mark) => sent.includes(mark))) {
    reading.refuse(
      field,
      'a grounding check of a stream may read its source again for every piece; ask without ' +
        'streaming',
    );
  }
  return { inputBytes: sent.length, inputTexts: textsIn(request.body), isStreamed };
}
