/**
 * The simulated table answers as DynamoDB does: the same scripts on it and on the reference.
 *
 * `HARDCAP_LONG=1` runs 10,000 scripts in place of 1,500; `HARDCAP_SEED` is the first seed. A
 * failure names the script's seed and the step.
 */
import { NumberValue, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expressionScript } from './expression-scripts.ts';
import { randomNumber } from './expression-words.ts';
import { type ItemKey, MAX_ITEM_BYTES } from './item-store.ts';
import { LEDGER_WRITES, ledgerScript, type Step } from './ledger-scripts.ts';
import { MALFORMED } from './malformed-requests.ts';
import {
  answered,
  comparable,
  type Outcome,
  type ReferenceTable,
  refused,
  startReferenceTable,
} from './reference-table.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import { createRandom, type Random } from './seeded-random.ts';
import { createSimulatedTable, type SimulatedTable, type TableCommand } from './simulated-table.ts';

const SCRIPTS = process.env.HARDCAP_LONG === '1' ? 10_000 : 1_500;
const FIRST_SEED = Number(process.env.HARDCAP_SEED ?? '1');
const STEPS = 8;
const AT_ONCE = 16;
const TIMEOUT_MS = 600_000;

type Scripts = (random: Random, pk: string, count: number) => Step[];

let reference: ReferenceTable;
beforeAll(async () => {
  reference = await startReferenceTable();
});
afterAll(() => reference.close());

const outcomeOf = (table: SimulatedTable, command: TableCommand): Outcome => {
  try {
    return answered(table.apply(command));
  } catch (error) {
    return refused(error);
  }
};

const met = new Map<string, number>();
const meet = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);

async function runOnBoth(name: string, scripts: Scripts, seed: number): Promise<void> {
  const pk = `${name}#${seed}`;
  const table = createSimulatedTable();
  const steps = scripts(createRandom(seed).fork(name), pk, STEPS);
  for (const [index, { kind, command }] of steps.entries()) {
    const simulated = outcomeOf(table, command);
    const real = await reference.outcomeOf(command);
    const where = `${name} script of seed ${seed}, step ${index}: ${JSON.stringify(command.input)}`;
    expect(simulated, where).toEqual(real);
    meet(`${kind}: ${simulated.kind === 'answered' ? 'written' : simulated.by}`);
  }
  const items = comparable([...table.items()]);
  expect(items, `${name} script of seed ${seed}, items`).toEqual(await reference.itemsOf(pk));
}

async function runAll(name: string, scripts: Scripts, count: number): Promise<void> {
  let next = FIRST_SEED;
  const end = FIRST_SEED + count;
  const worker = async () => {
    while (next < end) {
      const seed = next;
      next += 1;
      await runOnBoth(name, scripts, seed);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Runs single commands on both, after the same preparation. */
async function bothOutcomes(commands: readonly TableCommand[]): Promise<[Outcome[], Outcome[]]> {
  const table = createSimulatedTable();
  const real: Outcome[] = [];
  for (const command of commands) real.push(await reference.outcomeOf(command));
  return [commands.map((command) => outcomeOf(table, command)), real];
}

describe('the simulated table, beside the reference', () => {
  it(
    "comes to the same with the ledger's own writes",
    async () => {
      await runAll('ledger', ledgerScript, SCRIPTS / 2);

      expect(unmet(LEDGER_WRITES)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'comes to the same with expressions of every form',
    async () => {
      await runAll('expressions', expressionScript, SCRIPTS / 2);

      expect(unmet(['update', 'put', 'delete'])).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it.each(Object.entries(MALFORMED))('refuses %s', async (what, members) => {
    const Key = { pk: `malformed ${what}`, sk: 'a' };
    const item = { ...Key, n0: 1, n1: 2, s0: 's' };

    const [simulated, real] = await bothOutcomes([
      new PutCommand({ TableName: 'ledger', Item: item }),
      new UpdateCommand({ TableName: 'ledger', Key, ...members }),
    ]);

    expect(simulated).toEqual(real);
    expect(simulated[1]).toEqual({ kind: 'refused', by: 'ValidationException' });
  });

  it('refuses every reserved word as a bare name, and nothing that only begins like one', async () => {
    const Key = { pk: 'reserved words', sk: 'a' };
    const removing = (name: string) =>
      new UpdateCommand({ TableName: 'ledger', Key, UpdateExpression: `REMOVE ${name}` });
    const words = [...RESERVED_WORDS];

    const [reserved, really] = await bothOutcomes(
      words.map((word) => removing(word.toLowerCase())),
    );
    const [free, freely] = await bothOutcomes(words.map((word) => removing(`${word}X`)));

    expect(reserved).toEqual(really);
    expect(new Set(reserved.map(({ kind }) => kind))).toEqual(new Set(['refused']));
    expect(free).toEqual(freely);
  });

  it.each(['update', 'put'] as const)(
    'takes by %s what the reference takes, to the byte',
    async (kind) => {
      const random = createRandom(FIRST_SEED).fork('sizes');
      for (let round = 0; round < 30; round += 1) {
        const Key = { pk: `size ${kind}`, sk: `${round}` };
        const attributes = sizedAttributes(random);
        const filledTo = (length: number) =>
          written(kind, Key, { ...attributes, filler: 'f'.repeat(length) });
        const takes = (length: number) =>
          outcomeOf(createSimulatedTable(), filledTo(length)).kind === 'answered';

        let [most, tooMuch] = [MAX_ITEM_BYTES - 1_000, MAX_ITEM_BYTES];
        while (tooMuch - most > 1) {
          const between = Math.floor((most + tooMuch) / 2);
          if (takes(between)) most = between;
          else tooMuch = between;
        }
        const [full, overfull] = [filledTo(most), filledTo(tooMuch)];

        const where = `seed ${FIRST_SEED}, round ${round}: ${JSON.stringify(attributes)}`;
        expect(await reference.outcomeOf(full), where).toMatchObject({ kind: 'answered' });
        expect(await reference.outcomeOf(overfull), where).toMatchObject({ kind: 'refused' });
      }
    },
  );
});

/** Something of each type, and numbers of all lengths. */
function sizedAttributes(random: Random): Record<string, unknown> {
  const attributes: Record<string, unknown> = { openKey: 'open', flag: true, none: null };
  for (let index = 0; index < 4; index += 1) {
    const digits = String(random.int(10 ** (1 + random.int(9))));
    const decimals = random.chance(0.5) ? `.${random.int(10 ** (1 + random.int(9)))}` : '';
    const sign = random.chance(0.3) ? '-' : '';
    attributes[`n${index}`] = NumberValue.from(`${sign}${digits}${decimals}`);
  }
  attributes.few = new Set(['a', 'bc']);
  attributes.numbers = new Set([NumberValue.from('12'), NumberValue.from('-0.345')]);
  attributes.doc = { list: ['x', 1, { deep: 'y' }], 'r:1': randomNumber(random) };
  return attributes;
}

const unmet = (kinds: readonly string[]): string[] =>
  kinds
    .flatMap((kind) => [`${kind}: written`, `${kind}: ConditionalCheckFailedException`])
    .filter((what) => !met.has(what));

function written(kind: 'update' | 'put', Key: ItemKey, attributes: Record<string, unknown>) {
  if (kind === 'put')
    return new PutCommand({ TableName: 'ledger', Item: { ...Key, ...attributes } });
  const names = Object.keys(attributes);
  return new UpdateCommand({
    TableName: 'ledger',
    Key,
    UpdateExpression: `SET ${names.map((_, index) => `#${index} = :${index}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#${index}`, name])),
    ExpressionAttributeValues: Object.fromEntries(
      names.map((name, index) => [`:${index}`, attributes[name]]),
    ),
  });
}
