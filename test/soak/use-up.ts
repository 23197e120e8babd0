/**
 * The end of a soak: every key asks, one request at a time, until a cap refuses it.
 *
 * A cap that refuses while a whole worst case is left has lost money on the way: a reservation
 * that was never ended, or one that was charged twice.
 */
import { converse } from '../helpers/running-gateway.ts';
import { type Bill, collectBill, type LedgerBooks, limitOfCounter, shown } from './books.ts';
import type { Fleet } from './fleet.ts';
import { HAIKU, keyOf, MAX_TOKENS, NOVA, type SoakKey, type SoakModel } from './plan.ts';

/** Nearly all of what is reserved is used, so that few requests fill a cap. */
const PROMPT = `[[output=${MAX_TOKENS}]]`;
const MAX_REQUESTS = 2_000;

export interface UseUpParts {
  readonly fleet: Fleet;
  readonly books: LedgerBooks;
  readonly bedrockUrl: string;
  /** One for each phase; what is billed here is added. */
  readonly bills: readonly Bill[];
}

export interface UsedUp {
  readonly admitted: number;
  readonly faults: readonly string[];
  /** The most that was left under a cap that refused, in nano-dollars. */
  readonly mostUnused: bigint;
}

/** Fills the caps of every phase's key, and says where one had refused too early. */
export async function useUp(parts: UseUpParts): Promise<UsedUp> {
  const faults: string[] = [];
  let admitted = 0;
  let mostUnused = 0n;
  for (const modelId of [HAIKU, NOVA] as const) {
    const worstCase = await worstCaseOf(parts.fleet, modelId);
    for (const bill of parts.bills) {
      const key = keyOf(bill.phase);
      const filled = await fill(parts.fleet, key, modelId);
      admitted += filled.admitted;
      await collectBill(parts.bedrockUrl, bill);
      const unused = await unusedUnder(parts.books, filled.capId, key);
      if (filled.capId === undefined || unused === undefined) {
        faults.push(`${key.keyId}: ${modelId} ended with ${filled.status}, refused by no cap`);
        continue;
      }
      if (unused > mostUnused) mostUnused = unused;
      if (unused < worstCase) continue;
      const left = `${shown(unused)} unused, a request costs ${shown(worstCase)} at most`;
      faults.push(`${key.keyId}: ${filled.capId} refused with ${left}`);
    }
  }
  return { admitted, faults, mostUnused };
}

/** What one such request reserves, told by a key whose caps are still empty. */
async function worstCaseOf(fleet: Fleet, modelId: SoakModel): Promise<bigint> {
  const response = await ask(fleet, keyOf('probe'), modelId);
  if (response.status !== 200) throw new Error(`the probe was answered with ${response.status}`);
  const [whole = '0', fraction = ''] = (response.headers.get('x-hardcap-reserved-usd') ?? '').split(
    '.',
  );
  return BigInt(whole + fraction.padEnd(9, '0'));
}

async function ask(fleet: Fleet, key: SoakKey, modelId: SoakModel): Promise<Response> {
  const options = { modelId, maxTokens: MAX_TOKENS };
  const response = await converse(fleet.anyUrl(), key.text, PROMPT, options);
  await response.arrayBuffer();
  return response;
}

async function fill(fleet: Fleet, key: SoakKey, modelId: SoakModel) {
  for (let admitted = 0; admitted < MAX_REQUESTS; admitted += 1) {
    const response = await ask(fleet, key, modelId);
    if (response.status === 200) continue;
    const capId = response.headers.get('x-hardcap-cap') ?? undefined;
    return { admitted, status: response.status, ...(capId === undefined ? {} : { capId }) };
  }
  return { admitted: MAX_REQUESTS, status: 200 };
}

/** What the ledger says is left of the cap in its newest window. */
async function unusedUnder(
  books: LedgerBooks,
  capId: string | undefined,
  { keyId, team }: SoakKey,
): Promise<bigint | undefined> {
  const own = (await books.counters())
    .filter((counter) => counter.capId === capId)
    .filter(({ splitValue }) => splitValue === keyId || splitValue === team)
    .sort((a, b) => (a.window < b.window ? 1 : -1));
  const [newest] = own;
  return newest === undefined ? undefined : limitOfCounter(newest) - newest.settled;
}
