/**
 * The money path's order and its ways out, on ports in memory.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { GuardedAnswer } from '../../lambda/application/guarded-request.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { METRIC } from '../../lambda/contract.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { UpstreamFailure } from '../../lambda/ports/upstream.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  converseAnswer,
  createFakePorts,
  errorResponse,
  guardedRequest,
  guardOptions,
  response,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const TEAM = 'COUNTER#team-budget';

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
});

const handle = (options = guardOptions(), rest = {}) =>
  createSpendGuard(ports, options).handle(guardedRequest(clock, ports.sink, rest));

async function complete(answering: Promise<GuardedAnswer>) {
  const answer = await answering;
  await answer.done;
  if (answer.kind !== 'complete') throw new Error(`the answer is ${answer.kind}`);
  return answer;
}

const settledUsd = () => formatUsd(ports.ledger.books(TEAM).settledNanoUsd);

/** What the one request of these tests reserves. */
async function boundUsd(): Promise<string> {
  const own = createFakePorts(clock);
  own.upstream.respond = async () => response(200, [Buffer.from('{}')]);
  const answer = await complete(
    createSpendGuard(own, guardOptions()).handle(guardedRequest(clock, own.sink)),
  );
  return formatUsd(answer.head.reservedNanoUsd);
}

describe('a request that is answered', () => {
  it('is reserved, then sent, then settled at its metered cost, then journalled', async () => {
    const answer = await complete(handle());

    expect(ports.events).toEqual([
      `reserve ${TEAM}`,
      `reserved ${TEAM}`,
      'send',
      `settle ${TEAM}`,
      `settled ${TEAM}`,
      expect.stringMatching(/^journal /),
    ]);
    // 100 x $1 and 10 x $5 a million.
    expect(settledUsd()).toBe('0.00015');
    expect(formatUsd(answer.costNanoUsd)).toBe('0.00015');
    expect(ports.ledger.standing()).toEqual([]);
    expect(ports.ledger.journal).toMatchObject([{ outcome: 'settled', status: 200 }]);
  });

  it('has its connection begun before its reserve, not after it', async () => {
    const { region } = guardedRequest(clock, ports.sink);

    await complete(handle());

    expect(ports.upstream.opened).toEqual([{ region, after: [] }]);
  });

  it('says what is left under the tightest cap after this request', async () => {
    ports.settings.table = settingsTable({
      caps: [cap(), cap({ capId: 'tight', limitNanoUsd: usd('1') })],
    });
    ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };

    const { head } = await complete(handle());

    expect(head.cap).toMatchObject({ capId: 'tight', remainingNanoUsd: usd('0.99985') });
  });

  it('names no warn cap as the tightest', async () => {
    const caps = [cap(), cap({ capId: 'quiet', limitNanoUsd: usd('1'), action: 'warn' })];
    ports.settings.last = { ...settingsTable({ caps }), readAtMs: clock.nowMs() };

    expect((await complete(handle())).head.cap?.capId).toBe('team-budget');
  });

  it('is charged in full where its usage cannot be read', async () => {
    ports.upstream.respond = async () => response(200, [Buffer.from('{"usage":"?"}')]);

    await complete(handle());

    expect(settledUsd()).toBe(await boundUsd());
    expect(ports.telemetry.metrics.get(METRIC.chargedInFull)).toBe(1);
  });

  it('that cost more than was reserved is settled at the truth and raises an overrun', async () => {
    ports.upstream.respond = async () => converseAnswer(1_000_000, 0);

    await complete(handle());

    expect(settledUsd()).toBe('1.00');
    expect(ports.telemetry.metrics.get(METRIC.overruns)).toBe(1);
    expect(ports.telemetry.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringMatching(/^overrun/) }),
    );
  });
});

describe('a request that Bedrock does not answer', () => {
  it.each([
    ['not-sent', 'released'],
    ['unknown', 'charged-in-full'],
  ] as const)('and that was %s is %s', async (sent, outcome) => {
    ports.upstream.respond = async () => {
      throw new UpstreamFailure(sent, 'no answer', undefined);
    };

    await expect(handle()).rejects.toMatchObject({ code: 'upstream_failed' });
    await settleDown();

    expect(ports.ledger.journal).toMatchObject([{ outcome, status: 502 }]);
    expect(settledUsd()).toBe(sent === 'not-sent' ? '0.00' : await boundUsd());
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('within its time is aborted, charged in full, and told so', async () => {
    ports.upstream.respond = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new UpstreamFailure('unknown', 'aborted', undefined));
        });
      });
    const answering = handle();
    answering.catch(() => undefined);
    await settleDown();

    clock.advance(60_000);

    await expect(answering).rejects.toMatchObject({ code: 'upstream_timeout' });
    await settleDown();
    expect(settledUsd()).toBe(await boundUsd());
  });

  it('as no time is left is not sent, and released', async () => {
    await expect(handle(guardOptions(), { deadlineAtMs: clock.nowMs() })).rejects.toMatchObject({
      code: 'upstream_failed',
    });

    expect(ports.upstream.sent).toEqual([]);
    expect(settledUsd()).toBe('0.00');
  });

  it('whose answer breaks off half way is charged in full', async () => {
    ports.upstream.respond = async () =>
      response(
        200,
        (async function* () {
          yield Buffer.from('{"us');
          throw new Error('ECONNRESET at 10.0.0.7');
        })(),
      );

    await expect(handle()).rejects.toMatchObject({
      code: 'upstream_failed',
      message: expect.not.stringContaining('10.0.0.7'),
    });
    expect(settledUsd()).toBe(await boundUsd());
  });

  it('whose answer is larger than allowed is closed and charged in full', async () => {
    const large = response(200, [Buffer.alloc(11)]);
    ports.upstream.respond = async () => large;

    await expect(handle(guardOptions({ maxAnswerBytes: 10 }))).rejects.toThrow(/larger than 10/);
    expect(large.aborted()).toBe(true);
    expect(settledUsd()).toBe(await boundUsd());
  });
});

describe('an error of Bedrock’s', () => {
  it.each([
    [429, 'ThrottlingException', 'slow down', '0.00'],
    [400, 'ValidationException', 'no such field', '0.00'],
    [400, 'ValidationException', 'blocked by the Guardrail', 'bound'],
    [424, 'ModelErrorException', 'it broke', 'bound'],
    [500, 'InternalServerException', 'it broke', 'bound'],
  ])('%i %s (%s) settles %s', async (status, type, message, charged) => {
    ports.upstream.respond = async () => errorResponse(status, type, message);

    const answer = await complete(handle());

    expect(answer.head.status).toBe(status);
    expect(settledUsd()).toBe(charged === 'bound' ? await boundUsd() : charged);
    expect(ports.upstream.sent).toHaveLength(1);
  });
});

describe('a full cap', () => {
  it('refuses, sends nothing, and journals the refusal', async () => {
    const caps = [cap({ limitNanoUsd: usd('0.0000001') })];
    ports.settings.last = { ...settingsTable({ caps }), readAtMs: clock.nowMs() };

    const answer = await handle();
    await answer.done;

    expect(answer).toMatchObject({ kind: 'refused', refusal: { reason: 'larger-than-limit' } });
    expect(ports.upstream.sent).toEqual([]);
    expect(ports.ledger.journal).toMatchObject([{ outcome: 'refused', status: 429 }]);
  });
});

describe('a settle that fails', () => {
  it('leaves the reservation for its expiry and says enough to settle it by hand', async () => {
    ports.ledger.fault = (call) => (call === 'settle' ? 'lost' : undefined);

    await complete(handle());

    const [standing = ''] = ports.ledger.standing();
    const line = ports.telemetry.lines.find(({ level }) => level === 'error');
    expect(line?.fields).toMatchObject({
      requestId: 'request-1',
      counter: TEAM,
      window: expect.stringMatching(/^daily:/),
      reservationId: standing.split(' ').at(-1),
      reservedUsd: await boundUsd(),
      costUsd: '0.00015',
    });
    expect(ports.telemetry.metrics.get(METRIC.settleFailures)).toBe(1);
    expect(ports.ledger.journal).toMatchObject([{ outcome: 'settle-failed' }]);
  });

  it('by throwing is told in the same way', async () => {
    ports.ledger.fault = (call) => (call === 'settle' ? 'throws' : undefined);

    await complete(handle());

    expect(ports.telemetry.metrics.get(METRIC.settleFailures)).toBe(1);
  });
});

describe('telemetry that throws', () => {
  it('costs nobody money: the request is answered and settled', async () => {
    const broken = () => {
      throw new Error('no more metrics');
    };
    const telemetry = {
      info: broken,
      warn: broken,
      error: broken,
      count: broken,
      describe: broken,
      flush: broken,
    };

    const guard = createSpendGuard({ ...ports, telemetry }, guardOptions());
    await complete(guard.handle(guardedRequest(clock, ports.sink)));

    expect(settledUsd()).toBe('0.00015');
    expect(ports.ledger.standing()).toEqual([]);
  });
});

describe('a fault of ours', () => {
  it('between the reserve and the send leaves no reservation open: it is charged in full', async () => {
    const faulty = {
      ...clock,
      sleep: () => {
        throw new TypeError('a fault');
      },
    };
    const guard = createSpendGuard({ ...ports, clock: faulty }, guardOptions());

    await expect(guard.handle(guardedRequest(clock, ports.sink))).rejects.toThrow(TypeError);

    expect(ports.ledger.standing()).toEqual([]);
    expect(settledUsd()).toBe(await boundUsd());
  });
});

describe('a request that fails', () => {
  it('is told of once the journal has its entry, as the function may freeze then', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'journal' ? gate : undefined);
    ports.upstream.respond = async () => {
      throw new UpstreamFailure('unknown', 'reset', undefined);
    };
    let isTold = false;
    const told = handle().catch(() => {
      isTold = true;
    });

    await settleDown();
    expect(ports.events.at(-1)).toMatch(/^journal /);
    expect(isTold).toBe(false);
    open(undefined);
    await told;
    expect(isTold).toBe(true);
  });
});

describe('a journal that throws', () => {
  it('is a warning, and the answer is done all the same', async () => {
    ports.ledger.fault = (call) => (call === 'journal' ? 'throws' : undefined);

    await complete(handle());

    expect(ports.telemetry.lines).toMatchObject([{ level: 'warn' }]);
    expect(settledUsd()).toBe('0.00015');
  });
});
