/**
 * Settings as one actor reads them: as they stand when the reading arrives, and held by age.
 */
import { hashKey } from '../../lambda/domain/caller-key.ts';
import type { CallerKey } from '../../lambda/domain/cap.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import type { Settings, SettingsView } from '../../lambda/ports/settings.ts';
import type { Actor } from './actor.ts';
import { countFault, type World } from './world.ts';

const MAX_USUAL_MS = 20;
const GIVEN_UP_AFTER_MS = 2_000;

/** @param faultChance of each reading, from 0 to 1 */
export function createSimulatedSettings(
  world: World,
  actor: Actor,
  keyText: string,
  faultChance: number,
): Settings {
  let last: SettingsView | undefined;
  let underWay: { readonly beganAtMs: number; readonly view: Promise<SettingsView> } | undefined;
  const start = (): Promise<SettingsView> => {
    const beganAtMs = actor.clock.nowMs();
    const view = readOnce(world, actor, keyText, faultChance, beganAtMs);
    underWay = { beganAtMs, view };
    return view.then((read) => {
      last = read;
      return read;
    });
  };
  return {
    peek: () => last,
    read(_keyId, maxAgeMs) {
      const nowMs = actor.clock.nowMs();
      const isFresh = (atMs: number) => nowMs - atMs >= 0 && nowMs - atMs <= maxAgeMs;
      if (last !== undefined && isFresh(last.readAtMs)) return Promise.resolve(last);
      if (underWay !== undefined && isFresh(underWay.beganAtMs)) return underWay.view;
      return start();
    },
  };
}

function readOnce(
  world: World,
  actor: Actor,
  keyText: string,
  faultChance: number,
  readAtMs: number,
): Promise<SettingsView> {
  const { scheduler, random } = world;
  return new Promise((resolve, reject) => {
    if (!world.isCalm && random.chance(faultChance)) {
      countFault(world, 'settings:unavailable');
      const error = new HardcapError('settings_unavailable', 'settings_unavailable: no answer');
      scheduler.after(GIVEN_UP_AFTER_MS, () => actor.deliver(() => reject(error)));
      return;
    }
    scheduler.after(random.int(MAX_USUAL_MS), () => {
      const view = viewNow(world, keyText, readAtMs);
      scheduler.after(random.int(MAX_USUAL_MS), () => actor.deliver(() => resolve(view)));
    });
  });
}

function viewNow(world: World, keyText: string, readAtMs: number): SettingsView {
  const version = world.settings.at(-1);
  const key: CallerKey = {
    keyId: 'caller',
    secretSha256: hashKey(keyText),
    enabled: version?.isKeyEnabled ?? false,
    team: 'team',
    tags: {},
  };
  return { readAtMs, key, caps: version?.caps ?? [], malformedCaps: [], prices: new Map() };
}
