/**
 * A Bedrock Runtime on this machine that speaks the true wire format, by HTTP/1.1 and h2c.
 *
 * Serves the five operations and chat completions for the models of simulated-models.ts, and
 * guardrails; what a prompt can ask is told
 * in simulated-directives.ts. `GET /__book` gives its book as JSON, `POST /__reset` clears it.
 * Invariant: what it starts to answer is billed in full, whether or not anybody reads it; what
 *            it answers with an error is not billed.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UnitCounts } from '../lambda/domain/unit.ts';
import {
  type DualRequest,
  type DualResponse,
  joinedHeaders,
  resetResponse,
  startDualListener,
} from './dual-listener.ts';
import {
  answerBody,
  answerEvents,
  answerTo,
  chatEvents,
  requireStream,
  tokenCountHeaders,
} from './simulated-answers.ts';
import { Book, type BookRecord, NO_TOKENS } from './simulated-book.ts';
import { BedrockError, invalid, openAiErrorOf } from './simulated-errors.ts';
import { type GuardrailRoute, guardrailAnswer, guardrailRouteOf } from './simulated-guardrails.ts';
import {
  CHAT_PATH,
  parseObject,
  type Question,
  ROUTE,
  readChatQuestion,
  readChatRequest,
  readCountQuestion,
  readQuestion,
  requireRoomFor,
} from './simulated-requests.ts';
import { eventStreamWire, SERVER_SENT_EVENTS, streamEvents } from './simulated-stream.ts';
import type { Told } from './simulated-vendor.ts';

export interface SimulatedBedrockOptions {
  /** 0 chooses a free port. */
  readonly port: number;
  /** Varies the text and the padding; default 0. */
  readonly seed?: number;
}

export interface SimulatedBedrock {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly book: Book;
  /** Breaks off what still runs after two seconds. */
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 2_000;
/** InvokeModel's limit. */
const MAX_BODY_BYTES = 25_000_000;

/** One request under way. */
interface Exchange {
  readonly request: DualRequest;
  readonly response: DualResponse;
  readonly modelId: string;
  readonly operation: string;
  readonly body: Buffer;
  readonly seed: number;
  readonly book: Book;
}

/**
 * Starts on 127.0.0.1.
 *
 * @throws the system's error where the port cannot be had, such as EADDRINUSE.
 */
export async function startSimulatedBedrock(
  options: SimulatedBedrockOptions,
): Promise<SimulatedBedrock> {
  const book = new Book();
  const seed = options.seed ?? 0;
  const listener = await startDualListener({
    port: options.port,
    onRequest: (request, response) => {
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      serve(request, response, book, seed).catch((error: unknown) => {
        const isExpected = error instanceof BedrockError;
        const internal = new BedrockError('InternalServerException', String(error));
        sendError(response, isExpected ? error : internal);
      });
    },
  });
  return {
    port: listener.port,
    url: `http://127.0.0.1:${listener.port}`,
    book,
    close: () => listener.close(CLOSE_GRACE_MS),
  };
}

async function serve(
  request: DualRequest,
  response: DualResponse,
  book: Book,
  seed: number,
): Promise<void> {
  const body = await readBody(request);
  // A request that never arrived in full was never asked.
  if (body === undefined) return;
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path === '/__book') {
    sendJson(response, 200, book.page());
    return;
  }
  if (path === '/__reset' && request.method === 'POST') {
    book.reset();
    sendJson(response, 200, {});
    return;
  }
  const guardrail = request.method === 'POST' ? guardrailRouteOf(path) : undefined;
  if (guardrail !== undefined) {
    const { operation, name } = guardrail;
    answerGuardrail({ request, response, modelId: name, operation, body, seed, book });
    return;
  }
  if (path === CHAT_PATH && request.method === 'POST') {
    await answerChat({ request, response, body, seed, book });
    return;
  }
  const [, encodedModelId, operation] = ROUTE.exec(path) ?? [];
  if (encodedModelId === undefined || operation === undefined || request.method !== 'POST') {
    sendError(response, new BedrockError('UnknownOperationException', `no such path: ${path}`));
    return;
  }
  const modelId = decodeOnce(encodedModelId);
  await answer({ request, response, modelId, operation, body, seed, book });
}

/** Answers chat completions: what others have in their path stands in the body, errors too. */
async function answerChat(asked: Omit<Exchange, 'modelId' | 'operation'>): Promise<void> {
  const { request, response } = asked;
  let exchange: Exchange = { ...asked, modelId: '', operation: 'chat-completions' };
  try {
    const { modelId, isStreamed, includesUsage } = readChatRequest(asked.body);
    const operation = isStreamed ? 'chat-completions-stream' : 'chat-completions';
    exchange = { ...asked, modelId, operation };
    const question = readChatQuestion(modelId, asked.body);
    requireRoomFor(modelId, question);
    await waitOrFail(question);
    const answered = billed(exchange, question);
    if (answered === undefined) return;
    if (!isStreamed) {
      sendJson(response, 200, answerBody(question, answered));
      return;
    }
    response.statusCode = 200;
    response.setHeader('content-type', 'text/event-stream; charset=utf-8');
    response.setHeader('x-amzn-requestid', randomUUID());
    const events = chatEvents(answered, includesUsage);
    await streamEvents(request, response, events, question.directives, SERVER_SENT_EVENTS);
  } catch (error) {
    if (!(error instanceof BedrockError)) throw error;
    enter(exchange, { outcome: 'not-billed', status: error.status });
    sendJson(response, error.status, openAiErrorOf(error));
  }
}

/** Answers one operation and writes it into the book, before anything is sent. */
async function answer(exchange: Exchange): Promise<void> {
  const { modelId, operation, body, response } = exchange;
  try {
    const isCount = operation === 'count-tokens';
    const question = isCount
      ? readCountQuestion(modelId, body)
      : readQuestion(modelId, operation.startsWith('converse'), body);
    if (!isCount) requireRoomFor(modelId, question);
    if (operation.endsWith('stream')) requireStream(question);
    await waitOrFail(question);
    if (isCount) {
      enter(exchange, { outcome: 'not-billed', status: 200 });
      sendJson(response, 200, { inputTokens: question.inputTokens });
      return;
    }
    await answerBilled(exchange, question);
  } catch (error) {
    if (!(error instanceof BedrockError)) throw error;
    enter(exchange, { outcome: 'not-billed', status: error.status });
    sendError(response, error);
  }
}

function answerGuardrail(exchange: Exchange): void {
  const { response, operation, body } = exchange;
  try {
    const asked = operation as GuardrailRoute['operation'];
    const answered = guardrailAnswer(asked, parseObject(body));
    enter(exchange, { outcome: 'billed', status: 200, units: answered.units });
    sendJson(response, 200, answered.body);
  } catch (error) {
    if (!(error instanceof BedrockError)) throw error;
    enter(exchange, { outcome: 'not-billed', status: error.status });
    sendError(response, error);
  }
}

/** What comes before an answer: the time it takes, or an error. @throws BedrockError */
async function waitOrFail({ directives }: Question): Promise<void> {
  if (directives.firstMs > 0) await sleep(directives.firstMs);
  if (directives.error === undefined) return;
  throw new BedrockError(directives.error, `simulated ${directives.error}`);
}

/** What is answered, billed by now; undefined where the connection was reset instead. */
function billed(exchange: Exchange, question: Question): Told | undefined {
  const answered = answerTo(question, exchange.seed);
  const { resets } = question.directives;
  const { tokens, units } = answered;
  enter(exchange, { outcome: 'billed', status: resets ? 0 : 200, question, tokens, units });
  if (!resets) return answered;
  resetResponse(exchange.request, exchange.response);
  return undefined;
}

async function answerBilled(exchange: Exchange, question: Question): Promise<void> {
  const { request, response, operation, seed } = exchange;
  const answered = billed(exchange, question);
  if (answered === undefined) return;
  if (!operation.endsWith('stream')) {
    const headers = tokenCountHeaders(question, answered);
    sendJson(response, 200, answerBody(question, answered), headers);
    return;
  }
  response.statusCode = 200;
  response.setHeader('content-type', 'application/vnd.amazon.eventstream');
  response.setHeader('x-amzn-requestid', randomUUID());
  if (operation.startsWith('invoke')) {
    response.setHeader('x-amzn-bedrock-content-type', 'application/json');
  }
  const events = answerEvents(question, answered);
  await streamEvents(request, response, events, question.directives, eventStreamWire(seed));
}

interface BookEntry {
  readonly outcome: 'billed' | 'not-billed';
  readonly status: number;
  readonly question?: Question;
  readonly tokens?: typeof NO_TOKENS;
  readonly units?: UnitCounts;
}

function enter(exchange: Exchange, entry: BookEntry): void {
  const maxTokens = entry.question?.maxTokens;
  const { units = {} } = entry;
  exchange.book.enter({
    modelId: exchange.modelId,
    operation: exchange.operation,
    ...(entry.tokens ?? NO_TOKENS),
    outcome: entry.outcome,
    status: entry.status,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(Object.keys(units).length === 0 ? {} : { units }),
    requestBodyBytes: exchange.body.length,
    ...metadataOf(exchange),
    headers: joinedHeaders(exchange.request),
  });
}

/** What AWS's log of invocations would show as the request's metadata. */
function metadataOf({ operation, body, request }: Exchange): Pick<BookRecord, 'requestMetadata'> {
  const header = joinedHeaders(request)['x-amzn-bedrock-request-metadata'];
  try {
    const said = JSON.parse(body.toString('utf8')) as { readonly requestMetadata?: never };
    const inHeader = header === undefined ? undefined : JSON.parse(header);
    const requestMetadata = operation.startsWith('converse') ? said.requestMetadata : inHeader;
    return requestMetadata === undefined ? {} : { requestMetadata };
  } catch {
    return {};
  }
}

/** A `%` that encodes nothing is left as it is; such an id names no model. */
function decodeOnce(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function sendError(response: DualResponse, error: BedrockError): void {
  if (response.headersSent) return;
  const headers = { 'x-amzn-errortype': `${error.name}:http://internal.amazon.com/coral/` };
  sendJson(response, error.status, { message: error.message }, headers);
}

function sendJson(
  response: DualResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.setHeader('x-amzn-requestid', randomUUID());
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(text);
}

async function readBody(request: DualRequest): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bodyBytes = 0;
  try {
    for await (const chunk of request) {
      bodyBytes += chunk.length;
      if (bodyBytes <= MAX_BODY_BYTES) chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  if (bodyBytes > MAX_BODY_BYTES) throw invalid(`the body is longer than ${MAX_BODY_BYTES} bytes`);
  return Buffer.concat(chunks, bodyBytes);
}
