/**
 * The line by which a hold that could not be ended is ended by hand.
 */
import { expect, it } from 'vitest';
import { reportLeftHold } from '../../lambda/application/left-hold.ts';
import type { CounterHold } from '../../lambda/domain/reservation.ts';
import { usd } from '../helpers/builders.ts';

const hold: CounterHold = {
  counter: { pk: 'COUNTER#team', sk: 'daily:2026-03-02' },
  reservationId: 'abc123',
  reservedNanoUsd: usd('0.10'),
  ambiguous: false,
};

const lineOf = (left: CounterHold): Record<string, unknown> => {
  const lines: Record<string, unknown>[] = [];
  const telemetry = {
    count() {},
    info() {},
    warn() {},
    describe() {},
    flush() {},
    error: (_message: string, detail: Record<string, unknown> = {}) => void lines.push(detail),
  };
  reportLeftHold(telemetry, left, usd('0.07'));
  return lines[0] ?? {};
};

it('names the counter, the reservation, what it holds and what it cost', () => {
  expect(lineOf(hold)).toMatchObject({
    counter: 'COUNTER#team',
    reservationId: 'abc123',
    reservedUsd: '0.10',
    costUsd: '0.07',
  });
  expect(lineOf(hold)).not.toHaveProperty('orReservedUsd');
});

it('names both amounts where an extension had no answer, as either may stand', () => {
  expect(lineOf({ ...hold, extendingToNanoUsd: usd('0.25') })).toMatchObject({
    reservedUsd: '0.10',
    orReservedUsd: '0.25',
  });
});
