/**
 * What a prompt can ask of the simulated Bedrock, by directives in its last user message:
 *
 *   [[output=200]]         tokens that the model wants to write (max_tokens still cuts them)
 *   [[input=1000]]         input tokens, in place of a quarter of the prompt's bytes; more than the
 *                          model's context window is refused, as at Bedrock
 *   [[cache-read=50]]      cache tokens, on top of the input tokens; also [[cache-write=100]]
 *                          (5 minutes) and [[cache-write-1h=100]]
 *   [[bytes=4000000]]      size of the answer's text, whatever its tokens
 *   [[chunks=200]]         text deltas of a stream
 *   [[first=500]]          milliseconds before the answer; [[delay=50]] between two deltas
 *   [[tool=look_up]]       calls of this tool of the request, after the text, once or `@n` times, by
 *                          Converse and in Anthropic's and OpenAI's shapes
 *   [[blocked]]            the guardrail that the request names intervenes
 *   [[no-usage]]           the answer says nothing about tokens
 *   [[error=ThrottlingException]]     an error in place of the answer; not billed
 *   [[exception=throttlingException]] an exception in the stream, after 3 deltas or `@n`:
 *                          [[exception=throttlingException@0]]; billed in full
 *   [[cut=3]]              the connection is reset after 3 deltas; billed in full
 *   [[end=3]]              the stream ends cleanly after 3 deltas, without its last events; billed
 *   [[reset]]              the connection is reset when the request has been read; billed in full
 */

/** Directives as read; counts are whole numbers, times are milliseconds. */
export interface Directives {
  readonly outputTokens?: number;
  readonly inputTokens?: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly textBytes?: number;
  readonly chunks?: number;
  readonly firstMs: number;
  readonly delayMs: number;
  readonly hidesUsage: boolean;
  readonly isBlocked: boolean;
  readonly tool?: AskedTool;
  readonly error?: string;
  readonly fault?: StreamFault;
  readonly resets: boolean;
}

/** A tool that the model wants to call, and how often. */
export interface AskedTool {
  readonly name: string;
  readonly calls: number;
}

/** How a stream goes wrong, and after how many text deltas. */
export interface StreamFault {
  readonly kind: 'exception' | 'reset' | 'end';
  readonly afterChunks: number;
  /** The exception's type; empty for the others. */
  readonly exceptionType: string;
}

const DIRECTIVE = /\[\[([a-z0-9-]+)(?:=([A-Za-z0-9_@]+))?\]\]/g;
const DEFAULT_EXCEPTION_CHUNK = 3;

/** Reads the directives of one message; of two with one name the last counts. */
export function readDirectives(text: string): Directives {
  const given = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(DIRECTIVE)) given.set(name, value);
  const count = (name: string): number | undefined => {
    const value = given.get(name) ?? '';
    return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  };
  const optional = <Name extends string>(name: Name, value: number | undefined) =>
    (value === undefined ? {} : { [name]: value }) as { [key in Name]?: number };
  const fault = streamFault(given, count);
  const error = given.get('error');
  const tool = askedTool(given.get('tool'));
  return {
    ...optional('outputTokens', count('output')),
    ...optional('inputTokens', count('input')),
    ...optional('textBytes', count('bytes')),
    ...optional('chunks', count('chunks')),
    cacheReadTokens: count('cache-read') ?? 0,
    cacheWrite5mTokens: count('cache-write') ?? 0,
    cacheWrite1hTokens: count('cache-write-1h') ?? 0,
    firstMs: count('first') ?? 0,
    delayMs: count('delay') ?? 0,
    hidesUsage: given.has('no-usage'),
    isBlocked: given.has('blocked'),
    resets: given.has('reset'),
    ...(tool === undefined ? {} : { tool }),
    ...(error === undefined ? {} : { error }),
    ...(fault === undefined ? {} : { fault }),
  };
}

function askedTool(value: string | undefined): AskedTool | undefined {
  if (value === undefined) return undefined;
  const [name = '', calls = ''] = value.split('@');
  return { name, calls: /^\d{1,2}$/.test(calls) ? Number(calls) : 1 };
}

function streamFault(
  given: ReadonlyMap<string, string>,
  count: (name: string) => number | undefined,
): StreamFault | undefined {
  const exception = given.get('exception');
  if (exception !== undefined) {
    const [exceptionType = '', after = ''] = exception.split('@');
    const afterChunks = /^\d+$/.test(after) ? Number(after) : DEFAULT_EXCEPTION_CHUNK;
    return { kind: 'exception', afterChunks, exceptionType };
  }
  const cut = count('cut');
  if (cut !== undefined) return { kind: 'reset', afterChunks: cut, exceptionType: '' };
  const end = count('end');
  return end === undefined ? undefined : { kind: 'end', afterChunks: end, exceptionType: '' };
}
