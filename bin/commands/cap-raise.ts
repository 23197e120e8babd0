/**
 * `hardcap cap raise`: a higher limit for a while, and its end before that.
 *
 * Invariant: a raise has an end and a reason, and is above the limit.
 */

import type { NumberValue } from '@aws-sdk/lib-dynamodb';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readInstantMs } from '../../lambda/adapters/settings/setting-fields.ts';
import { PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { parameterOnly, refuseSynced, tellParameter } from './cap-parameter.ts';
import { planOf, writePlan } from './cap-set.ts';
import { capJson, raiseText } from './cap-view.ts';
import { CliFailure, noSuch, wrongUse } from './failure.ts';
import { instantValue, usdValue } from './option-values.ts';
import { openSession, type Session } from './session.ts';
import { findItem, type ItemChange, listIds } from './settings-store.ts';

interface RaiseOptions {
  readonly to?: NumberValue;
  /** Milliseconds. */
  readonly for?: number;
  readonly until?: string;
  readonly end?: boolean;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DURATION = /^([1-9]\d{0,3})([mhdw])$/;

/** `90m`, `4h`, `7d` or `2w`, in milliseconds. */
export function durationValue(text: string): number {
  const [, count = '', unit = ''] = DURATION.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs !== undefined) return Number(count) * unitMs;
  throw new InvalidArgumentError('How long, such as 90m, 4h, 7d or 2w.');
}

/** Adds `cap raise`. */
export function addRaiseCommand(cap: Command): void {
  cap
    .command('raise')
    .description('raise a limit for a while, or end its raise (needs --reason)')
    .argument('<id>', 'the cap id')
    .option('--to <usd>', 'the limit until then', usdValue)
    .addOption(
      new Option('--for <duration>', 'how long from now, such as 90m, 4h or 7d')
        .argParser(durationValue)
        .conflicts('until'),
    )
    .option('--until <date-time>', 'until when, with offset', instantValue)
    .addOption(new Option('--end', 'end the raise now').conflicts(['to', 'for', 'until']))
    .action(async (id: string, options: RaiseOptions, command: Command) => {
      const session = await openSession(command);
      if (options.end === true) await endRaise(session, id);
      else await raiseCap(session, id, raiseOf(session, options));
    });
}

function raiseOf({ reason, nowMs }: Session, options: RaiseOptions): ItemChange {
  const { to, for: forMs, until } = options;
  if (to === undefined) throw wrongUse('name the limit: --to <usd> (or --end, to end the raise)');
  const untilMs = forMs === undefined ? readInstantMs(until ?? '') : nowMs + forMs;
  if (untilMs === undefined) throw wrongUse('say how long: --for 4h, or --until <date-time>');
  if (untilMs <= nowMs) throw wrongUse(`--until ${until} has passed already`);
  if (reason === undefined || reason.trim() === '') {
    throw wrongUse('a raise needs a reason, which its history keeps: --reason <text>');
  }
  const raisedUntil = new Date(untilMs).toISOString();
  return { set: { raisedLimitUsd: to, raisedUntil }, remove: [] };
}

async function raiseCap(session: Session, id: string, change: ItemChange): Promise<void> {
  const { output, nowMs } = session;
  const plan = planOf(id, await itemOrFail(session, id), change);
  const { before, after } = plan;
  refuseNotAbove(after);
  await writePlan(session, plan);
  const old = before?.raised;
  if (old !== undefined && old.untilMs > nowMs) {
    const until = new Date(old.untilMs).toISOString();
    output.notice(
      `it takes the place of a raise to $${formatUsd(old.limitNanoUsd)} until ${until}.`,
    );
  }
  if (!after.enabled || (after.expiresAtMs !== undefined && after.expiresAtMs <= nowMs)) {
    output.notice(`"${id}" is disabled or expired, and holds nobody now.`);
  }
  await tellParameter(session, after);
  output.result(
    capJson(after),
    () =>
      `cap ${id}: limit $${formatUsd(after.limitNanoUsd)}, ${raiseText(after, nowMs)}. ` +
      'It holds within 5 seconds, and ends by itself.',
  );
}

function refuseNotAbove({ capId, limitNanoUsd, raised }: Cap): void {
  if (raised !== undefined && raised.limitNanoUsd > limitNanoUsd) return;
  throw wrongUse(
    `a raise to $${formatUsd(raised?.limitNanoUsd ?? limitNanoUsd)} is not above the limit of ` +
      `"${capId}", $${formatUsd(limitNanoUsd)}, and would change nothing; to lower a limit: ` +
      `hardcap cap set ${capId} --limit <usd>`,
  );
}

async function endRaise(session: Session, id: string): Promise<void> {
  const { output } = session;
  const item = await itemOrFail(session, id);
  const change = { set: {}, remove: ['raisedLimitUsd', 'raisedUntil'] };
  if (item.raisedLimitUsd === undefined && item.raisedUntil === undefined) {
    throw new CliFailure(`the cap "${id}" is not raised`);
  }
  const plan = planOf(id, item, change);
  await writePlan(session, plan);
  output.result(
    capJson(plan.after),
    () =>
      `the raise of cap ${id} ended: its limit is $${formatUsd(plan.after.limitNanoUsd)} within ` +
      '5 seconds.',
  );
}

async function itemOrFail(session: Session, id: string) {
  await refuseSynced(session, 'put', id);
  const item = await findItem(session.connection, PARTITION.cap, id);
  if (item !== undefined) return item;
  const known = await listIds(session.connection, PARTITION.cap);
  throw (await parameterOnly(session, id)) ?? noSuch('cap', id, known);
}
