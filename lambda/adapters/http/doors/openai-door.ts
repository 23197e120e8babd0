/**
 * OpenAI's API at `/openai/v1`: chat completions and models; a program sets its base URL alone.
 *
 * A model that Bedrock serves in OpenAI's shape is asked so, and answers byte for byte; every other
 * one is asked by Converse, both ways translated.
 */
import { familyNameOf } from '../../../domain/catalogue.ts';
import { FAMILIES } from '../../../domain/families/registry.ts';
import { invalidField, objectOf } from '../../../domain/families/request-reading.ts';
import { bedrockModelId } from '../../../domain/model-names.ts';
import { isStreaming, type Operation } from '../../../domain/operation.ts';
import { type JsonObject, type JsonValue, parseBody } from '../../../domain/request-body.ts';
import { allowedRegion, decodeOnce, upstreamPath } from '../route.ts';
import { createServerSentEventReader, jsonOf } from '../server-sent-event-reader.ts';
import { bedrockHeaders, bedrockMessageOf } from './bedrock-door.ts';
import { converseBodyOf } from './chat-to-converse.ts';
import { type ChatNames, chatAnswerOf } from './converse-to-chat.ts';
import { createChunkWriter } from './converse-to-chat-chunks.ts';
import type { AnswerForm, Door, DoorRequest, Entry, Listing, UpstreamHead } from './door.ts';
import { createFrameSink } from './frame-sink.ts';
import { createHiddenUsageSink } from './hidden-usage-sink.ts';
import {
  openAiErrorAnswer,
  openAiErrorBody,
  openAiErrorType,
  openAiStreamError,
} from './openai-error.ts';
import { openAiModelAnswer, openAiModelList } from './openai-models.ts';
import { refuseOpenAiRoute } from './openai-routes.ts';
import { EVENT_STREAM_HEADERS } from './server-sent-events.ts';

const PATH = /^(?:\/bedrock\/([^/]+))?\/openai\/v1(?:\/(.*))?$/;
const ONE_MODEL = /^models\/(.+)$/;
const CHAT = 'chat/completions';

/** The same at Bedrock. */
const UPSTREAM_PATH = '/openai/v1/chat/completions';

export const openAiDoor: Door = {
  routes: [
    { method: 'POST', path: UPSTREAM_PATH, outcome: 'reserved' },
    { method: 'GET', path: '/openai/v1/models', outcome: 'listed' },
    { method: 'GET', path: '/openai/v1/models/{modelId}', outcome: 'listed' },
  ],
  enter,
  errorAnswer: openAiErrorAnswer,
  streamError: openAiStreamError,
};

function enter(request: DoorRequest): Entry | Listing {
  const { method, path, regions } = request;
  const [, namedRegion, rest = ''] = PATH.exec(path) ?? [];
  const region = allowedRegion(namedRegion, regions);
  const [, encodedModelId] = ONE_MODEL.exec(rest) ?? [];
  if (method === 'GET' && rest === 'models') return { region, write: openAiModelList };
  if (method === 'GET' && encodedModelId !== undefined) {
    const namedAs = decodeOnce(encodedModelId);
    const modelId = bedrockModelId(namedAs, region);
    return { region, modelId, namedAs, write: openAiModelAnswer };
  }
  if (method !== 'POST' || rest !== CHAT) refuseOpenAiRoute(method, path, rest);
  return chatEntry(parseBody(request.bytes()), bedrockHeaders(request.headers), region);
}

function chatEntry(
  asked: JsonObject,
  headers: Readonly<Record<string, string>>,
  region: string,
): Entry {
  const model = modelNameOf(asked);
  const modelId = bedrockModelId(model, region);
  const isStreamed = flagOf(asked.stream, 'stream');
  const options = objectOf(asked.stream_options, 'stream_options');
  const includesUsage = flagOf(options?.include_usage, 'stream_options.include_usage');
  const chat: Chat = { asked, headers, model, modelId, region, isStreamed, includesUsage };
  const family = familyNameOf(modelId);
  const isNative = family !== undefined && FAMILIES[family]?.chat !== undefined;
  return isNative ? nativeEntry(chat) : converseEntry(chat);
}

/** A request of chat completions, as far as both ways read it. */
interface Chat {
  readonly asked: JsonObject;
  /** Bedrock's own among the client's, by lower-cased name. */
  readonly headers: Readonly<Record<string, string>>;
  /** As the client named it. */
  readonly model: string;
  readonly modelId: string;
  readonly region: string;
  readonly isStreamed: boolean;
  /** Whether the client asked for the usage chunk of a stream. */
  readonly includesUsage: boolean;
}

/** @throws HardcapError `invalid_request` */
function modelNameOf({ model }: JsonObject): string {
  if (typeof model === 'string' && model !== '') return model;
  throw invalidField('model', 'must name a model');
}

/** @throws HardcapError `invalid_request` */
function flagOf(value: JsonValue | undefined, path: string): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return value === true;
  throw invalidField(path, 'must be true or false');
}

const upstreamHeaders = (isStreamed: boolean): Readonly<Record<string, string>> => ({
  'content-type': 'application/json',
  accept: isStreamed ? 'text/event-stream' : 'application/json',
});

function nativeEntry(chat: Chat): Entry {
  const { asked, headers, modelId, region, isStreamed, includesUsage } = chat;
  const { stream: _stream, ...rest } = asked;
  // Without its usage a stream would be charged in full.
  const streamed = {
    stream: true,
    stream_options: { ...objectOf(asked.stream_options, 'stream_options'), include_usage: true },
  };
  return {
    operation: isStreamed ? 'chat-completions-stream' : 'chat-completions',
    modelId,
    region,
    body: { ...rest, model: modelId, ...(isStreamed && streamed) },
    upstreamPath: () => UPSTREAM_PATH,
    upstreamHeaders: { ...upstreamHeaders(isStreamed), ...headers },
    createFrameReader: createServerSentEventReader,
    form: {
      whole: (head, body) =>
        head.status < 400 ? { headers: {}, body } : wholeError(head.status, head.headers, body),
      streamHeaders: {},
      streamSink: (client) => (includesUsage ? client : createHiddenUsageSink(client)),
    },
  };
}

function converseEntry(chat: Chat): Entry {
  const { asked, headers, model, modelId, region, isStreamed, includesUsage } = chat;
  const operation: Operation = isStreamed ? 'converse-stream' : 'converse';
  return {
    operation,
    modelId,
    namedAs: model,
    region,
    body: converseBodyOf(asked, headers),
    upstreamPath: (id) => upstreamPath(id, operation),
    upstreamHeaders: {
      'content-type': 'application/json',
      ...(!isStreaming(operation) && { accept: 'application/json' }),
    },
    form: converseForm(model, includesUsage),
  };
}

const converseForm = (model: string, includesUsage: boolean): AnswerForm => ({
  whole(head, body) {
    const { status, headers } = head;
    if (status >= 400) return wholeError(status, headers, body);
    const answer = chatAnswerOf(exactJsonOf(body), namesOf(head, model));
    return { headers: JSON_HEADERS, body: Buffer.from(JSON.stringify(answer)) };
  },
  streamHeaders: EVENT_STREAM_HEADERS,
  streamSink: (client, head) =>
    createFrameSink(client, createChunkWriter(namesOf(head, model), includesUsage)),
});

/** Numbers in the input of a tool keep their own digits. */
function exactJsonOf(body: Uint8Array): JsonObject {
  try {
    return parseBody(body);
  } catch {
    return jsonOf(body) ?? {};
  }
}

const MS_PER_SECOND = 1_000;

/** Bedrock's own request id and date, as Converse's answers have no id of theirs. */
function namesOf({ headers }: UpstreamHead, model: string): ChatNames {
  const sentAtMs = Date.parse(headers.date ?? '');
  return {
    id: `chatcmpl-${headers['x-amzn-requestid'] ?? 'unknown'}`,
    model,
    created: Number.isNaN(sentAtMs) ? 0 : Math.floor(sentAtMs / MS_PER_SECOND),
  };
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** An error of Bedrock's in OpenAI's shape; one that has it already passes as it is. */
function wholeError(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): ReturnType<AnswerForm['whole']> {
  const told = jsonOf(body) ?? {};
  if (told.error !== undefined) return { headers: {}, body };
  const written = openAiErrorBody({
    message: bedrockMessageOf(told),
    type: openAiErrorType(status),
    code: headers['x-amzn-errortype']?.split(':')[0] ?? null,
  });
  return { headers: JSON_HEADERS, body: Buffer.from(written) };
}
