/**
 * Checks of time: what the gateway adds, and whether connections survive a pause.
 */
import type { Answer } from '../caller.ts';
import {
  type Check,
  differs,
  type Finding,
  ok,
  onlyOnAws,
  type Scene,
  unseen,
  withAccount,
} from '../check.ts';
import { converse, shortly } from '../requests.ts';
import { MODEL_ACCESS } from './headers.ts';

const MOST_RESERVE_MS = 50;
const MOST_OWN_MS = 25;

/** `{auth: 1.2, ...}` of an answer. */
function timingsOf(answer: Answer): Map<string, number> {
  const parts = (answer.headers['server-timing'] ?? '').matchAll(/([a-z]+);dur=([\d.]+)/g);
  return new Map([...parts].map(([, name = '', ms = '']) => [name, Number(ms)]));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function sample(scene: Scene): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let turn = 0; turn < scene.samples; turn += 1) {
    answers.push(await scene.caller.call(converse(scene.models.cheap, { maxTokens: 1 })));
  }
  return answers;
}

const medianOf = (answers: readonly Answer[], step: string): number =>
  median(answers.map((answer) => timingsOf(answer).get(step) ?? Number.NaN));

export const latency: Check = {
  id: 'latency',
  section: '-',
  async run(scene) {
    const expected =
      `medians: reserve <= ${MOST_RESERVE_MS} ms, ` + `auth and estimate <= ${MOST_OWN_MS} ms`;
    const answers = await sample(scene);
    const failed = answers.find(({ status }) => status !== 200);
    if (failed !== undefined) return differs(expected, shortly(failed), MODEL_ACCESS);
    const own = medianOf(answers, 'auth') + medianOf(answers, 'estimate');
    const reserve = medianOf(answers, 'reserve');
    const total = median(answers.map(({ endAtMs }) => endAtMs));
    const seen =
      `auth+estimate ${own.toFixed(1)}, reserve ${reserve.toFixed(1)}, upstream ` +
      `${medianOf(answers, 'upstream').toFixed(0)}, in all ${total.toFixed(0)} ms`;
    if (Number.isNaN(own + reserve)) {
      return differs(expected, 'no Server-Timing', 'see `answer-headers`');
    }
    if (scene.isLocal) return onlyOnAws(expected, seen);
    if (reserve <= MOST_RESERVE_MS && own <= MOST_OWN_MS) return ok(expected, seen);
    return differs(expected, seen, 'raise memoryMb; look at the latency of the ledger table');
  },
};

const MOST_ADDED_MS = 100;

export const directLatency: Check = {
  id: 'direct-latency',
  section: '-',
  run(scene) {
    const expected = `the gateway adds <= ${MOST_ADDED_MS} ms to a direct call (medians)`;
    return withAccount(scene, expected, async (account): Promise<Finding> => {
      const through = await sample(scene);
      const direct: number[] = [];
      for (const { costNanoUsd } of through) {
        const taken = scene.caller.spendLimit.take(costNanoUsd);
        try {
          const answer = await account.converse(scene.models.cheap);
          if (answer.kind === 'denied') {
            return unseen(expected, answer.message, 'use credentials that may call Bedrock');
          }
          direct.push(answer.elapsedMs);
        } finally {
          scene.caller.spendLimit.give(taken, costNanoUsd);
        }
      }
      const added = median(through.map(({ endAtMs }) => endAtMs)) - median(direct);
      const seen = `${median(direct).toFixed(0)} ms direct, ${added.toFixed(0)} ms more by it`;
      if (added <= MOST_ADDED_MS) return ok(expected, seen);
      return differs(expected, seen, 'see `latency` and `cold-start` for where it goes');
    });
  },
};

export const idleSockets: Check = {
  id: 'idle-sockets',
  section: '6',
  async run({ caller, models, pausesSeconds }) {
    const expected = '200 after each pause';
    const seen: string[] = [];
    let isAsExpected = true;
    for (const seconds of pausesSeconds) {
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const answer = await caller.call({
        ...converse(models.cheap),
        // Not a dead connection of this script's own.
        headers: { connection: 'close' },
      });
      if (answer.status !== 200) isAsExpected = false;
      seen.push(`${seconds} s: ${shortly(answer)}`);
    }
    if (isAsExpected) return ok(expected, seen.join(', '));
    return differs(
      expected,
      seen.join(', '),
      '502 after less than 10 s: lower MAX_IDLE_MS in lambda/adapters/upstream/fresh-sockets.ts. ' +
        '503 after long: report it',
    );
  },
};
