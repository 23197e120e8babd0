/**
 * Anthropic's own API, `/v1/messages`, over InvokeModel: `ANTHROPIC_BASE_URL` is all that a program
 * sets.
 *
 * The body is Anthropic's on both sides: `model` and `stream` move into path and operation, the
 * version and beta headers into the body. Answers and events pass as Bedrock gives them.
 */
import { HardcapError } from '../../../domain/errors.ts';
import { bedrockModelId } from '../../../domain/model-names.ts';
import type { Operation } from '../../../domain/operation.ts';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseBody,
  serializeBody,
} from '../../../domain/request-body.ts';
import type { Frame } from '../../../ports/stream.ts';
import { allowedRegion, upstreamPath } from '../route.ts';
import {
  anthropicErrorAnswer,
  anthropicErrorBody,
  anthropicErrorEvent,
  anthropicErrorType,
  anthropicStreamError,
} from './anthropic-error.ts';
import { bedrockHeaders, bedrockMessageOf } from './bedrock-door.ts';
import type { AnswerForm, Door, DoorRequest, Entry } from './door.ts';
import { createFrameSink } from './frame-sink.ts';
import { EVENT_STREAM_HEADERS, serverSentEvent } from './server-sent-events.ts';

const PATH = /^(?:\/bedrock\/([^/]+))?\/v1\/messages(?:\/(count_tokens))?$/;

/** The only one that Bedrock knows; what the header says is a version of Anthropic's own API. */
const BEDROCK_VERSION = 'bedrock-2023-05-31';

export const anthropicDoor: Door = {
  routes: [
    { method: 'POST', path: '/v1/messages', outcome: 'reserved' },
    { method: 'POST', path: '/v1/messages/count_tokens', outcome: 'free' },
  ],
  enter,
  errorAnswer: anthropicErrorAnswer,
  streamError: anthropicStreamError,
};

function enter(request: DoorRequest): Entry {
  const match = PATH.exec(request.path);
  const [, namedRegion, tail] = match ?? [];
  if (match === null || request.method !== 'POST') {
    throw new HardcapError(
      'unknown_route',
      `unknown_route: hardcap serves no ${request.method} ${request.path}; it serves POST ` +
        '/v1/messages and /v1/messages/count_tokens here, and OpenAI below /openai/v1',
    );
  }
  const region = allowedRegion(namedRegion, request.regions);
  const asked = parseBody(request.bytes());
  const namedAs = modelNameOf(asked);
  const modelId = bedrockModelId(namedAs, region);
  const entry =
    tail === 'count_tokens'
      ? countEntry(request, asked, modelId, region)
      : messagesEntry(request, asked, modelId, region);
  return { ...entry, namedAs };
}

function messagesEntry(
  request: DoorRequest,
  asked: JsonObject,
  modelId: string,
  region: string,
): Entry {
  const { model: _model, stream, ...rest } = asked;
  const operation: Operation = isStreamed(stream) ? 'invoke-with-response-stream' : 'invoke';
  return {
    operation,
    modelId,
    region,
    body: bedrockBody(rest, request.headers),
    upstreamPath: (id) => upstreamPath(id, operation),
    upstreamHeaders: {
      ...bedrockHeaders(request.headers),
      'content-type': 'application/json',
      ...(operation === 'invoke'
        ? { accept: 'application/json' }
        : { 'x-amzn-bedrock-accept': 'application/json' }),
    },
    form: FORM,
  };
}

/** CountTokens takes a body as InvokeModel would, and no profile's id. */
function countEntry(
  request: DoorRequest,
  asked: JsonObject,
  modelId: string,
  region: string,
): Entry {
  const { model: _model, stream: _stream, ...rest } = asked;
  const counted = bedrockBody({ max_tokens: 1, ...rest }, request.headers);
  const body = Buffer.from(serializeBody(counted)).toString('base64');
  return {
    operation: 'count-tokens',
    modelId,
    region,
    body: {},
    freeBytes: serializeBody({ input: { invokeModel: { body } } }),
    upstreamPath: (_id, baseModelId) => upstreamPath(baseModelId, 'count-tokens'),
    upstreamHeaders: { 'content-type': 'application/json', accept: 'application/json' },
    form: { ...FORM, whole: wholeCount },
  };
}

/** @throws HardcapError `invalid_request` */
function modelNameOf({ model }: JsonObject): string {
  if (typeof model === 'string' && model !== '') return model;
  throw new HardcapError('invalid_request', 'invalid_request: "model" must name a model', {
    details: { field: 'model' },
  });
}

/** @throws HardcapError `invalid_request` */
function isStreamed(stream: JsonValue | undefined): boolean {
  if (stream === undefined || stream === null || typeof stream === 'boolean') {
    return stream === true;
  }
  throw new HardcapError('invalid_request', 'invalid_request: "stream" must be true or false', {
    details: { field: 'stream' },
  });
}

/** The body as Bedrock takes it: what the API has in headers stands in members there. */
function bedrockBody(body: JsonObject, headers: Readonly<Record<string, string>>): JsonObject {
  const betas = betasOf(body.anthropic_beta, headers['anthropic-beta']);
  return {
    anthropic_version: BEDROCK_VERSION,
    ...body,
    ...(betas.length > 0 && { anthropic_beta: betas }),
  };
}

function betasOf(inBody: JsonValue | undefined, inHeader: string | undefined): JsonValue[] {
  const named = (inHeader ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return [...new Set([...(Array.isArray(inBody) ? inBody : []), ...named])];
}

const FORM: AnswerForm = {
  whole: ({ status }, body) =>
    status < 400 ? { headers: {}, body } : wholeError(status, messageOf(body)),
  streamHeaders: EVENT_STREAM_HEADERS,
  streamSink: (client) => createFrameSink(client, eventOf),
};

const wholeError = (status: number, message: string) => ({
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(anthropicErrorBody(anthropicErrorType(status), message)),
});

/** `{"inputTokens": 12}` as Anthropic says it. */
function wholeCount({ status }: { readonly status: number }, body: Uint8Array) {
  if (status >= 400) return wholeError(status, messageOf(body));
  const { inputTokens } = objectOf(body);
  return {
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ input_tokens: inputTokens ?? null })),
  };
}

/** Bedrock's chunk holds the event's own JSON; it passes byte for byte. */
function eventOf({ messageType, eventType, payload }: Frame): Uint8Array | undefined {
  if (messageType !== 'event') return anthropicErrorEvent(eventType, messageOf(payload));
  const { bytes } = objectOf(payload);
  if (eventType !== 'chunk' || typeof bytes !== 'string') return undefined;
  const data = Buffer.from(bytes, 'base64');
  const { type } = objectOf(data);
  return serverSentEvent(data, typeof type === 'string' ? type : undefined);
}

const messageOf = (body: Uint8Array): string => bedrockMessageOf(objectOf(body));

function objectOf(bytes: Uint8Array): JsonObject {
  try {
    const value: JsonValue = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
