/**
 * How much output a frame of a running stream shows, in tokens at most.
 *
 * A tokenizer makes at most one token of each byte of text, so the bytes bound the tokens. Texts of
 * any kind count, the input of tools too; only what says which frame it is does not.
 * Not here: tokens that no frame shows (thinking); `Family.visibleModels` says where there are none.
 */
import { isJsonObject, type JsonValue } from './request-body.ts';

/** Members that name a frame, or fill it up (`p`, Bedrock's padding), in every vendor's shape. */
const LABELS: ReadonlySet<string> = new Set([
  'amazon-bedrock-guardrailAction',
  'finish_reason',
  'id',
  'model',
  'object',
  'p',
  'role',
  'signature',
  'stopReason',
  'stop_reason',
  'system_fingerprint',
  'toolUseId',
  'type',
]);

/** Bedrock's wrapper of a vendor's own chunk. */
const WRAPPED = 'bytes';

/** An upper bound on the output tokens of one event's payload. A payload that is no JSON counts whole. */
export function visibleTokens(payload: Uint8Array): number {
  const event = parsed(payload);
  if (event === undefined) return payload.byteLength;
  if (!isJsonObject(event) || typeof event[WRAPPED] !== 'string') return textBytes(event);
  const chunk = Buffer.from(event[WRAPPED], 'base64');
  const inner = parsed(chunk);
  return inner === undefined ? chunk.byteLength : textBytes(inner);
}

function parsed(bytes: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined;
  }
}

function textBytes(value: JsonValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  let bytes = 0;
  if (Array.isArray(value)) {
    for (const part of value) bytes += textBytes(part);
  } else if (isJsonObject(value)) {
    for (const name in value) {
      const member = value[name];
      if (member !== undefined && !LABELS.has(name)) bytes += textBytes(member);
    }
  }
  return bytes;
}
