/**
 * The offsets that runs go by are those of the machine's own time zones.
 */
import { IANAZone } from 'luxon';
import { expect, it } from 'vitest';
import { createRandom } from './seeded-random.ts';
import { rememberZoneOffsets } from './zone-offsets.ts';

const ZONES = ['UTC', 'Europe/Paris', 'Australia/Lord_Howe'];
const MOMENTS_MS = [
  Date.UTC(2026, 9, 25, 1),
  Date.UTC(2026, 2, 29, 1),
  Date.UTC(2026, 9, 3, 15, 30),
];
const HALF_DAY_MS = 43_200_000;

it('remembers no offset but the true one, asked in any order', () => {
  const given = IANAZone.prototype.offset;
  const random = createRandom(1);
  rememberZoneOffsets();

  for (let round = 0; round < 3_000; round += 1) {
    const zone = IANAZone.create(random.pick(ZONES));
    const spreadMs = random.pick([3, HALF_DAY_MS]);
    const atMs = random.pick(MOMENTS_MS) - spreadMs + random.int(2 * spreadMs);

    expect(zone.offset(atMs), `${zone.name} at ${atMs}`).toBe(given.call(zone, atMs));
  }

  IANAZone.prototype.offset = given;
});
