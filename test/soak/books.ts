/**
 * The two books of a soak side by side: what Bedrock has billed, and what the ledger holds.
 */
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { EMBEDDED_LEDGER_TIMEOUTS } from '../../lambda/adapters/dynamodb/connections.ts';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import {
  type CounterItem,
  expiredOf,
  reservationsOf,
  stateOf,
} from '../../lambda/adapters/ledger/counter-item.ts';
import { formatUsd, type NanoUsd, nanoUsd } from '../../lambda/domain/money.ts';
import type { BookPage } from '../../local/simulated-book.ts';
import { billOf, CAPS, HAIKU, keyOf, limitOf, NOVA, type SoakCap } from './plan.ts';

/** What Bedrock has billed for one phase's key, in nano-dollars by model. */
export interface Bill {
  readonly phase: number;
  haiku: bigint;
  nova: bigint;
  requests: number;
}

export const newBill = (phase: number): Bill => ({ phase, haiku: 0n, nova: 0n, requests: 0 });

/** Adds what Bedrock's book holds to the bill, and clears the book. */
export async function collectBill(bedrockUrl: string, bill: Bill): Promise<void> {
  const page = (await (await fetch(`${bedrockUrl}/__book`)).json()) as BookPage;
  await (await fetch(`${bedrockUrl}/__reset`, { method: 'POST' })).arrayBuffer();
  const haiku = page.billedByModel[HAIKU];
  const nova = page.billedByModel[NOVA];
  if (haiku !== undefined) bill.haiku += billOf(HAIKU, haiku);
  if (nova !== undefined) bill.nova += billOf(NOVA, nova);
  bill.requests += page.billedRequests;
}

/** One counter of the ledger, read past the gateway. */
export interface Counter {
  readonly capId: string;
  readonly splitValue: string;
  readonly window: string;
  readonly settled: NanoUsd;
  readonly committed: NanoUsd;
  readonly reserved: bigint;
  readonly standing: number;
  readonly expired: number;
}

export interface LedgerBooks {
  counters(): Promise<Counter[]>;
  close(): void;
}

/** Opens the ledger that the gateways share, to look at the counters of this many phases. */
export function openLedgerBooks(endpoint: string, TableName: string, phases: number): LedgerBooks {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const config = { region: 'us-east-1', endpoint, credentials };
  const client = createLedgerClient(config, EMBEDDED_LEDGER_TIMEOUTS);
  const names = counterNames(phases);
  return {
    async counters() {
      const counters: Counter[] = [];
      for (const pk of names) counters.push(...(await readCounters(client, TableName, pk)));
      return counters;
    },
    close: () => client.destroy(),
  };
}

/** Partition keys, so that nothing has to be scanned: the journal is far larger. */
function counterNames(phases: number): readonly string[] {
  const keys = [keyOf('probe'), ...Array.from({ length: phases }, (_, phase) => keyOf(phase))];
  const names = CAPS.flatMap(({ capId, splitBy }) =>
    keys.map(({ keyId, team }) => `COUNTER#${capId}#${splitBy === 'key' ? keyId : team}`),
  );
  return [...new Set(names)];
}

/** The counters of all windows under one partition key. */
async function readCounters(
  client: DynamoDBDocumentClient,
  TableName: string,
  pk: string,
): Promise<Counter[]> {
  const page = await client.send(
    new QueryCommand({
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    }),
  );
  if (page.LastEvaluatedKey !== undefined) throw new Error(`${pk} has more than one page`);
  return (page.Items ?? []).map(counterOf);
}

function counterOf(item: CounterItem): Counter {
  const [, capId = '', splitValue = ''] = String(item.pk).split('#');
  const { settledNanoUsd, committedNanoUsd } = stateOf(item);
  const standing = reservationsOf(item).filter(({ amountNanoUsd }) => amountNanoUsd > 0n);
  return {
    capId,
    splitValue,
    window: String(item.sk),
    settled: settledNanoUsd,
    committed: committedNanoUsd,
    reserved: standing.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n),
    standing: standing.length,
    expired: expiredOf(item).length,
  };
}

/** What a counter's cap allows. */
export function limitOfCounter({ capId }: Counter): NanoUsd {
  const cap = CAPS.find((candidate) => candidate.capId === capId);
  if (cap === undefined) throw new Error(`a counter of no cap of the soak: ${capId}`);
  return limitOf(cap);
}

/** Everything that is wrong with the ledger alone; `isQuiet`: nothing should be in flight. */
export function faultsOfLedger(counters: readonly Counter[], isQuiet: boolean): string[] {
  return counters.flatMap((counter) => {
    const { settled, committed, reserved, standing } = counter;
    const name = `${counter.capId}#${counter.splitValue} ${counter.window}`;
    const limit = limitOfCounter(counter);
    const faults: string[] = [];
    if (committed !== settled + reserved) {
      faults.push(`${name}: committed ${committed} is not settled ${settled} + ${reserved}`);
    }
    if (committed > limit) faults.push(`${name}: committed ${committed} is over ${limit}`);
    if (isQuiet && standing > 0) faults.push(`${name}: ${standing} reservations never ended`);
    return faults;
  });
}

/** What one cap's counters of one key or team have settled, and how many windows they are. */
function settledBy(counters: readonly Counter[], capId: string, splitValue: string) {
  const own = counters.filter(
    (counter) => counter.capId === capId && counter.splitValue === splitValue,
  );
  return { windows: own.length, settled: own.reduce((sum, { settled }) => sum + settled, 0n) };
}

const billedOn = (cap: SoakCap, bill: Bill): bigint => {
  if (cap.model === HAIKU) return bill.haiku;
  return cap.model === NOVA ? bill.nova : bill.haiku + bill.nova;
};

/**
 * Everything in which Bedrock's book contradicts the caps or the ledger: billed more than a limit
 * allows, or more than the ledger has settled.
 */
export function faultsOfBills(bills: readonly Bill[], counters: readonly Counter[]): string[] {
  const faults: string[] = [];
  for (const cap of CAPS) {
    const billed = new Map<string, bigint>();
    for (const bill of bills) {
      const { keyId, team } = keyOf(bill.phase);
      const value = cap.splitBy === 'key' ? keyId : team;
      billed.set(value, (billed.get(value) ?? 0n) + billedOn(cap, bill));
    }
    for (const [value, amount] of billed) {
      const { windows, settled } = settledBy(counters, cap.capId, value);
      const limit = limitOf(cap) * BigInt(Math.max(1, windows));
      const name = `${cap.capId}#${value}`;
      if (amount > limit)
        faults.push(`${name}: ${shown(amount)} billed, the cap is ${shown(limit)}`);
      if (amount > settled) {
        faults.push(`${name}: ${shown(amount)} billed, only ${shown(settled)} settled`);
      }
    }
  }
  return faults;
}

/** One row a cap: its counters, and the sums of their limits, settlements and bills. */
export function rowsOfCaps(bills: readonly Bill[], counters: readonly Counter[]): string[][] {
  return CAPS.map((cap) => {
    const own = counters.filter(
      ({ capId, splitValue }) => capId === cap.capId && splitValue !== 'probe',
    );
    const settled = own.reduce((sum, counter) => sum + counter.settled, 0n);
    const billed = bills.reduce((sum, bill) => sum + billedOn(cap, bill), 0n);
    const limits = limitOf(cap) * BigInt(own.length);
    return [cap.capId, String(own.length), shown(limits), shown(settled), shown(billed)];
  });
}

/** Nano-dollars as people read them. */
export const shown = (amount: bigint): string => `$${formatUsd(nanoUsd(amount))}`;
