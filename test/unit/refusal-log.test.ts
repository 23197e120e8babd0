/**
 * What is written about refusals: little, and no count lost.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CapRefusal } from '../../lambda/application/guarded-request.ts';
import { createRefusalLog } from '../../lambda/application/refusal-log.ts';
import { METRIC } from '../../lambda/contract.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';
import { createFakePorts, guardedRequest } from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS, type VirtualClock } from '../helpers/virtual-clock.ts';

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock();
  ports = createFakePorts(clock);
});

const refusal = (capId: string): CapRefusal => {
  const window = windowAt(windowRule('daily'), NOON_MS);
  return {
    charge: {
      cap: cap({ capId }),
      counter: { pk: `COUNTER#${capId}`, sk: window.id },
      window,
      limitNanoUsd: usd('10'),
      enforced: true,
    },
    reason: 'spent',
    state: { settledNanoUsd: usd('10'), committedNanoUsd: usd('10'), inFlight: 0 },
    boundNanoUsd: usd('1'),
  };
};

const request = (keyId = 'ci') => guardedRequest(clock, ports.sink, { keyId });
const entries = () =>
  ports.ledger.journal.map(({ keyId, counters, count }) => [
    keyId,
    counters[0]?.split('/')[0],
    count,
  ]);

describe('the refusal log', () => {
  it('writes one entry a second for each key and cap, with the count of those kept back', async () => {
    const log = createRefusalLog(ports, 429);
    for (let i = 0; i < 4; i += 1) await log.record(request(), refusal('a'));
    clock.advance(999);
    await log.record(request(), refusal('a'));
    clock.advance(1);
    await log.record(request(), refusal('a'));

    expect(entries()).toEqual([
      ['ci', 'COUNTER#a', 1],
      ['ci', 'COUNTER#a', 5],
    ]);
    expect(ports.telemetry.metrics.get(METRIC.refusals)).toBe(6);
  });

  it('does not let one key or cap keep back another’s entry', async () => {
    const log = createRefusalLog(ports, 429);

    await log.record(request(), refusal('a'));
    await log.record(request(), refusal('b'));
    await log.record(request('other'), refusal('a'));

    expect(entries()).toHaveLength(3);
  });

  it('is not silenced by a clock that was set back', async () => {
    const log = createRefusalLog(ports, 429);
    await log.record(request(), refusal('a'));
    clock.advance(-3_600_000);

    await log.record(request(), refusal('a'));

    expect(entries()).toHaveLength(2);
  });

  it('writes the status that the client saw, the reason, and no cost', async () => {
    await createRefusalLog(ports, 402).record(request(), refusal('a'));

    expect(ports.ledger.journal).toMatchObject([
      { outcome: 'refused', status: 402, reason: 'spent', costNanoUsd: 0n },
    ]);
  });

  it('never rejects: a journal that throws is a warning', async () => {
    ports.ledger.fault = () => 'throws';

    await createRefusalLog(ports, 429).record(request(), refusal('a'));

    expect(ports.telemetry.lines).toMatchObject([{ level: 'warn' }]);
  });
});
