/**
 * Ways in which Bedrock may treat a request, each with what the request may then cost.
 */
import fc from 'fast-check';
import { UpstreamFailure, type UpstreamResponse } from '../../lambda/ports/upstream.ts';
import { exceptionFrame } from '../../local/simulated-stream.ts';
import { deltaFrame, errorResponse, jsonBytes, metadataFrame, response } from './fake-ports.ts';

/** The usage of every metered answer. */
export const METERED_TOKENS = { inputTokens: 100, outputTokens: 10 } as const;

/** What a request may cost: certainly nothing, what was metered, or all that was reserved. */
export type Charged = 'nothing' | 'metered' | 'full';

/** What Bedrock does, and what the request may then cost. */
export interface Behaviour {
  readonly name: string;
  readonly isStream: boolean;
  readonly charged: Charged;
  respond(signal: AbortSignal): Promise<UpstreamResponse>;
}

async function* playing(
  frames: readonly Uint8Array[],
  ending: 'end' | 'break' | 'hang',
): AsyncGenerator<Uint8Array> {
  yield* frames;
  if (ending === 'break') throw new Error('reset');
  if (ending === 'hang') await new Promise(() => undefined);
}

/** As the true adapter's: an abort of the request ends its body too. */
const within = (signal: AbortSignal, answer: UpstreamResponse): UpstreamResponse => {
  signal.addEventListener('abort', () => answer.abort());
  return answer;
};

const ERRORS = [
  ['ThrottlingException', 'slow down', 'nothing'],
  ['ValidationException', 'no such field', 'nothing'],
  ['ValidationException', 'a guardrail has intervened', 'full'],
  ['ModelErrorException', 'it broke', 'full'],
  ['InternalServerException', 'it broke', 'full'],
  ['', 'nobody knows', 'full'],
] as const;

const failing = (sent: 'not-sent' | 'unknown'): Behaviour => ({
  name: `fails ${sent}`,
  isStream: false,
  charged: sent === 'not-sent' ? 'nothing' : 'full',
  respond: () => Promise.reject(new UpstreamFailure(sent, 'no answer', undefined)),
});

const silent: Behaviour = {
  name: 'is silent',
  isStream: false,
  charged: 'full',
  respond: (signal) =>
    new Promise((_, reject) => {
      const fail = () => reject(new UpstreamFailure('unknown', 'aborted', undefined));
      signal.addEventListener('abort', fail);
    }),
};

const usageBody = jsonBytes({ usage: METERED_TOKENS });

const whole = (ending: 'end' | 'break' | 'hang', hasUsage: boolean): Behaviour => ({
  name: `answers ${hasUsage ? 'with' : 'without'} usage, ${ending}`,
  isStream: false,
  charged: ending === 'end' && hasUsage ? 'metered' : 'full',
  respond: async (signal) =>
    within(signal, response(200, playing([hasUsage ? usageBody : jsonBytes({})], ending))),
});

const erring = ([type, message, charged]: (typeof ERRORS)[number]): Behaviour => ({
  name: `errs ${type}: ${message}`,
  isStream: false,
  charged,
  respond: async () => errorResponse(500, type, message),
});

const streaming = (deltas: number, end: StreamEnd): Behaviour => {
  const frames = [...Array<Uint8Array>(deltas).fill(deltaFrame()), ...(end.frame ?? [])];
  return {
    name: `streams ${deltas}, ${end.name}`,
    isStream: true,
    charged: end.charged === 'nothing' && deltas > 0 ? 'full' : end.charged,
    respond: async () => response(200, playing(frames, end.ending)),
  };
};

interface StreamEnd {
  readonly name: string;
  readonly frame?: readonly Uint8Array[];
  readonly ending: 'end' | 'break' | 'hang';
  readonly charged: Charged;
}

const usageFrame = [metadataFrame(METERED_TOKENS.inputTokens, METERED_TOKENS.outputTokens)];
const STREAM_ENDS: readonly StreamEnd[] = (['end', 'break', 'hang'] as const).flatMap((ending) => [
  { name: `usage, ${ending}`, frame: usageFrame, ending, charged: 'metered' as const },
  { name: `no usage, ${ending}`, ending, charged: 'full' as const },
  {
    name: `half a frame, ${ending}`,
    frame: [deltaFrame().subarray(0, 20)],
    ending,
    charged: 'full' as const,
  },
  {
    name: `throttled, ${ending}`,
    frame: [exceptionFrame('throttlingException', 'slow down')],
    ending,
    charged: 'nothing' as const,
  },
  {
    name: `guardrail, ${ending}`,
    frame: [exceptionFrame('validationException', 'a guardrail has intervened')],
    ending,
    charged: 'full' as const,
  },
]);

/** Any way in which Bedrock may answer, fail, break off or fall silent. */
export const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.constantFrom(failing('not-sent'), failing('unknown'), silent),
  fc
    .constantFrom('end' as const, 'break' as const, 'hang' as const)
    .chain((ending) => fc.boolean().map((hasUsage) => whole(ending, hasUsage))),
  fc.constantFrom(...ERRORS).map(erring),
  {
    arbitrary: fc
      .tuple(fc.nat(3), fc.constantFrom(...STREAM_ENDS))
      .map(([deltas, end]) => streaming(deltas, end)),
    weight: 3,
  },
);
