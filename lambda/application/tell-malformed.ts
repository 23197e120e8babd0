/**
 * Tells once of each setting that cannot be read, and again when it was mended and broke anew.
 *
 * The mark of it is in the ledger, by the item and its content: nothing is written to settings.
 */
import { EVENT } from '../contract.ts';
import { malformedWords } from '../domain/event-words.ts';
import type { Events } from '../ports/events.ts';
import type { MalformedSetting } from '../ports/malformed-list.ts';
import type { RolloverPorts, RolloverRun } from './rollover-work.ts';
import { isToldOnce, type MarkPlace } from './tell-once.ts';

/** As many events as one call to the bus takes. */
const AT_ONCE = 10;
/** Settings that one run tells of; more than these broke together, and the next run goes on. */
const MAX_TOLD = 100;

/** Tells what is malformed and was not told as it stands now. */
export async function tellMalformed(
  run: RolloverRun,
  events: Events,
  { list, marks }: NonNullable<RolloverPorts['malformed']>,
): Promise<void> {
  // Before the settings: a mark that another run sets meanwhile must not seem to be of no setting.
  const before = await marks.readAll();
  const malformed = await list.readAll();
  run.report.settingsMalformed = malformed.length;
  const standing = new Set(malformed.map(markNameOf));
  for (const [name, mark] of before) {
    if (name.startsWith(PREFIX) && !standing.has(name)) await marks.forget(name, mark);
  }
  const untold = malformed.filter((one) => before.get(markNameOf(one))?.state !== 'told');
  if (untold.length > MAX_TOLD) run.report.complete = false;
  for (let first = 0; first < Math.min(untold.length, MAX_TOLD); first += AT_ONCE) {
    const some = untold.slice(first, Math.min(first + AT_ONCE, MAX_TOLD));
    await Promise.all(
      some.map((one) => {
        const name = markNameOf(one);
        const place: MarkPlace = {
          seen: before.get(name),
          set: (seen, next) => marks.mark(name, seen, next),
        };
        return isToldOnce(run, place, name, () =>
          events.emit(EVENT.settingsMalformed, detailOf(one, name)),
        );
      }),
    );
  }
}

const PREFIX = 'settings:';
const markNameOf = ({ kind, fingerprint }: MalformedSetting): string =>
  `${PREFIX}${kind}:${fingerprint}`;

const MAX_FIELD = 1_000;

const detailOf = (setting: MalformedSetting, eventId: string) => ({
  eventId,
  kind: setting.kind,
  item: setting.id.slice(0, MAX_FIELD).toWellFormed(),
  field: setting.field.slice(0, MAX_FIELD).toWellFormed(),
  problem: setting.problem.slice(0, MAX_FIELD).toWellFormed(),
  ...malformedWords(setting),
});
