/**
 * The journal, read page by page; for the summaries of windows.
 *
 * Invariant: strongly consistent, as entries that this very run wrote must be among them; an entry
 *            that cannot be read is left out, so that it shows in what a summary cannot attribute.
 */
import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import type { JournalLine, JournalPage, JournalStretch } from '../../ports/ledger.ts';
import { type CounterItem, countOf, usdOf } from './counter-item.ts';
import { NO_KEY } from './maintenance-writes.ts';
import type { CounterTable } from './write-attempts.ts';

const MAX_ATTEMPTS = 3;
const BACKOFF_MS = 50;
const DATE_CHARACTERS = 10;

/** All that a summary needs. */
const ATTRIBUTES = [
  'outcome',
  'counters',
  'unsettled',
  'counter',
  'modelId',
  'costUsd',
  'chargedUsd',
  'count',
] as const;

/** @throws HardcapError ledger_unavailable, after three attempts */
export async function journalPage(
  table: CounterTable,
  stretch: JournalStretch,
  next: string | undefined,
): Promise<JournalPage> {
  const page = await journalItems(table, stretch, next, ATTRIBUTES);
  const lines = page.items.map(lineOf).filter((line) => line !== undefined);
  return { lines, next: page.next };
}

/**
 * One page of entries as they stand there, with these attributes of theirs alone.
 *
 * @throws HardcapError ledger_unavailable, after three attempts
 */
export async function journalItems(
  table: CounterTable,
  stretch: JournalStretch,
  next: string | undefined,
  attributes: readonly string[],
): Promise<{ readonly items: readonly CounterItem[]; readonly next: string | undefined }> {
  const input = inputOf(table, stretch, next, attributes);
  let cause: unknown;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 1) await table.clock.sleep(BACKOFF_MS * attempt);
    try {
      const page = await table.dynamo.query(input);
      const last = page.LastEvaluatedKey?.[TABLE.sortKey];
      return { items: page.Items ?? [], next: last === undefined ? undefined : String(last) };
    } catch (error) {
      cause = error;
    }
  }
  throw new HardcapError('ledger_unavailable', 'a part of the journal could not be read', {
    cause,
  });
}

function inputOf(
  table: CounterTable,
  stretch: JournalStretch,
  next: string | undefined,
  attributes: readonly string[],
): QueryCommandInput {
  const from = new Date(stretch.fromMs).toISOString();
  const pk = `JOURNAL#${from.slice(0, DATE_CHARACTERS)}#${stretch.keyId ?? NO_KEY}`;
  return {
    TableName: table.tableName,
    // A sort key begins with its instant and goes on with `#`: none equals the end of a stretch.
    KeyConditionExpression: '#pk = :pk and #sk between :from and :to',
    ProjectionExpression: attributes.map((_, index) => `#p${index}`).join(', '),
    ExpressionAttributeNames: {
      '#pk': TABLE.partitionKey,
      '#sk': TABLE.sortKey,
      ...Object.fromEntries(attributes.map((name, index) => [`#p${index}`, name])),
    },
    ExpressionAttributeValues: {
      ':pk': pk,
      ':from': from,
      ':to': new Date(stretch.toMs).toISOString(),
    },
    ConsistentRead: true,
    ...(next === undefined ? {} : { ExclusiveStartKey: { pk, sk: next } }),
  };
}

/** The texts of a list. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

function lineOf(item: CounterItem): JournalLine | undefined {
  const { outcome, modelId } = item;
  const isExpired = outcome === 'expired' || outcome === 'settled-late';
  const counters = isExpired ? expiredCounter(item.counter) : textsOf(item.counters);
  try {
    const costNanoUsd = usdOf(item, 'costUsd');
    if (costNanoUsd === undefined) return undefined;
    return {
      kind: isExpired ? 'expired' : outcome === 'refused' ? 'refusal' : 'charge',
      counters,
      unsettled: textsOf(item.unsettled),
      modelId: typeof modelId === 'string' ? modelId : '',
      costNanoUsd,
      ...chargedOf(item.chargedUsd),
      count: item.count === undefined ? 1 : countOf(item, 'count'),
    };
  } catch {
    return undefined;
  }
}

/** @throws HardcapError where an amount cannot be read */
export function chargedOf(value: unknown): Pick<JournalLine, 'charged'> {
  if (typeof value !== 'object' || value === null) return {};
  const amounts = value as CounterItem;
  const charged = Object.fromEntries(
    Object.keys(amounts).flatMap((name) => {
      const amount = usdOf(amounts, name);
      return amount === undefined ? [] : [[name, amount] as const];
    }),
  );
  return { charged };
}

/** The counter of an expired charge: `<pk> <sk>` there; a sort key holds no space. */
export function expiredCounter(counter: unknown): readonly string[] {
  const text = String(counter);
  const space = text.lastIndexOf(' ');
  return [`${text.slice(0, space)}/${text.slice(space + 1)}`];
}
