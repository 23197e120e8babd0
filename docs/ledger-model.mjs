/**
 * The ledger's protocol as a model, explored exhaustively: `npm run model`; `npm run model:mutants`
 * explores protocols that are wrong in one place, and shows how each goes wrong.
 *
 * Two requests reserve, extend, settle, release and cut on one or two counters. Every write may be
 * lost, late, throttled or without an answer, and is retried. A holder may stop at any step and
 * never go on; an expirer may run at any moment, also far too early.
 *
 * Invariant: in every state committed = settled + reserved <= limit, and what is billed is
 *            committed; each reservation ends once. At rest, each counter holds the true costs.
 * Not here:  the code. What runs is tested by the simulation; this is the idea of docs/protocol.md,
 *            and of extend and cut as they were before either was written.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const HOLDERS = 2;
/** What a request reserves, and what it has once it was extended. */
const FIRST = 2;
const EXTENDED = 3;
/** The least that a request costs. */
const CHEAP = 1;
const ABSENT = -1;
const TOMBSTONE = 0;

/** Protocols that are wrong in one place; each must be found out. */
const MUTANTS = {
  'no-limit': 'reserve and extend do not test the limit',
  'blind-reserve': 'reserve does not look for its own earlier write',
  'blind-to-expiry': 'reserve does not look for its expiry',
  'blind-settle': 'settle does not compare the amount',
  'blind-expire': 'expire does not compare the amount',
  refund: 'expire gives the amount back',
  'no-tombstone': 'an ambiguous reserve leaves no tombstone when it ends',
  'no-late-tombstone': 'a late settle leaves no tombstone',
  'late-twice': 'a late settle leaves the note of the expiry',
  'no-late': 'a settle that finds an expiry is content with it',
  'no-fence': 'a reserve that was given up is not fenced',
  'blind-fence': 'a fence is written over what stands',
  'first-is-all': 'a request that asked one counter first asks no other',
  'first-is-lost': 'what was asked first is not released when another refuses',
  'no-release': 'a counter that was held is not released when another refuses',
  'blind-extend': 'extend does not compare the amount',
  'extend-unbounded': 'extend does not test the limit',
  'extend-hoped': 'an extension without an answer is used',
  'one-amount': 'after an ambiguous extend only the old amount is known',
  'sweep-early': 'tombstones and notes go while writes may still arrive',
  'cut-later': 'the cut is not part of the settle',
};

const { values } = parseArgs({
  options: {
    counters: { type: 'string', default: '1' },
    limits: { type: 'string', default: '' },
    tries: { type: 'string', default: '2' },
    writes: { type: 'string', default: '2' },
    extend: { type: 'boolean', default: false },
    'one-first': { type: 'boolean', default: false },
    ends: { type: 'string', default: '4' },
    'one-fails': { type: 'boolean', default: false },
    mutant: { type: 'string', default: '' },
    mutants: { type: 'boolean', default: false },
    'most-states': { type: 'string', default: '8000000' },
  },
});
const COUNTERS = Number(values.counters);
const LIMITS =
  values.limits === '' ? [4, 3].slice(0, COUNTERS) : values.limits.split(',').map(Number);
const TRIES = Number(values.tries);
/** How often a settle or a release is sent, retries included, before it is given up. */
const MOST_ENDS = Number(values.ends);
/** How many writes may be on their way at a time. */
const MOST_WRITES = Number(values.writes);
const MOST_STATES = Number(values['most-states']);
const isMutant = (name) => values.mutant === name;
if (values.mutant !== '' && !(values.mutant in MUTANTS)) {
  throw new Error(`--mutant is one of ${Object.keys(MUTANTS).join(', ')}`);
}

const newPart = () => ({
  /** The write that it waits for, and what it was answered. */
  isWaiting: false,
  answer: '',
  op: '',
  tries: 0,
  /** A reserve had no answer; an extend had none. */
  isAmbiguous: false,
  isExtendAmbiguous: false,
  /** What it believes that it holds. */
  amount: FIRST,
  mustEnd: false,
  isDone: false,
  /** By a mutant: that it was held before the others were asked. */
  isForgotten: false,
});
const newCounter = () => ({
  committed: 0,
  settled: 0,
  reserved: Array(HOLDERS).fill(ABSENT),
  expired: Array(HOLDERS).fill(ABSENT),
  isCut: false,
  /** For the judge: how often each reservation began and ended, and whether a cut is in force. */
  begun: Array(HOLDERS).fill(0),
  ended: Array(HOLDERS).fill(0),
  mustRefuse: false,
  wasPassed: false,
});
const START = {
  counters: LIMITS.map(newCounter),
  writes: [],
  holders: Array.from({ length: HOLDERS }, () => ({
    phase: 'new',
    billed: 0,
    isCut: false,
    isUnsure: false,
    parts: LIMITS.map(newPart),
  })),
};

// ---- The writes: each is one condition and one change, as DynamoDB applies them. ----

/** What stands for a holder: the answer of a write whose condition did not hold. */
const standing = (counter, who) => {
  if (counter.reserved[who] !== ABSENT) return `r${counter.reserved[who]}`;
  return counter.expired[who] !== ABSENT ? `x${counter.expired[who]}` : 'nothing';
};

const isFree = (counter, who) =>
  (isMutant('blind-reserve') || counter.reserved[who] === ABSENT) &&
  (isMutant('blind-to-expiry') || counter.expired[who] === ABSENT);

function cutOff(counter, cut) {
  if (!cut) return;
  counter.mustRefuse = true;
  counter.isCut = !isMutant('cut-later');
}

const WRITES = {
  reserve(counter, who, _write, limit) {
    if (!isFree(counter, who)) return standing(counter, who);
    if (counter.isCut) return 'full';
    if (!isMutant('no-limit') && counter.committed > limit - FIRST) return 'full';
    counter.reserved[who] = FIRST;
    counter.committed += FIRST;
    counter.begun[who] += 1;
    if (counter.mustRefuse) counter.wasPassed = true;
    return 'ok';
  },
  extend(counter, who, { amount }, limit) {
    const delta = EXTENDED - amount;
    const isSame = isMutant('blind-extend')
      ? counter.reserved[who] !== ABSENT
      : counter.reserved[who] === amount;
    if (!isSame) return standing(counter, who);
    const isBounded = !isMutant('no-limit') && !isMutant('extend-unbounded');
    if (isBounded && counter.committed > limit - delta) return 'full';
    counter.reserved[who] = EXTENDED;
    counter.committed += delta;
    return 'ok';
  },
  settle(counter, who, { amount, cost, tombstone, cut }) {
    const isSame = isMutant('blind-settle')
      ? counter.reserved[who] > TOMBSTONE
      : counter.reserved[who] === amount;
    if (!isSame) return standing(counter, who);
    counter.committed += cost - amount;
    counter.settled += cost;
    counter.reserved[who] = tombstone ? TOMBSTONE : ABSENT;
    counter.ended[who] += 1;
    cutOff(counter, cut);
    return 'ok';
  },
  late(counter, who, { amount, cost, cut }) {
    if (counter.expired[who] !== amount) return standing(counter, who);
    counter.committed += cost - amount;
    counter.settled += cost - amount;
    if (!isMutant('late-twice')) counter.expired[who] = ABSENT;
    counter.reserved[who] = isMutant('no-late-tombstone') ? ABSENT : TOMBSTONE;
    cutOff(counter, cut);
    return 'ok';
  },
  fence(counter, who) {
    if (!isMutant('blind-fence') && standing(counter, who) !== 'nothing') {
      return standing(counter, who);
    }
    counter.reserved[who] = TOMBSTONE;
    return 'ok';
  },
};

/** The expirer has read `amount`, at some time. */
function expire(counter, who, amount) {
  const isSame = isMutant('blind-expire')
    ? counter.reserved[who] !== ABSENT
    : counter.reserved[who] === amount;
  if (!isSame) return;
  counter.reserved[who] = ABSENT;
  counter.ended[who] += 1;
  if (isMutant('refund')) {
    counter.committed -= amount;
    return;
  }
  counter.settled += amount;
  counter.expired[who] = amount;
}

// ---- The holders: what each may do next. ----

function send(state, who, at, op, more = {}) {
  const part = state.holders[who].parts[at];
  part.isWaiting = true;
  part.answer = '';
  part.op = op;
  part.tries += 1;
  state.writes.push({ who, at, op, isAwaited: true, ...more });
}

/** Every next state, with what led to it. */
function* steps(state) {
  yield* networkSteps(state);
  yield* rolloverSteps(state);
  for (let who = 0; who < HOLDERS; who += 1) yield* holderSteps(state, who);
}

function* networkSteps(state) {
  for (const [index, write] of state.writes.entries()) {
    const name = `${write.op} of ${write.who} on ${write.at}`;
    const without = () => {
      const next = clone(state);
      next.writes.splice(index, 1);
      return next;
    };
    const next = without();
    const answer = WRITES[write.op](next.counters[write.at], write.who, write, LIMITS[write.at]);
    if (write.isAwaited) hear(next, write, answer);
    yield [`${name}: ${answer}`, next];
    if (write.isAwaited) {
      const throttled = without();
      hear(throttled, write, 'throttled');
      if (!values['one-fails']) yield [`${name} is throttled`, throttled];
      if (values['one-fails'] && write.who > 0) continue;
      const alone = clone(state);
      alone.writes[index].isAwaited = false;
      hear(alone, write, 'none');
      yield [`${name} has no answer`, alone];
    } else {
      yield [`${name} is lost`, without()];
    }
  }
}

function hear(state, { who, at }, answer) {
  const part = state.holders[who].parts[at];
  part.isWaiting = false;
  part.answer = answer;
  if (answer !== 'none') return;
  if (part.op === 'reserve') part.isAmbiguous = true;
  if (part.op === 'extend') part.isExtendAmbiguous = true;
}

function* rolloverSteps(state) {
  for (const [at, counter] of state.counters.entries()) {
    if (counter.mustRefuse) {
      const next = clone(state);
      Object.assign(next.counters[at], { isCut: false, mustRefuse: false });
      yield [`time passes on ${at}`, next];
    }
    for (let who = 0; who < HOLDERS; who += 1) {
      for (const amount of [FIRST, EXTENDED]) {
        if (counter.reserved[who] === ABSENT) continue;
        if (counter.reserved[who] !== amount && !isMutant('blind-expire')) continue;
        const next = clone(state);
        expire(next.counters[at], who, amount);
        yield [`expire ${who} on ${at}`, next];
      }
      if (canSweep(state, at, who)) {
        const next = clone(state);
        if (counter.reserved[who] === TOMBSTONE) next.counters[at].reserved[who] = ABSENT;
        next.counters[at].expired[who] = ABSENT;
        yield [`sweep ${who} on ${at}`, next];
      }
    }
  }
}

/** Traces go once nobody can write any more: by time, hours after the reservation's expiry. */
function canSweep({ counters, writes, holders }, at, who) {
  const isTrace = counters[at].reserved[who] === TOMBSTONE || counters[at].expired[who] !== ABSENT;
  if (!isTrace || counters[at].reserved[who] > TOMBSTONE) return false;
  if (isMutant('sweep-early')) return true;
  const isOver = ['settled', 'refused'].includes(holders[who].phase);
  return isOver && !writes.some((write) => write.who === who && write.at === at);
}

function* holderSteps(state, who) {
  const holder = state.holders[who];
  const step = function* (name, change) {
    const next = clone(state);
    change(next, next.holders[who]);
    if (next.writes.length <= MOST_WRITES) yield [`${who} ${name}`, next];
  };
  if (holder.phase === 'new') {
    yield* step('reserves', (next, own) => {
      own.phase = 'reserving';
      for (const at of LIMITS.keys()) send(next, who, at, 'reserve');
    });
    if (values['one-first']) yield* asksFirst(who, step);
    return;
  }
  const waiting = holder.parts.some(({ isWaiting }) => isWaiting);
  if (holder.phase === 'asking' && !waiting) yield* afterFirst(holder, who, step);
  if (holder.phase === 'reserving' && !waiting) yield* afterReserve(holder, who, step);
  if (holder.phase === 'streaming') yield* whileStreaming(holder, who, step);
  if (holder.phase === 'extending' && !waiting) yield* afterExtend(holder, who, step);
  if (holder.phase === 'settling' || holder.phase === 'releasing') {
    for (const at of LIMITS.keys()) yield* endOn(holder, who, at, step);
  }
}

const isHeld = ({ answer, isAmbiguous }) =>
  answer === 'ok' || (isAmbiguous && answer === `r${FIRST}`);
const isUnanswered = ({ answer }) => answer === 'none' || answer === 'throttled';

/** A request may ask any counter before the others: one that it remembers, rightly or wrongly. */
function* asksFirst(who, step) {
  for (const at of LIMITS.keys()) {
    yield* step(`asks ${at} first`, (next, own) => {
      own.phase = 'asking';
      send(next, who, at, 'reserve');
    });
  }
}

/** Refused, it may end there or ask the others all the same; let in, it asks them. */
function* afterFirst(holder, who, step) {
  const first = holder.parts.findIndex(({ op }) => op === 'reserve');
  const part = holder.parts[first];
  if (isUnanswered(part) && part.tries < TRIES) {
    yield* step('reserves again', (next) => send(next, who, first, 'reserve'));
    return;
  }
  if (!isHeld(part)) yield* isRefused(step);
  if (isUnanswered(part)) return;
  if (isMutant('first-is-all') && isHeld(part)) {
    yield* isSent(step);
    return;
  }
  yield* step('asks the others', (next, own) => {
    own.phase = 'reserving';
    for (const at of LIMITS.keys()) if (at !== first) send(next, who, at, 'reserve');
    if (isMutant('first-is-lost')) own.parts[first].isForgotten = true;
  });
}

function* afterReserve(holder, who, step) {
  const again = holder.parts.findIndex((part) => isUnanswered(part) && part.tries < TRIES);
  if (again >= 0) {
    yield* step('reserves again', (next) => send(next, who, again, 'reserve'));
    return;
  }
  if (holder.parts.every(isHeld)) yield* isSent(step);
  else yield* isRefused(step);
}

function* isSent(step) {
  for (const billed of values.extend ? [FIRST] : [CHEAP, FIRST]) {
    yield* step(`is sent and billed ${billed}`, (_next, own) => {
      own.phase = 'streaming';
      own.billed = billed;
      for (const part of own.parts) Object.assign(part, { answer: '', op: '', tries: 0 });
    });
  }
}

function* isRefused(step) {
  yield* step('is refused', (_next, own) => {
    own.phase = 'releasing';
    for (const part of own.parts) {
      const isDropped = isMutant('no-release') || part.isForgotten;
      part.mustEnd = (isHeld(part) && !isDropped) || part.isAmbiguous;
      part.isDone = !part.mustEnd;
      Object.assign(part, { answer: '', op: '', tries: 0 });
    }
    finish(own);
  });
}

function* whileStreaming(holder, who, step) {
  yield* step('ends', (_next, own) => beginSettling(own));
  if (!values.extend || holder.parts.some(({ amount }) => amount === EXTENDED)) return;
  yield* step('extends', (next, own) => {
    own.phase = 'extending';
    for (const at of LIMITS.keys()) send(next, who, at, 'extend', { amount: FIRST });
  });
}

function* afterExtend(holder, who, step) {
  const again = holder.parts.findIndex((part) => isUnanswered(part) && part.tries < TRIES);
  if (again >= 0) {
    yield* step('extends again', (next) => send(next, who, again, 'extend', { amount: FIRST }));
  }
  // Its own earlier write, whose answer was lost, is found by the amount that stands.
  const isGranted = ({ answer, isExtendAmbiguous }) =>
    answer === 'ok' ||
    (isExtendAmbiguous && answer === `r${EXTENDED}`) ||
    (isMutant('extend-hoped') && answer === 'none');
  if (holder.parts.every(isGranted)) {
    yield* step('goes on and is billed more', (_next, own) => {
      own.billed = EXTENDED;
      for (const part of own.parts) part.amount = EXTENDED;
      beginSettling(own);
    });
    return;
  }
  yield* step('is cut', (_next, own) => {
    own.isCut = true;
    for (const part of own.parts) {
      const isLikelier =
        part.answer === 'ok' || (part.isExtendAmbiguous && !isMutant('one-amount'));
      if (isLikelier) part.amount = EXTENDED;
    }
    beginSettling(own);
  });
}

function beginSettling(holder) {
  holder.phase = 'settling';
  for (const part of holder.parts)
    Object.assign(part, { answer: '', op: '', tries: 0, mustEnd: true });
}

/** One counter's end: settle or release, and what its answer asks for. */
function* endOn(holder, who, at, step) {
  const part = holder.parts[at];
  if (part.isDone || part.isWaiting || !part.mustEnd) return;
  const isRelease = holder.phase === 'releasing';
  const cost = isRelease ? 0 : holder.billed;
  const tombstone = part.isAmbiguous && !isMutant('no-tombstone');
  const write = (op, amount) =>
    step(`${op}s on ${at}`, (next, own) => {
      own.parts[at].amount = amount;
      send(next, who, at, op, { amount, cost, tombstone, cut: own.isCut });
    });
  const done = (isUnsure = false) =>
    step(`is done on ${at}`, (_next, own) => {
      own.parts[at].isDone = true;
      own.isUnsure ||= isUnsure;
      finish(own);
    });
  const [kind = '', amount] = [part.answer[0], Number(part.answer.slice(1))];
  const isOwn =
    amount === FIRST ||
    (amount === EXTENDED && (part.isExtendAmbiguous || part.amount === EXTENDED));

  if (part.answer === '') yield* write('settle', part.amount);
  else if (part.answer === 'ok') yield* done();
  else if (part.tries >= MOST_ENDS) yield* done(true);
  else if (isUnanswered(part)) yield* write(part.op, part.amount);
  else if (kind === 'x' && isOwn && !isMutant('no-late')) yield* write('late', amount);
  else if (kind === 'r' && amount !== TOMBSTONE && isOwn && !isMutant('one-amount')) {
    yield* write('settle', amount);
  } else if (part.answer === 'nothing' && isRelease && part.isAmbiguous && !isMutant('no-fence')) {
    yield* write('fence', part.amount);
  } else yield* done();
}

function finish(holder) {
  if (!holder.parts.every(({ isDone }) => isDone)) return;
  holder.phase = holder.phase === 'releasing' ? 'refused' : 'settled';
}

// ---- The judge. ----

function faultOf(state) {
  for (const [at, counter] of state.counters.entries()) {
    const reserved = counter.reserved.reduce((sum, amount) => sum + Math.max(0, amount), 0);
    const billed = state.holders.reduce((sum, holder) => sum + holder.billed, 0);
    if (counter.committed !== counter.settled + reserved) return `the books of ${at} do not add up`;
    if (counter.committed > LIMITS[at]) return `${at} is over its limit`;
    if (billed > counter.committed)
      return `${billed} billed on ${at}, ${counter.committed} committed`;
    if (counter.begun.some((times) => times > 1)) return `a reservation began twice on ${at}`;
    if (counter.ended.some((times) => times > 1)) return `a reservation ended twice on ${at}`;
    if (counter.wasPassed) return `a reserve got past the cut of ${at}`;
  }
  return isAtRest(state) ? faultAtRest(state) : undefined;
}

/** Nothing is on its way, and every holder knows how it ended. */
const isAtRest = ({ writes, holders }) =>
  writes.length === 0 &&
  holders.every(({ phase, isUnsure }) => ['settled', 'refused'].includes(phase) && !isUnsure);

function faultAtRest({ counters, holders }) {
  const cost = holders.reduce((sum, holder) => sum + holder.billed, 0);
  for (const [at, counter] of counters.entries()) {
    if (counter.reserved.some((amount) => amount > TOMBSTONE))
      return `something still stands on ${at}`;
    if (counter.settled !== cost) return `${counter.settled} settled on ${at}, ${cost} billed`;
  }
  return undefined;
}

// ---- The search: breadth first, holders being alike. ----

function clone({ counters, writes, holders }) {
  return {
    counters: counters.map((counter) => ({
      ...counter,
      reserved: [...counter.reserved],
      expired: [...counter.expired],
      begun: [...counter.begun],
      ended: [...counter.ended],
    })),
    writes: writes.map((write) => ({ ...write })),
    holders: holders.map((holder) => ({
      ...holder,
      parts: holder.parts.map((part) => ({ ...part })),
    })),
  };
}

const short = (value) => (value === true ? 1 : value === false ? 0 : value);
const textOf = (fields) => Object.values(fields).map(short).join(' ');

/** Everything about one holder: itself, what stands for it, what it has on its way. */
function holderText({ counters, writes, holders }, who) {
  const { parts, ...holder } = holders[who];
  const texts = [textOf(holder), ...parts.map(textOf)];
  for (const of of counters) {
    texts.push(`${of.reserved[who]} ${of.expired[who]} ${of.begun[who]} ${of.ended[who]}`);
  }
  const own = writes.filter((write) => write.who === who);
  const sent = own.map(({ who: _, ...write }) => textOf(write)).sort();
  return [...texts, ...sent].join('|');
}

/** One key for a state and its mirror image. */
function keyOf(state) {
  const counters = state.counters.map(
    ({ committed, settled, isCut, mustRefuse, wasPassed }) =>
      `${committed} ${settled} ${short(isCut)}${short(mustRefuse)}${short(wasPassed)}`,
  );
  const holders = state.holders.map((_, who) => holderText(state, who)).sort();
  return [...counters, ...holders].join('/');
}

function search() {
  const first = keyOf(START);
  const cameFrom = new Map([[first, undefined]]);
  let frontier = [[first, START]];
  let depth = 0;
  let atRest = 0;
  while (frontier.length > 0) {
    depth += 1;
    const found = [];
    for (const [from, state] of frontier) {
      for (const [name, next] of steps(state)) {
        const key = keyOf(next);
        if (cameFrom.has(key)) continue;
        cameFrom.set(key, { from, name });
        if (isAtRest(next)) atRest += 1;
        const fault = faultOf(next);
        if (fault !== undefined) {
          return { fault, path: pathTo(cameFrom, key), states: cameFrom.size, depth, atRest };
        }
        found.push([key, next]);
      }
    }
    if (cameFrom.size > MOST_STATES)
      return { isTooLarge: true, states: cameFrom.size, depth, atRest };
    frontier = found;
  }
  return { states: cameFrom.size, depth, atRest };
}

function pathTo(cameFrom, key) {
  const path = [];
  for (let step = cameFrom.get(key); step !== undefined; step = cameFrom.get(step.from)) {
    path.push(step.name);
  }
  return path.reverse();
}

function explore() {
  const { fault, path = [], isTooLarge = false, states, depth, atRest } = search();
  const verdict =
    fault ?? (isTooLarge ? 'not complete: too many states' : 'complete, no violation');
  const parts = [
    `${COUNTERS} counter(s)`,
    `limits ${LIMITS}`,
    `${TRIES} tries`,
    `${MOST_WRITES} writes under way`,
  ];
  if (values.extend) parts.push('extend');
  if (values['one-first']) parts.push('one first');
  if (values.mutant !== '') parts.push(`mutant ${values.mutant}`);
  console.log(`${parts.join(', ')}:`);
  console.log(`  ${states} states, ${depth} deep, ${atRest} at rest: ${verdict}`);
  for (const line of path) console.log(`    ${line}`);
  process.exitCode = fault === undefined && !isTooLarge ? 0 : 1;
}

/** What a mutant is tried in, the smallest first. */
const SETTINGS = [
  ['--writes', '1'],
  ['--counters', '2', '--tries', '1', '--ends', '1', '--one-fails'],
  ['--counters', '2', '--tries', '1', '--ends', '1', '--one-fails', '--writes', '1', '--one-first'],
  ['--writes', '1', '--extend'],
  ['--extend'],
];

/** Runs each mutant until a setting finds it out; those that live make it fail. */
function exploreMutants() {
  for (const [mutant, what] of Object.entries(MUTANTS)) {
    const verdicts = SETTINGS.values().map((setting) => {
      const own = [import.meta.filename, '--mutant', mutant, ...setting];
      const { stdout } = spawnSync(process.execPath, own, { encoding: 'utf8' });
      return /\n {2}(\d+ states.*)/.exec(stdout)?.[1] ?? stdout;
    });
    const killed = verdicts.find((verdict) => !verdict.endsWith('no violation'));
    console.log(`${mutant.padEnd(20)} ${what}: ${killed ?? 'LIVES'}`);
    if (killed === undefined) process.exitCode = 1;
  }
}

if (values.mutants) exploreMutants();
else explore();
