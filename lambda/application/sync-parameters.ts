/**
 * Brings the settings in line with the parameters that say caps: writes what changed, removes what
 * is gone.
 *
 * Invariant: a list that could not be read whole removes nothing. No write goes over what was
 *            written by a list that was begun later: items are read before the parameters, and
 *            each write holds only while its item is as it was read. No clock is asked.
 * Crash:     the next run does what is left, as each starts from what it finds.
 */
import { METRIC } from '../contract.ts';
import type { Clock } from '../ports/clock.ts';
import type { Parameter, ParameterList, SyncedItem, SyncedSettings } from '../ports/parameters.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** The most parameters that are synced; the gateway reads at most 1,000 caps of all kinds. */
export const MAX_PARAMETERS = 500;

/** No parameter can have this name: under it stands that there are too many of them. */
export const TOO_MANY_NAME = '/*';

/** Another run may win an item each time; the minute's next run begins anew anyway. */
const MAX_PASSES = 3;
const RUN_CHARACTERS = 12;

export interface SyncPorts {
  readonly parameters: ParameterList;
  readonly settings: SyncedSettings;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** What one run did. */
export interface SyncReport {
  readonly parameters: number;
  readonly written: number;
  readonly removed: number;
  readonly malformed: number;
  /** Items that could not be written or removed; the next run tries them again. */
  readonly failed: number;
  /** Items that other runs were quicker to change, each time. */
  readonly contested: number;
}

/**
 * One run each time it is called. What is malformed is counted in each run, and told when it
 * changes.
 *
 * @throws Error where the parameters or the items could not be listed; nothing was removed then
 */
export function createParameterSync(ports: SyncPorts): () => Promise<SyncReport> {
  let told = '';
  const tellMalformed = (malformed: readonly (readonly [string, string])[]) => {
    if (malformed.length > 0) {
      ports.telemetry.count(METRIC.ssmParametersMalformed, malformed.length);
    }
    const now = JSON.stringify(malformed);
    if (now === told) return;
    told = now;
    for (const [source, problem] of malformed) {
      ports.telemetry.error('a parameter cannot be read as a cap: what it could cover is refused', {
        parameter: source,
        problem,
      });
    }
  };
  return async () => {
    try {
      const report = await runPasses(ports, tellMalformed);
      if (report.failed > 0) ports.telemetry.count(METRIC.ssmSyncFailures);
      return report;
    } catch (error) {
      ports.telemetry.count(METRIC.ssmSyncFailures);
      ports.telemetry.error('parameters could not be synced: caps stay as they are', {
        error: String(error),
      });
      throw error;
    }
  };
}

type TellMalformed = (malformed: readonly (readonly [string, string])[]) => void;

async function runPasses(ports: SyncPorts, tellMalformed: TellMalformed): Promise<SyncReport> {
  const run = ports.clock.randomCharacters(RUN_CHARACTERS);
  let written = 0;
  let removed = 0;
  for (let pass = 1; ; pass += 1) {
    // In this order: whatever the items say was written by a list that is older than this one.
    const seen = await ports.settings.readAll();
    const listed = await ports.parameters.readAll(MAX_PARAMETERS);
    const tooMany = listed.length > MAX_PARAMETERS;
    const wanted = tooMany ? [tooManyOf(ports.parameters)] : listed;
    tellMalformed(malformedOf(ports.settings, wanted));
    // Past the bound the one item refuses everything, and the others are left as they are.
    const gone = tooMany ? [] : goneOf(seen, wanted);
    const done = await change(ports, seen, wanted, gone, run);
    written += done.written;
    removed += done.removed;
    if (done.contested === 0 || pass === MAX_PASSES) {
      const { failed, contested } = done;
      const malformed = malformedOf(ports.settings, wanted).length;
      return { parameters: listed.length, written, removed, malformed, failed, contested };
    }
  }
}

const malformedOf = (settings: SyncedSettings, wanted: readonly Parameter[]) =>
  wanted.flatMap((parameter) => {
    const problem = settings.problemOf(parameter);
    return problem === undefined ? [] : [[parameter.source, problem] as const];
  });

const goneOf = (seen: ReadonlyMap<string, SyncedItem>, wanted: readonly Parameter[]) => {
  const names = new Set(wanted.map(({ name }) => name));
  return [...seen.values()].filter(({ name }) => !names.has(name));
};

const tooManyOf = ({ source }: ParameterList): Parameter => ({
  name: TOO_MANY_NAME,
  source,
  type: 'String',
  fault:
    `are more than ${MAX_PARAMETERS}, the most that hardcap syncs, so none of them was synced ` +
    'anew; remove some, or use splitBy in place of many caps',
});

interface Done {
  written: number;
  removed: number;
  failed: number;
  contested: number;
}

/** One item after another: a run has a minute, and the table is the gateway's too. */
async function change(
  { settings, telemetry }: SyncPorts,
  seen: ReadonlyMap<string, SyncedItem>,
  wanted: readonly Parameter[],
  gone: readonly SyncedItem[],
  run: string,
): Promise<Done> {
  const done: Done = { written: 0, removed: 0, failed: 0, contested: 0 };
  const attempt = async (
    kind: 'written' | 'removed',
    name: string,
    write: () => Promise<boolean>,
  ) => {
    try {
      done[(await write()) ? kind : 'contested'] += 1;
    } catch (error) {
      done.failed += 1;
      telemetry.error('a synced item could not be changed', { name, error: String(error) });
    }
  };
  for (const parameter of wanted) {
    const item = seen.get(parameter.name);
    if (item?.says(parameter) === true) continue;
    await attempt('written', parameter.name, () => settings.write(parameter, item, run));
  }
  for (const item of gone) await attempt('removed', item.name, () => settings.remove(item));
  return done;
}
