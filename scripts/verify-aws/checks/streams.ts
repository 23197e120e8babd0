/**
 * Checks of streams: whether they come as they are written, whole, and what leaving one costs.
 */
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { formatUsd, type NanoUsd, nanoUsd, parseUsd } from '../../../lambda/domain/money.ts';
import type { Answer } from '../caller.ts';
import { type Check, differs, type Finding, ok, type Scene, unseen } from '../check.ts';
import { converse, shortly } from '../requests.ts';
import { MODEL_ACCESS } from './headers.ts';

/** Words for a model, and directives for the simulated Bedrock. */
const LONG_TEXT =
  'Count from one to eighty in words, one a line. [[output=150]] [[chunks=8]] [[delay=30]]';
const MAX_TOKENS = 200;
const LEAST_SPREAD_MS = 60;
const LEAST_PIECES = 3;

export const streamIncremental: Check = {
  id: 'stream',
  section: '-',
  async run({ caller, models }) {
    const expected = 'a stream arrives piece by piece while it is written, and whole';
    const answer = await caller.call(
      converse(models.cheap, {
        text: LONG_TEXT,
        maxTokens: MAX_TOKENS,
        operation: 'converse-stream',
      }),
    );
    if (answer.status !== 200) return differs(expected, shortly(answer), MODEL_ACCESS);
    const first = answer.pieceAtMs[0] ?? 0;
    const spreadMs = (answer.pieceAtMs.at(-1) ?? 0) - first;
    const trailers = answer.trailers.length > 0 ? `, trailers ${answer.trailers.join(', ')}` : '';
    const seen =
      `head ${answer.headAtMs.toFixed(0)} ms, first bytes ${first.toFixed(0)} ms, last ` +
      `${spreadMs.toFixed(0)} ms later, ${answer.pieceAtMs.length} pieces${trailers}`;
    const damage = answer.broken ?? damageOf(answer.body);
    if (damage !== undefined) {
      return differs(expected, `${seen}; ${damage}`, 'do not rely on streams; report it');
    }
    if (spreadMs >= LEAST_SPREAD_MS && answer.pieceAtMs.length >= LEAST_PIECES) {
      return ok(expected, seen);
    }
    return differs(
      expected,
      seen,
      'something buffers: the URL must have InvokeMode RESPONSE_STREAM (see `function`); a proxy ' +
        'in between may hold streams back',
    );
  },
};

/** What is wrong with these frames; undefined where they are a whole stream of Converse. */
function damageOf(body: Buffer): string | undefined {
  const codec = new EventStreamCodec(toUtf8, fromUtf8);
  let last = 'none';
  try {
    for (let at = 0; at < body.length; ) {
      const length = body.readUInt32BE(at);
      const { headers } = codec.decode(body.subarray(at, at + length));
      const header = headers[':event-type'] ?? headers[':exception-type'];
      last = String(header?.value);
      at += length;
    }
  } catch (error) {
    return `a frame is damaged (${error instanceof Error ? error.message : String(error)})`;
  }
  return last === 'metadata' ? undefined : `the last event is ${last}, not metadata`;
}

const LEAVE_AFTER_PIECES = 2;
const LOOKS = 12;
const LOOK_EVERY_MS = 1_000;

/**
 * Told by what remains of the cap before and after, so that it needs no access to the ledger: both
 * requests that look are alike, and each sees its own bound reserved.
 */
export const clientLeaves: Check = {
  id: 'client-leaves',
  section: '7',
  async run(scene) {
    const expected = 'a stream whose client has gone is settled at its usage';
    const before = await look(scene);
    if (before.remaining === undefined) {
      return unseen(expected, shortly(before.answer), 'the key needs a cap');
    }
    const left = await scene.caller.call({
      ...converse(scene.models.cheap, {
        text: LONG_TEXT,
        maxTokens: MAX_TOKENS,
        operation: 'converse-stream',
      }),
      headers: { connection: 'close' },
      leaveAfter: (pieces) => pieces >= LEAVE_AFTER_PIECES,
    });
    const reserved = parseUsd(left.headers['x-hardcap-reserved-usd'] ?? '');
    if (reserved === undefined) return differs(expected, shortly(left), MODEL_ACCESS);
    const charge = await settledCharge(scene, before, reserved);
    if (charge === undefined)
      return unseen(expected, 'the cap was reset meanwhile', 'run it again');
    return judgeLeft(expected, charge, reserved);
  },
};

interface Look {
  readonly answer: Answer;
  readonly remaining: NanoUsd | undefined;
}

async function look({ caller, models }: Scene): Promise<Look> {
  const answer = await caller.call(converse(models.cheap));
  return { answer, remaining: parseUsd(answer.headers['x-hardcap-remaining-usd'] ?? '') };
}

/** What the left stream holds of the cap, once that is not its bound or time is up. */
async function settledCharge(
  scene: Scene,
  before: Look,
  reserved: NanoUsd,
): Promise<NanoUsd | undefined> {
  let spent: NanoUsd = before.answer.costNanoUsd;
  let charge: NanoUsd | undefined;
  for (let turn = 0; turn < LOOKS; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, turn === 0 ? 0 : LOOK_EVERY_MS));
    const { answer, remaining } = await look(scene);
    if (remaining === undefined || before.remaining === undefined) return undefined;
    charge = nanoUsd(before.remaining - remaining - spent);
    // Its bound is held while it runs; anything else is final.
    if (charge !== reserved) return charge;
    spent = nanoUsd(spent + answer.costNanoUsd);
  }
  return charge;
}

function judgeLeft(expected: string, charge: NanoUsd, reserved: NanoUsd): Finding {
  const seen = `charged $${formatUsd(charge)} of the $${formatUsd(reserved)} reserved`;
  if (charge > 0n && charge < reserved) return ok(expected, seen);
  if (charge === reserved) {
    return unseen(
      expected,
      `${seen}: in full`,
      'so it is with whenClientLeaves=settle; else look for its entry in the journal',
    );
  }
  return differs(
    expected,
    seen,
    'a key that is used by others cannot show it: make one for these checks. Else report it',
  );
}
