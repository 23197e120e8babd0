/**
 * Settings as one actor reads them: as they stand when the reading arrives, and held by age.
 */
import { hashKey } from '../../lambda/domain/caller-key.ts';
import type { CallerKey } from '../../lambda/domain/cap.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import type { Settings, SettingsView } from '../../lambda/ports/settings.ts';
import type { Actor } from './actor.ts';
import { countFault, currentRun, type RequestRun, type World } from './world.ts';

const MAX_USUAL_MS = 20;
const MAX_SLOW_MS = 1_500;
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
  const read = (maxAgeMs: number): Promise<SettingsView> => {
    const nowMs = actor.clock.nowMs();
    const isFresh = (atMs: number) => nowMs - atMs >= 0 && nowMs - atMs <= maxAgeMs;
    if (last !== undefined && isFresh(last.readAtMs)) return Promise.resolve(last);
    if (underWay !== undefined && isFresh(underWay.beganAtMs)) return underWay.view;
    return start();
  };
  /** The judge holds a request to the very reading that it was given. */
  const handOver = (view: SettingsView, run: RequestRun | undefined): SettingsView => {
    if (run !== undefined) {
      const isKeyEnabled = view.key !== undefined && 'enabled' in view.key && view.key.enabled;
      world.oracle.handed(run, { caps: view.caps, isKeyEnabled });
    }
    return view;
  };
  return {
    peek: () => (last === undefined ? undefined : handOver(last, currentRun.getStore())),
    read(_keyId, maxAgeMs) {
      const run = currentRun.getStore();
      return read(maxAgeMs).then((view) => handOver(view, run));
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
    const isSlow = !world.isCalm && random.chance(faultChance);
    if (isSlow) countFault(world, 'settings:slow');
    scheduler.after(random.int(isSlow ? MAX_SLOW_MS : MAX_USUAL_MS), () => {
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
  return {
    readAtMs,
    key,
    caps: version?.caps ?? [],
    malformedCaps: [],
    aliases: new Map(),
    prices: new Map(),
  };
}
