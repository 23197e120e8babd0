/**
 * Reserve and settle use the same price: one that changes while a request runs is the next one's.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import type { Price } from '../../lambda/domain/price.ts';
import { price, usd } from '../helpers/builders.ts';
import {
  converseAnswer,
  createFakePorts,
  guardedRequest,
  guardOptions,
  HAIKU,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock();
  ports = createFakePorts(clock);
});

const priced = (version: string, input: string, output: string): Price =>
  price({
    modelId: HAIKU,
    version,
    tokens: { inputNanoUsdPerMillion: usd(input), outputNanoUsdPerMillion: usd(output) },
  });

/** From now on the table and its last reading have this price. */
function setPrice(one: Price) {
  ports.settings.table = settingsTable({ prices: new Map([[HAIKU, one]]) });
  ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
}

async function handle() {
  const guard = createSpendGuard(ports, guardOptions());
  await (await guard.handle(guardedRequest(clock, ports.sink))).done;
}

describe('a price that changes while a request runs', () => {
  it.each([
    ['rises', '10', '50'],
    ['falls', '0.1', '0.5'],
  ])(
    'and %s is not that request’s: it settles by the version it was reserved by',
    async (_name, input, output) => {
      setPrice(priced('operator-before', '1', '5'));
      ports.upstream.respond = async () => {
        setPrice(priced('operator-after', input, output));
        return converseAnswer(1_000, 100);
      };

      await handle();

      expect(ports.ledger.journal).toMatchObject([
        { priceVersion: 'operator-before', costNanoUsd: usd('0.0015') },
      ]);
    },
  );

  it('is the next request’s', async () => {
    setPrice(priced('operator-before', '1', '5'));
    ports.upstream.respond = async () => converseAnswer(1_000, 100);
    await handle();
    setPrice(priced('operator-after', '2', '10'));
    await handle();

    expect(ports.ledger.journal).toMatchObject([
      { priceVersion: 'operator-before', costNanoUsd: usd('0.0015') },
      { priceVersion: 'operator-after', costNanoUsd: usd('0.003') },
    ]);
  });

  it('between reserve and send, found by a reading beside the reserve, is still one price', async () => {
    setPrice(priced('operator-before', '1', '5'));
    ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() - 60_000 };
    ports.settings.table = settingsTable({
      prices: new Map([[HAIKU, priced('operator-after', '2', '10')]]),
    });
    ports.upstream.respond = async () => converseAnswer(1_000, 100);

    await handle();

    const [entry] = ports.ledger.journal;
    const cost = entry?.priceVersion === 'operator-after' ? usd('0.003') : usd('0.0015');
    expect(entry).toMatchObject({ costNanoUsd: cost });
    // What was read last decides: the request was reserved again by it.
    expect(entry?.priceVersion).toBe('operator-after');
  });
});
