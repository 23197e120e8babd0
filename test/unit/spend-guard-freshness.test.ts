/**
 * Settings are at most so old when a request starts, and cost no round trip of their own.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { cap, price, usd, windowRule } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  type FakeSettings,
  guardedRequest,
  guardOptions,
  HAIKU,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS, type VirtualClock } from '../helpers/virtual-clock.ts';

const TEAM = 'COUNTER#team-budget';
const MAX_AGE_MS = 5_000;

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
});

async function handle() {
  const guard = createSpendGuard(ports, guardOptions({ settingsMaxAgeMs: MAX_AGE_MS }));
  const answer = await guard.handle(guardedRequest(clock, ports.sink));
  await answer.done;
  return answer;
}

const unreadable = () => {
  throw new HardcapError('settings_unavailable', 'settings_unavailable: no answer');
};

const count = (event: string) => ports.events.filter((other) => other === event).length;

/** The last reading is this old, and the table may hold something else now. */
function aged(ageMs: number, table: Partial<FakeSettings['table']> = {}) {
  ports.settings.last = { ...settingsTable(), readAtMs: clock.nowMs() - ageMs };
  ports.settings.table = settingsTable(table);
}

describe('settings of the allowed age', () => {
  it('are not read again, to the very millisecond', async () => {
    aged(MAX_AGE_MS);

    await handle();

    expect(ports.settings.reads).toBe(0);
    expect(count('send')).toBe(1);
  });
});

describe('settings older than that', () => {
  it('are read beside the reserve, and nothing is sent before both are back', async () => {
    aged(MAX_AGE_MS + 1);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    ports.settings.fault = () => gate;
    const answering = handle();
    await expect.poll(() => ports.events).toContain(`reserved ${TEAM}`);

    expect(count('read settings')).toBe(1);
    expect(count('send')).toBe(0);
    open();
    await answering;

    expect(count('send')).toBe(1);
  });

  it('that have not changed keep the reservation', async () => {
    aged(MAX_AGE_MS + 1);

    await handle();

    expect(count(`reserve ${TEAM}`)).toBe(1);
    expect(count(`release ${TEAM}`)).toBe(0);
  });

  it.each([
    ['a lower limit', { caps: [cap({ limitNanoUsd: usd('5') })] }],
    ['a higher limit', { caps: [cap({ limitNanoUsd: usd('50') })] }],
    ['one cap more', { caps: [cap(), cap({ capId: 'another' })] }],
    ['a cap that is split now', { caps: [cap({ splitBy: 'key' as const })] }],
    ['a cap with another window', { caps: [cap({ window: windowRule('monthly') })] }],
    [
      'a cap in another zone',
      { caps: [cap({ window: windowRule('daily', { timeZone: 'Asia/Tokyo' }) })] },
    ],
    [
      'a cap that only warns now',
      { caps: [cap({ action: 'warn' as const }), cap({ capId: 'x' })] },
    ],
    ['a dearer price', { prices: new Map([[HAIKU, price({ modelId: HAIKU, version: 'newer' })]]) }],
  ])('that now hold %s release the reservation, and reserve again by them', async (_, table) => {
    aged(MAX_AGE_MS + 1, table);

    await handle();

    expect(count(`released ${TEAM}`)).toBe(1);
    const last = ports.events.findLastIndex((event) => event.startsWith('reserved'));
    expect(ports.events.indexOf('send')).toBeGreaterThan(last);
    expect(ports.events.indexOf(`released ${TEAM}`)).toBeLessThan(last);
    expect(ports.ledger.standing()).toEqual([]);
    expect(ports.upstream.sent).toHaveLength(1);
  });

  it('that now stop the cap short refuse, though the old limit had admitted it', async () => {
    aged(MAX_AGE_MS + 1, { caps: [cap({ limitNanoUsd: usd('0') })] });

    expect(await handle()).toMatchObject({ kind: 'refused' });
    expect(ports.upstream.sent).toEqual([]);
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('are read once more where a release took so long that they grew old', async () => {
    aged(MAX_AGE_MS + 1, { caps: [cap({ limitNanoUsd: usd('5') })] });
    ports.ledger.fault = (call) => {
      if (call !== 'release') return undefined;
      clock.advance(MAX_AGE_MS + 1);
      ports.settings.table = settingsTable({ caps: [cap({ limitNanoUsd: usd('0') })] });
      return undefined;
    };

    expect(await handle()).toMatchObject({ kind: 'refused' });
    expect(ports.upstream.sent).toEqual([]);
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('that had no room admit by a limit that was raised', async () => {
    aged(MAX_AGE_MS + 1);
    ports.settings.last = {
      ...settingsTable({ caps: [cap({ limitNanoUsd: usd('0') })] }),
      readAtMs: clock.nowMs() - MAX_AGE_MS - 1,
    };

    expect(await handle()).toMatchObject({ kind: 'complete' });
  });

  it.each([
    ['is disabled', callerKey({ enabled: false })],
    ['is gone', undefined],
    ['has another secret', callerKey({ secretSha256: 'a'.repeat(64) })],
    ['has expired', callerKey({ expiresAtMs: NOON_MS })],
  ])('whose key now %s release the reservation and refuse', async (_, key) => {
    aged(MAX_AGE_MS + 1, { key });

    await expect(handle()).rejects.toMatchObject({ code: 'unknown_key' });
    expect(ports.ledger.standing()).toEqual([]);
    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(0n);
    expect(ports.upstream.sent).toEqual([]);
  });

  it('that cannot be read release the reservation: settings_unavailable', async () => {
    aged(MAX_AGE_MS + 1);
    ports.settings.fault = unreadable;

    await expect(handle()).rejects.toMatchObject({ code: 'settings_unavailable' });
    expect(ports.ledger.standing()).toEqual([]);
    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(0n);
    expect(ports.upstream.sent).toEqual([]);
  });

  it('that cannot be read refuse with settings_unavailable even if the ledger failed too', async () => {
    aged(MAX_AGE_MS + 1);
    ports.settings.fault = unreadable;
    ports.ledger.fault = () => 'lost';

    await expect(handle()).rejects.toMatchObject({ code: 'settings_unavailable' });
  });
});

describe('settings from the future', () => {
  it('count as old: a clock was set back', async () => {
    aged(-1);

    await handle();

    expect(ports.settings.reads).toBe(1);
  });
});

describe('the first request of a key', () => {
  it('reads its settings before it reserves', async () => {
    ports.settings.last = undefined;

    await handle();

    expect(ports.events.slice(0, 2)).toEqual(['read settings', `reserve ${TEAM}`]);
    expect(ports.settings.reads).toBe(1);
  });

  it('is refused where they cannot be read', async () => {
    ports.settings.last = undefined;
    ports.settings.fault = unreadable;

    await expect(handle()).rejects.toMatchObject({ code: 'settings_unavailable' });
    expect(ports.events).not.toContain(`reserve ${TEAM}`);
  });
});
