/**
 * Ways to break the protocol, each of which the simulation must notice.
 *
 * A mutant replaces one text, which must stand exactly once in its file, by another.
 */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const WRITES = 'lambda/adapters/ledger/counter-writes.ts';
const LEDGER = 'lambda/adapters/ledger/dynamo-ledger.ts';
const REFUSAL = 'lambda/adapters/ledger/reserve-refusal.ts';
const ATTEMPTS = 'lambda/adapters/ledger/write-attempts.ts';
const ITEM = 'lambda/adapters/ledger/counter-item.ts';
const RESERVE_ALL = 'lambda/application/reserve-all.ts';
const RESERVE_REQUEST = 'lambda/application/reserve-request.ts';
const GUARD = 'lambda/application/spend-guard.ts';
const SEND = 'lambda/application/send-once.ts';
const ENDINGS = 'lambda/application/endings.ts';
const SETTLEMENT = 'lambda/application/settlement.ts';
const VERDICT = 'lambda/application/upstream-verdict.ts';
const ROLLOVER = 'lambda/application/rollover.ts';
const ADMISSION = 'lambda/application/admission.ts';
const TELL_ONCE = 'lambda/application/tell-once.ts';
const EXTENSION = 'lambda/application/stream-extension.ts';
const MAINTENANCE = 'lambda/adapters/ledger/dynamo-maintenance.ts';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'reserve without the limit condition',
    file: WRITES,
    from: '` and ${hasRoom} and ${notCut} and ${fewInFlight}`',
    to: '` and (attribute_not_exists(committedUsd) or committedUsd <= :limitMinusA or committedUsd > :limitMinusA) and ${notCut} and ${fewInFlight}`',
  },
  {
    name: 'reserve with < for <=',
    file: WRITES,
    from: 'committedUsd <= :limitMinusA)',
    to: 'committedUsd < :limitMinusA)',
  },
  {
    name: 'reserve that does not see its own earlier write',
    file: WRITES,
    from: "const neitherWritten = 'attribute_not_exists(#r) and attribute_not_exists(#x)'",
    to: "const neitherWritten = '(attribute_exists(#r) or attribute_not_exists(#r)) and attribute_not_exists(#x)'",
  },
  {
    name: 'reserve that does not see its expiry',
    file: WRITES,
    from: "const neitherWritten = 'attribute_not_exists(#r) and attribute_not_exists(#x)'",
    to: "const neitherWritten = 'attribute_not_exists(#r) and (attribute_exists(#x) or attribute_not_exists(#x))'",
  },
  {
    name: 'reserve larger than the limit on an absent counter',
    file: REFUSAL,
    from: 'limitNanoUsd !== undefined && amountNanoUsd > limitNanoUsd',
    to: 'limitNanoUsd !== undefined && amountNanoUsd < ZERO_USD',
  },
  {
    name: 'settle without comparing the amount',
    file: WRITES,
    from: "ConditionExpression: '#r = :a',\n    ExpressionAttributeNames: { '#r': reservationAttribute(end.id) },\n    ExpressionAttributeValues: {\n      ':a': usdNumber(end.reservedNanoUsd),",
    to: "ConditionExpression: 'attribute_exists(#r)',\n    ExpressionAttributeNames: { '#r': reservationAttribute(end.id) },\n    ExpressionAttributeValues: {",
  },
  {
    name: 'settle that leaves the reservation in flight',
    file: WRITES,
    from: "`inFlight = inFlight - :one${cut.set}${end.tombstone ? ', #r = :zero' : ' REMOVE #r'}`",
    to: "`inFlight = inFlight - :one - :one + :one + :one - :one${cut.set}${end.tombstone ? ', #r = :zero' : ' REMOVE #r'}`.replace(' - :one - :one + :one + :one - :one', ' + :one')",
  },
  {
    name: 'settle at half the cost',
    file: SETTLEMENT,
    from: 'return await ledger.settle(hold, costNanoUsd);',
    to: 'return await ledger.settle(hold, (costNanoUsd / 2n) as typeof costNanoUsd);',
  },
  {
    name: 'money in whole micro-dollars',
    file: ITEM,
    from: 'NumberValue.from(formatUsd(amount))',
    to: 'NumberValue.from(formatUsd(((amount / 1000n) * 1000n) as NanoUsd))',
  },
  {
    name: 'expiry that refunds',
    file: WRITES,
    from: "'SET settledUsd = settledUsd + :a, #x = :a, inFlight = inFlight - :one REMOVE #r'",
    to: "'SET committedUsd = committedUsd - :a, #x = :a, inFlight = inFlight - :one REMOVE #r'",
  },
  {
    name: 'expiry without comparing the amount',
    file: WRITES,
    from: "REMOVE #r',\n  ConditionExpression: '#r = :a',",
    to: "REMOVE #r',\n  ConditionExpression: 'attribute_exists(settledUsd)',",
  },
  {
    name: 'expiry that leaves no note for a late settle',
    file: WRITES,
    from: "'SET settledUsd = settledUsd + :a, #x = :a, inFlight = inFlight - :one REMOVE #r'",
    to: "'SET settledUsd = settledUsd + :a, inFlight = inFlight - :one REMOVE #r, #x'",
  },
  {
    name: 'late settle that corrects committed alone',
    file: WRITES,
    from: 'settledUsd = settledUsd + :change, ',
    to: 'settledUsd = settledUsd + :zero, ',
  },
  {
    name: 'late settle that may come twice',
    file: WRITES,
    from: '`#r = :zero${cut.set} REMOVE #x`',
    to: '`#r = :zero${cut.set}`',
  },
  {
    name: 'no late settle',
    file: LEDGER,
    from: "const late = await attemptWrite(options, hold.counter, lateWrite, 'end');",
    to: "if (write.id !== '') return { kind: 'ended' };\n  const late = await attemptWrite(options, hold.counter, lateWrite, 'end');",
  },
  {
    name: 'no tombstone after an ambiguous reserve',
    file: LEDGER,
    from: 'tombstone: hold.ambiguous,',
    to: 'tombstone: false,',
  },
  {
    name: 'no fence after an ambiguous reserve',
    file: LEDGER,
    from: "if (ended.kind !== 'already-ended' || !hold.ambiguous) return ended;",
    to: 'if (hold.reservationId.length > 0) return ended;',
  },
  {
    name: 'fence without its condition',
    file: WRITES,
    from: "SET #r = :zero, openKey = if_not_exists(openKey, :open)',\n  ConditionExpression: neitherWritten,",
    to: "SET #r = :zero, openKey = if_not_exists(openKey, :open)',\n  ConditionExpression: 'attribute_not_exists(#x) or attribute_exists(#x)',",
  },
  {
    name: 'ambiguity is forgotten',
    file: ATTEMPTS,
    from: 'ambiguous ||= !isCertain(error);',
    to: 'ambiguous = false;',
  },
  {
    name: 'a time-out counts as certain',
    file: ATTEMPTS,
    from: 'return status !== undefined && status >= 400 && status < 500;',
    to: 'return status === undefined || status >= 400;',
  },
  {
    name: 'tombstones go at once',
    file: ROLLOVER,
    from: 'const TOMBSTONE_GRACE_MS = 6 * 3_600_000;',
    to: 'const TOMBSTONE_GRACE_MS = -3_600_000;',
  },
  {
    name: 'release although it may have been sent',
    file: SEND,
    from: "const isUnsent = error instanceof UpstreamFailure && error.sent === 'not-sent';",
    to: 'const isUnsent = error instanceof Error;',
  },
  {
    name: 'release where there is no usage',
    file: ENDINGS,
    from: "if (usage.kind === 'unknown') return inFull(",
    to: "if (usage.kind === 'unknown') return usage.why === '' ? inFull(admission, status, '') : atNothing(status, usage.why);\n  if (usage.kind !== 'metered') return inFull(",
  },
  {
    name: 'an unknown outcome costs nothing',
    file: ENDINGS,
    from: 'price.free === true ? costBesideFree(price, prepared.units) : prepared.boundNanoUsd;',
    to: 'price.free === true ? costBesideFree(price, prepared.units) : ZERO_USD;',
  },
  {
    name: 'a server error counts as not billed',
    file: VERDICT,
    from: "  'ModelNotReadyException',",
    to: "  'ModelNotReadyException',\n  'InternalServerException',",
  },
  {
    name: 'upstream is asked again',
    file: SEND,
    from: '  const { clock } = ports;\n  const { model } = reserved.admission;\n  const startedMs',
    to: '  const { clock } = ports;\n  const given = ports.upstream;\n  const send: typeof given.send = (one, signal) =>\n    given.send(one, signal).catch(() => given.send(one, signal));\n  ports = { ...ports, upstream: { send } };\n  const { model } = reserved.admission;\n  const startedMs',
  },
  {
    name: 'half of the bound is reserved',
    file: RESERVE_REQUEST,
    from: 'amountNanoUsd: admission.prepared.boundNanoUsd,',
    to: 'amountNanoUsd: (admission.prepared.boundNanoUsd / 2n) as typeof admission.prepared.boundNanoUsd,',
  },
  {
    name: 'settings are fresh for ever',
    file: RESERVE_REQUEST,
    from: 'return ageMs >= 0 && ageMs <= maxAgeMs;',
    to: 'return ageMs === ageMs + maxAgeMs - maxAgeMs;',
  },
  {
    name: 'changed settings are not looked at',
    file: GUARD,
    from: 'return standingOf(again) === standingOf(tried.value.reserved.admission);',
    to: 'return standingOf(again) !== undefined;',
  },
  {
    name: 'one refusing cap leaves the others held',
    file: RESERVE_ALL,
    from: 'if (!complete) toRelease.push(...held.map(({ hold }) => hold));',
    to: 'if (complete) toRelease.push();',
  },
  {
    name: 'a cap whose books are out of reach is passed',
    file: RESERVE_ALL,
    from: 'toRelease.push(value.hold);\n      failed ||= charge.enforced;',
    to: 'toRelease.push(value.hold);',
  },
  {
    name: 'every cap only warns',
    file: ADMISSION,
    from: 'enforced: enforces(cap),',
    to: 'enforced: !enforces(cap),',
  },
  {
    name: 'reserve that looks at what is settled alone',
    file: WRITES,
    from: "const hasRoom = '(attribute_not_exists(committedUsd) or committedUsd <= :limitMinusA)'",
    to: "const hasRoom = '(attribute_not_exists(settledUsd) or settledUsd <= :limitMinusA)'",
  },
  {
    name: 'reserve that does not see a cut',
    file: WRITES,
    from: "const notCut = '(attribute_not_exists(cutUntilMs) or cutUntilMs < :now)'",
    to: "const notCut = '(attribute_not_exists(cutUntilMs) or cutUntilMs < :now or cutUntilMs >= :now)'",
  },
  {
    name: 'more in flight by one than a counter may hold',
    file: WRITES,
    from: 'inFlight < :maxInFlight)',
    to: 'inFlight <= :maxInFlight)',
  },
  {
    name: 'window taken at settle',
    file: LEDGER,
    from: "import { attemptWrite, type CounterTable, readItem, type WriteResult } from './write-attempts.ts';",
    to: `import { windowAt, type WindowKind } from '../../domain/window.ts';
import { attemptWrite as attemptOn, type CounterTable, readItem, type WriteResult } from './write-attempts.ts';
const attemptWrite: typeof attemptOn = (table, { pk, sk }, write) => {
  const [kind = '', zone] = [sk.split(':')[0], sk.split('@')[1]];
  if (zone === undefined || !write.UpdateExpression.includes(':cost')) return attemptOn(table, { pk, sk }, write);
  const rule = { kind: kind as WindowKind, timeZone: zone, weekStart: 'monday' } as const;
  return attemptOn(table, { pk, sk: windowAt(rule, table.clock.nowMs()).id }, write);
};`,
  },
  {
    name: 'float money',
    file: WRITES,
    from: "':change': usdNumber(change),",
    to: "':change': NumberValue.from(String(Number(end.costNanoUsd) / 1e9 - Number(end.reservedNanoUsd) / 1e9)),",
  },
  {
    name: 'a disabled key may send',
    file: ADMISSION,
    from: 'if (!key.enabled || ',
    to: 'if (',
  },
  {
    name: 'what was settled late stays in the journal as expired',
    file: ROLLOVER,
    from: '    await journalSettledLate(run, open);\n',
    to: '',
  },
  {
    name: 'what expired is not journalled',
    file: MAINTENANCE,
    from: "      await write(entry.key, 'told to the journal', entry.write);\n      await write(counter, 'noted as told",
    to: "      await write(counter, 'noted as told",
  },
  {
    name: 'the journal does not say which settle failed',
    file: SETTLEMENT,
    from: '...(failed.length === 0 ? {} : { unsettled: failed.map(counterNameOf) }),',
    to: '',
  },
  {
    name: 'an event is told without a claim',
    file: TELL_ONCE,
    from: 'if (!(await place.set(seen, claim))) return false;',
    to: 'await place.set(seen, claim);',
  },
  {
    name: 'extend without comparing the amount',
    file: WRITES,
    from: "ConditionExpression: '#r = :old and committedUsd <= :limitMinusDelta',",
    to: "ConditionExpression: '(#r = :old or attribute_exists(#r)) and committedUsd <= :limitMinusDelta',",
  },
  {
    name: 'extend without the limit condition',
    file: WRITES,
    from: "ConditionExpression: '#r = :old and committedUsd <= :limitMinusDelta',",
    to: "ConditionExpression: '#r = :old and (committedUsd <= :limitMinusDelta or committedUsd > :limitMinusDelta)',",
  },
  {
    name: 'extend that reserves and does not commit',
    file: WRITES,
    from: "'SET #r = :new, committedUsd = committedUsd + :delta'",
    to: "'SET #r = :new, committedUsd = committedUsd + :delta - :delta'",
  },
  {
    name: 'settle knows only the amount before an ambiguous extend',
    file: LEDGER,
    from: 'amount === hold.reservedNanoUsd || amount === hold.extendingToNanoUsd;',
    to: 'amount === hold.reservedNanoUsd && hold.extendingToNanoUsd === undefined;',
  },
  {
    name: 'an extend without an answer is forgotten',
    file: LEDGER,
    from: 'hold: isSure ? hold : extending(request), cause',
    to: 'hold: isSure || cause !== undefined ? hold : extending(request), cause',
  },
  {
    name: 'an extension that is under way is not known to the settle',
    file: EXTENSION,
    from: '      note(extending(request));\n',
    to: '',
  },
  {
    name: 'a stream that has ended is extended',
    file: EXTENSION,
    from: '    if (isStopped) return;\n',
    to: '',
  },
  {
    name: 'an extension goes by the limit of the admission',
    file: EXTENSION,
    from: 'return cap === undefined ? charge.limitNanoUsd : limitAt(cap, nowMs);',
    to: 'return cap === undefined || nowMs > 0 ? charge.limitNanoUsd : limitAt(cap, nowMs);',
  },
  {
    name: 'a cut stream is charged what was seen alone',
    file: SETTLEMENT,
    from: 'return maxUsd(mostHeld(hold), ending.seenNanoUsd ?? ZERO_USD);',
    to: 'return ending.seenNanoUsd ?? mostHeld(hold);',
  },
  {
    name: 'a request is refused by what is remembered alone',
    file: RESERVE_ALL,
    from: 'const early = await ask(charges.filter((charge) => first.has(charge)));',
    to:
      'const state = { settledNanoUsd: ZERO_USD, committedNanoUsd: ZERO_USD, inFlight: 0 };' +
      "const value = { kind: 'refused', reason: 'spent', state } as const;" +
      "const outcome = { status: 'fulfilled', value } as const;" +
      'const early: Answer[] = [...first].map((charge) => ({ charge, outcome }));',
  },
  {
    name: 'what is asked first is all that is asked',
    file: RESERVE_ALL,
    from: 'if (early.some(isEnd))',
    to: 'if (early.length > 0)',
  },
  {
    name: 'what was asked first is forgotten when the others answer',
    file: RESERVE_ALL,
    from: 'const answers = [...early, ...late];',
    to: 'const answers = [...late];',
  },
];
