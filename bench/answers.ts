/**
 * The answers of the benchmark's upstream, made once, and how an answer is verified.
 *
 * Invariant: every answer that is measured is either decoded here, by the SDK's codec with its
 *            checksums, or equal byte for byte to one that was.
 */
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { eventFrame } from '../local/simulated-stream.ts';

/** What every answer says that it used; a cap settles by it. */
export const USAGE = { inputTokens: 1_000, outputTokens: 200, totalTokens: 1_200 } as const;

/** Events between the opening one and the closing ones. */
export const STREAM_CHUNKS = 200;

const WORDS = 'the quick brown fox jumps over the lazy dog '.split(' ');
const deltaOf = (index: number): string => ` ${WORDS[index % WORDS.length]}${index}`;

/** The text of a whole answer, streamed or not. */
export const ANSWER_TEXT = Array.from({ length: STREAM_CHUNKS }, (_, at) => deltaOf(at)).join('');

/** A whole answer of Converse. */
export const CONVERSE_ANSWER: Uint8Array = Buffer.from(
  JSON.stringify({
    output: { message: { role: 'assistant', content: [{ text: ANSWER_TEXT }] } },
    stopReason: 'end_turn',
    usage: USAGE,
    metrics: { latencyMs: 5 },
  }),
);

const deltaFrame = (index: number): Uint8Array =>
  eventFrame(
    {
      type: 'contentBlockDelta',
      payload: { contentBlockIndex: 0, delta: { text: deltaOf(index) } },
      isChunk: true,
    },
    index * 7,
  );

const plainFrame = (type: string, payload: object): Uint8Array =>
  eventFrame({ type, payload: { ...payload }, isChunk: false }, 0);

const OPENING_FRAME = plainFrame('messageStart', { role: 'assistant' });
const CLOSING_FRAMES = [
  plainFrame('contentBlockStop', { contentBlockIndex: 0 }),
  plainFrame('messageStop', { stopReason: 'end_turn' }),
  plainFrame('metadata', { usage: USAGE, metrics: { latencyMs: 5 } }),
];

/** A whole answer of ConverseStream, one event frame after another. */
export const STREAM_FRAMES: readonly Uint8Array[] = [
  OPENING_FRAME,
  ...Array.from({ length: STREAM_CHUNKS }, (_, at) => deltaFrame(at)),
  ...CLOSING_FRAMES,
];

const FLOOD_FRAMES = 1_024;
const FLOOD_TEXT = 'x'.repeat(65_536);

/** An answer of 64 MB, for who reads slowly; each of its frames holds 64 KB of text. */
export function* floodFrames(): Generator<Uint8Array> {
  yield OPENING_FRAME;
  const payload = { contentBlockIndex: 0, delta: { text: FLOOD_TEXT } };
  const frame = eventFrame({ type: 'contentBlockDelta', payload, isChunk: true }, 0);
  for (let at = 0; at < FLOOD_FRAMES; at += 1) yield frame;
  yield* CLOSING_FRAMES;
}

interface Told {
  readonly text: string;
  readonly usage: { readonly inputTokens?: number; readonly outputTokens?: number } | undefined;
}

/** @throws Error that says what of the answer is wrong */
export type Verify = (answer: Uint8Array) => void;

/** Verifies answers of one kind; what was found right once is compared, not decoded again. */
export function createVerifier(isStream: boolean): Verify {
  let known: Uint8Array | undefined;
  return (answer) => {
    if (known !== undefined && Buffer.compare(known, answer) === 0) return;
    const told = isStream ? readStream(answer) : readWhole(answer);
    if (told.text !== ANSWER_TEXT) throw new Error(`the text is another: ${told.text}`);
    const { inputTokens, outputTokens } = told.usage ?? {};
    if (inputTokens !== USAGE.inputTokens || outputTokens !== USAGE.outputTokens) {
      throw new Error(`the usage is another: ${JSON.stringify(told.usage)}`);
    }
    known = answer;
  };
}

function readWhole(answer: Uint8Array): Told {
  const { output, usage } = JSON.parse(Buffer.from(answer).toString());
  return { text: output.message.content[0].text, usage };
}

/** Decodes every frame; the codec throws where a checksum is wrong. */
function readStream(answer: Uint8Array): Told {
  const codec = new EventStreamCodec(toUtf8, fromUtf8);
  let text = '';
  let usage: Told['usage'];
  for (const frame of framesOf(answer)) {
    const { body } = codec.decode(frame);
    const payload = JSON.parse(Buffer.from(body).toString());
    text += payload.delta?.text ?? '';
    usage = payload.usage ?? usage;
  }
  return { text, usage };
}

/** @throws RangeError where the answer ends within a frame */
function framesOf(answer: Uint8Array): Uint8Array[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < answer.length; ) {
    const length = view.getUint32(at);
    if (at + length > answer.length) throw new RangeError('the answer ends within a frame');
    frames.push(answer.subarray(at, at + length));
    at += length;
  }
  return frames;
}
