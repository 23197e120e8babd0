/**
 * Bedrock at its worst: it keeps its own book, and bills when a request arrives, whatever comes
 * of its answer.
 */
import type { Frame, FrameReader } from '../../lambda/ports/stream.ts';
import {
  type Upstream,
  UpstreamFailure,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../../lambda/ports/upstream.ts';
import type { Actor } from './actor.ts';
import { countFault, currentRun, note, type RequestRun, type World } from './world.ts';

/** What becomes of one request. */
export type UpstreamFate =
  | 'answers'
  | 'answers-without-usage'
  | 'answers-usage-twice'
  | 'refuses-unbilled'
  | 'fails-billed'
  | 'hangs'
  | 'breaks-off'
  | 'not-reached'
  | 'reached-and-lost';

export const FATES: readonly UpstreamFate[] = [
  'answers-without-usage',
  'answers-usage-twice',
  'refuses-unbilled',
  'fails-billed',
  'hangs',
  'breaks-off',
  'not-reached',
  'reached-and-lost',
];

const UNBILLED_ERRORS = ['ThrottlingException', 'AccessDeniedException', 'ValidationException'];
const BILLED_ERRORS = ['InternalServerException', 'ModelTimeoutException', 'ModelErrorException'];

const MAX_REACH_MS = 30;
const MAX_THINK_MS = 400;
const MAX_CHUNK_GAP_MS = 300;
const CONNECT_TIMEOUT_MS = 3_000;
/** Of one answer in three: its bytes are more than its bound has tokens. */
const BYTES_PER_TOKEN = 4;

export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** One request's fate and what it costs at Bedrock. */
export interface PlannedAnswer {
  readonly fate: UpstreamFate;
  readonly tokens: TokenCounts;
  readonly chunks: number;
  readonly isStream: boolean;
}

/** @param planOf the answer of the request on whose behalf the actor sends */
export function createSimulatedUpstream(
  world: World,
  actor: Actor,
  planOf: (request: UpstreamRequest) => PlannedAnswer,
): Upstream {
  return {
    send(request, signal) {
      const run = currentRun.getStore();
      const plan = planOf(request);
      world.oracle.sending(run, plan.isStream);
      return new Promise((resolve, reject) => {
        const fail = (sent: 'not-sent' | 'unknown', message: string) =>
          actor.deliver(() => reject(new UpstreamFailure(sent, message, undefined)));
        signal.addEventListener('abort', () => fail('unknown', 'aborted'), { once: true });
        if (plan.fate !== 'answers') countFault(world, `upstream:${plan.fate}`);
        if (plan.fate === 'not-reached') {
          world.scheduler.after(CONNECT_TIMEOUT_MS, () => fail('not-sent', 'no connection'));
          return;
        }
        world.scheduler.after(world.random.int(MAX_REACH_MS), () => {
          note(world, `bedrock receives ${run?.name ?? ''}: ${plan.fate}`);
          if (plan.fate !== 'refuses-unbilled') world.oracle.billed(run, plan.tokens);
          if (plan.fate === 'hangs') return;
          const thinkMs = world.random.int(MAX_THINK_MS);
          if (plan.fate === 'reached-and-lost') {
            world.scheduler.after(thinkMs, () => fail('unknown', 'reset'));
            return;
          }
          const response = responseOf(world, actor, run, plan, signal);
          world.scheduler.after(thinkMs, () => actor.deliver(() => resolve(response)));
        });
      });
    },
  };
}

function responseOf(
  world: World,
  actor: Actor,
  run: RequestRun | undefined,
  plan: PlannedAnswer,
  signal: AbortSignal,
): UpstreamResponse {
  if (plan.fate === 'refuses-unbilled' || plan.fate === 'fails-billed') {
    const isBilled = plan.fate === 'fails-billed';
    const type = world.random.pick(isBilled ? BILLED_ERRORS : UNBILLED_ERRORS);
    return bodyResponse(world, actor, run, signal, {
      status: isBilled ? 500 : 400,
      headers: { 'x-amzn-errortype': type },
      chunks: [json({ message: 'malformed' })],
      isBroken: false,
      usageAt: undefined,
    });
  }
  const chunks = plan.isStream ? streamChunks(plan) : [json(wholeAnswer(plan))];
  return bodyResponse(world, actor, run, signal, {
    status: 200,
    headers: {},
    chunks,
    isBroken: plan.fate === 'breaks-off',
    usageAt: usageAt(plan, chunks),
  });
}

/** The reading with which the final usage is there; a whole answer's is valid at its end. */
function usageAt(plan: PlannedAnswer, chunks: readonly Uint8Array[]): number | undefined {
  if (plan.fate !== 'answers' && plan.fate !== 'answers-usage-twice') return undefined;
  if (!plan.isStream) return chunks.length + 1;
  return plan.fate === 'answers' ? chunks.length : chunks.length - 1;
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

const usageOf = ({ inputTokens, outputTokens }: TokenCounts) => ({
  inputTokens,
  outputTokens,
  totalTokens: inputTokens + outputTokens,
});

const wholeAnswer = (plan: PlannedAnswer) =>
  plan.fate === 'answers-without-usage'
    ? { output: {} }
    : { output: {}, usage: usageOf(plan.tokens) };

/** A chunk is one frame: its type, a line break, its payload. The codec is tested elsewhere. */
const frame = (type: string, payload: unknown): Uint8Array =>
  Buffer.from(`${type}\n${JSON.stringify(payload)}`);

function streamChunks(plan: PlannedAnswer): Uint8Array[] {
  const { outputTokens } = plan.tokens;
  // A token is a byte or more; without a chunk its tokens are never seen.
  const bytes = outputTokens * (outputTokens % 3 === 0 ? BYTES_PER_TOKEN : 1);
  const text = 'x'.repeat(Math.ceil(bytes / Math.max(1, plan.chunks)));
  const delta = frame('contentBlockDelta', { delta: { text } });
  const deltas = Array.from({ length: plan.chunks }, () => delta);
  const end = [frame('messageStop', { stopReason: 'end_turn' })];
  const metadata = frame('metadata', { usage: usageOf(plan.tokens) });
  if (plan.fate !== 'answers-without-usage') end.push(metadata);
  if (plan.fate === 'answers-usage-twice') end.push(metadata);
  return [frame('messageStart', {}), ...deltas, ...end];
}

/** Reads the frames above. */
export function createSimulatedFrameReader(): FrameReader {
  let unread: Uint8Array[] = [];
  return {
    take(chunk) {
      unread.push(chunk);
      return chunk;
    },
    read(onFrame) {
      for (const chunk of unread) onFrame(frameOf(chunk));
      unread = [];
    },
    rest: () => new Uint8Array(0),
    isBroken: () => false,
  };
}

function frameOf(chunk: Uint8Array): Frame {
  const text = Buffer.from(chunk).toString();
  const lineEnd = text.indexOf('\n');
  return {
    messageType: 'event',
    eventType: text.slice(0, lineEnd),
    payload: Buffer.from(text.slice(lineEnd + 1)),
  };
}

interface PlannedBody {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly Uint8Array[];
  /** It loses its second half. */
  readonly isBroken: boolean;
  readonly usageAt: number | undefined;
}

/** A body whose chunks come one after another. */
function bodyResponse(
  world: World,
  actor: Actor,
  run: RequestRun | undefined,
  signal: AbortSignal,
  { status, headers, chunks, isBroken, usageAt }: PlannedBody,
): UpstreamResponse {
  const end = isBroken ? Math.floor(chunks.length / 2) : chunks.length;
  let index = 0;
  let isClosed = false;
  let breakOff: ((error: Error) => void) | undefined;
  const close = () => {
    isClosed = true;
    breakOff?.(new Error('aborted'));
  };
  signal.addEventListener('abort', close, { once: true });
  const next = (): Promise<IteratorResult<Uint8Array>> =>
    new Promise((resolve, reject) => {
      if (isClosed) {
        reject(new Error('aborted'));
        return;
      }
      breakOff = reject;
      world.scheduler.after(world.random.int(MAX_CHUNK_GAP_MS), () =>
        actor.deliver(() => {
          const value = chunks[index];
          index += 1;
          if (isClosed) return;
          if (index === usageAt) world.oracle.usageArrived(run);
          if (value !== undefined && index <= end) resolve({ done: false, value });
          else if (isBroken) reject(new Error('connection reset'));
          else resolve({ done: true, value: undefined });
        }),
      );
    });
  const done = { done: true, value: undefined } as const;
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next, return: () => Promise.resolve(done) }),
  };
  return { status, headers, body, abort: close };
}
