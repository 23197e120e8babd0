/**
 * What an instance remembers of refusals changes whom it asks first, and no answer.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuardedAnswer } from '../../lambda/application/guarded-request.ts';
import { createSpendGuard, type SpendGuard } from '../../lambda/application/spend-guard.ts';
import type { CapAction } from '../../lambda/domain/cap.ts';
import { nanoUsd } from '../../lambda/domain/money.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { cap } from '../helpers/builders.ts';
import {
  createFakePorts,
  errorResponse,
  guardedRequest,
  guardOptions,
  jsonBytes,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const WINDOW = 'daily:2026-03-02T00+00:00@UTC';
const BYTES_A_TOKEN = 4;

interface Asked {
  readonly maxTokens: number;
  readonly textBytes: number;
  readonly isStream: boolean;
}

interface Books {
  readonly limit: number;
  readonly settled: number;
  readonly reserved: number;
  readonly isCut: boolean;
}

/** In thousandths of a dollar, about what these requests cost: $0.0001 to $0.026. */
const books: fc.Arbitrary<Books> = fc.record({
  limit: fc.constantFrom(0, 1, 5, 30, 100),
  settled: fc.constantFrom(0, 1, 4, 25, 29, 90, 99),
  reserved: fc.constantFrom(0, 0, 0, 5),
  isCut: fc.constantFrom(false, false, false, true),
});
const asked: fc.Arbitrary<Asked> = fc.record({
  maxTokens: fc.constantFrom(10, 400, 4_000),
  textBytes: fc.constantFrom(10, 5_000, 20_000),
  isStream: fc.boolean(),
});
const rule = fc.record({
  action: fc.constantFrom<CapAction>('block', 'clamp', 'warn'),
  streaming: fc.constantFrom('full' as const, 'full' as const, 'progressive' as const),
});

interface Scene {
  readonly rules: readonly {
    readonly action: CapAction;
    readonly streaming: 'full' | 'progressive';
  }[];
  /** As it learned, and as it is asked about; the shorter of the two says how many caps there are. */
  readonly before: readonly Books[];
  readonly after: readonly Books[];
}

/** A world whose books are set at will, and as many guards in it as are wanted. */
function createWorld({ rules }: Scene) {
  const clock = createVirtualClock();
  const ports = createFakePorts(clock);
  ports.upstream.respond = async () => errorResponse(400, 'ValidationException', 'not billed');
  const tokenCounter = {
    count: async ({ body }: { readonly body: Uint8Array }) =>
      ({ kind: 'counted', inputTokens: Math.ceil(body.byteLength / BYTES_A_TOKEN) }) as const,
  };
  const set = (all: readonly Books[]) => {
    const caps = rules.map((one, index) =>
      cap({
        ...one,
        capId: `cap-${index}`,
        limitNanoUsd: nanoUsd(BigInt(all[index]?.limit ?? 0) * 1_000_000n),
      }),
    );
    // A request that only warn caps cover is refused by name.
    const covering = cap({ capId: 'zz-covering', limitNanoUsd: nanoUsd(10n ** 12n) });
    ports.settings.table = settingsTable({ caps: [...caps, covering] });
    ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
    ports.ledger.counters.clear();
    all.forEach(({ settled, reserved, isCut }, index) => {
      ports.ledger.counters.set(`COUNTER#cap-${index}/${WINDOW}`, {
        settledNanoUsd: nanoUsd(BigInt(settled) * 1_000_000n),
        reservations: new Map(
          reserved === 0 ? [] : [['another', nanoUsd(BigInt(reserved) * 1_000_000n)]],
        ),
        cutUntilMs: isCut ? clock.nowMs() + 10_000 : 0,
      });
    });
    ports.events.length = 0;
  };
  const ask = async (guard: SpendGuard, { maxTokens, textBytes, isStream }: Asked) => {
    const messages = [{ role: 'user', content: [{ text: 'x'.repeat(textBytes) }] }];
    const body = parseBody(jsonBytes({ messages, inferenceConfig: { maxTokens } }));
    const operation = isStream ? 'converse-stream' : 'converse';
    const answer = await guard.handle(guardedRequest(clock, ports.sink, { body, operation }));
    await answer.done;
    return answer;
  };
  return {
    ports,
    set,
    ask,
    newGuard: () => createSpendGuard({ ...ports, tokenCounter }, guardOptions()),
  };
}

/** What its caller can see of an answer, but for which of several caps that are spent is named. */
function seen(answer: GuardedAnswer): unknown {
  if (answer.kind === 'stream') return answer.kind;
  if (answer.kind === 'refused') {
    const { reason } = answer.refusal;
    return { kind: answer.kind, reason };
  }
  const { status, reservedNanoUsd, clampedMaxTokens } = answer.head;
  return { kind: answer.kind, status, reservedNanoUsd, clampedMaxTokens };
}

const scene: fc.Arbitrary<Scene> = fc.integer({ min: 1, max: 4 }).chain((count) => {
  const many = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: count, maxLength: count });
  return fc.record({ rules: many(rule), before: many(books), after: many(books) });
});

describe('a guard that remembers refusals', () => {
  it('answers as one that has never refused, and leaves the same books', async () => {
    await fc.assert(
      fc.asyncProperty(
        scene,
        fc.array(asked, { minLength: 1, maxLength: 3 }),
        asked,
        fc.boolean(),
        async (given, earlier, last, isSame) => {
          const world = createWorld(given);
          const guard = world.newGuard();
          for (const one of earlier) {
            world.set(given.before);
            await world.ask(guard, one);
          }
          const now = isSame ? given.before : given.after;

          world.set(now);
          const told = await world.ask(guard, last);
          const left = world.ports.ledger.standing();
          const sent = world.ports.upstream.sent.at(-1)?.body;
          world.set(now);
          const toldFresh = await world.ask(world.newGuard(), last);

          expect(seen(told)).toEqual(seen(toldFresh));
          expect(left).toEqual(world.ports.ledger.standing());
          if (told.kind !== 'refused') expect(sent).toEqual(world.ports.upstream.sent.at(-1)?.body);
        },
      ),
      { numRuns: 200 },
    );
  });
});
