/**
 * The PriceBook port on the settings table: refreshed prices, proposals, and how far a refresh is.
 *
 * Owns:      the items `PRICE-PROPOSAL` and `PRICE-REFRESH`, which the gateway never reads, and the
 *            items `PRICE / auto:<modelId>`.
 * Invariant: an operator's price item is never written here.
 */
import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { NumberValueImpl as NumberValue } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { TABLE } from '../../contract.ts';
import { formatUsd, nanoUsd, parseUsd } from '../../domain/money.ts';
import type { MalformedPrice, Price } from '../../domain/price.ts';
import type { PriceLines } from '../../domain/price-lines.ts';
import type { ListedLine, PriceListing } from '../../domain/price-listing.ts';
import {
  changesText,
  type LineChange,
  PROPOSAL_REASONS,
  type PriceProposal,
} from '../../domain/price-policy.ts';
import type { KeptProposal, PriceBook, RefreshState } from '../../ports/price-book.ts';
import { isConditionFailure } from '../dynamodb/dynamo-calls.ts';
import { AUTO_PRICE_PREFIX, parsePrice, priceAttributes, priceIdOf } from './price-item.ts';
import { plainValue } from './setting-fields.ts';
import {
  isMalformed,
  PARTITION,
  REFRESH_PARTITION,
  type SettingItem,
  settingItem,
  type TablePartition,
} from './setting-items.ts';
import { getItem, queryPartition, type SettingsTable } from './settings-table.ts';

/** The sort key of the marker: which pass has ended, and who has the one that runs. */
const MARKER = 'state';
const LISTING_PREFIX = 'listing:';
/** DynamoDB takes 400 KB an item. */
const MAX_LISTING_CHARACTERS = 300_000;
const MAX_KEPT_UNMAPPED = 200;

/** The book in this table; its readings take all items, however many. */
export function createDynamoPriceBook(table: SettingsTable): PriceBook {
  const { dynamo, tableName } = table;
  const put = async (partition: TablePartition, id: string, attributes: SettingItem) => {
    const Item = settingItem(partition, id, attributes);
    await dynamo.put({ TableName: tableName, Item });
  };
  const mark = (update: Omit<UpdateCommandInput, 'TableName' | 'Key'>) =>
    dynamo.update({
      TableName: tableName,
      Key: { [TABLE.partitionKey]: REFRESH_PARTITION.state, [TABLE.sortKey]: MARKER },
      ...update,
    });
  const readPriceItems = () => queryPartition(table, PARTITION.price, Number.POSITIVE_INFINITY);

  return {
    readState: async () => stateOf(await getItem(table, REFRESH_PARTITION.state, MARKER)),
    claim: (pass, nowMs, leaseUntilMs) =>
      unlessRefused(() =>
        mark({
          UpdateExpression: 'SET runningPass = :pass, leaseUntilMs = :lease, v = :one',
          ConditionExpression:
            '(attribute_not_exists(finishedPass) OR finishedPass < :pass) AND ' +
            '(attribute_not_exists(leaseUntilMs) OR leaseUntilMs <= :now)',
          ExpressionAttributeValues: {
            ':pass': pass,
            ':lease': leaseUntilMs,
            ':now': nowMs,
            ':one': 1,
          },
        }),
      ),
    yieldUntil: async (pass, atMs) => {
      await unlessRefused(() =>
        mark({
          UpdateExpression: 'SET leaseUntilMs = :at',
          ConditionExpression: 'runningPass = :pass',
          ExpressionAttributeValues: { ':at': atMs, ':pass': pass },
        }),
      );
    },
    finish: async (pass, nowMs) => {
      await unlessRefused(() =>
        mark({
          UpdateExpression:
            'SET finishedPass = :pass, finishedAtMs = :now REMOVE leaseUntilMs, runningPass',
          ConditionExpression: 'runningPass = :pass',
          ExpressionAttributeValues: { ':pass': pass, ':now': nowMs },
        }),
      );
    },
    readListings: async (pass) => listingsOf(await readAll(table, REFRESH_PARTITION.state), pass),
    writeListing: (pass, partId, listing) =>
      put(REFRESH_PARTITION.state, `${LISTING_PREFIX}${partId}`, listingAttributes(pass, listing)),

    readPrices: async () => byId((await readPriceItems()).map(parsePrice)),
    readRefreshed: async () =>
      byId(
        (await readPriceItems())
          .filter((item) => priceIdOf(item).isAuto)
          .map(parsePrice)
          .filter((price): price is Price => !isMalformed(price)),
      ),
    readProposals: async () =>
      new Map(
        (await readAll(table, REFRESH_PARTITION.proposal))
          .flatMap((item) => parseProposal(item) ?? [])
          .map((proposal) => [proposal.modelId, proposal]),
      ),
    writeRefreshed: async (price, changes, nowMs) => {
      const id = AUTO_PRICE_PREFIX + price.modelId;
      const attributes = refreshedAttributes(price, changesText(changes), nowMs);
      if (isMalformed(parsePrice(settingItem(PARTITION.price, id, attributes)))) return false;
      await put(PARTITION.price, id, attributes);
      return true;
    },
    writeProposal: (modelId, proposal, nowMs) =>
      put(REFRESH_PARTITION.proposal, modelId, proposalAttributes(proposal, nowMs)),
    removeProposal: async (modelId) => {
      await dynamo.delete({
        TableName: tableName,
        Key: { [TABLE.partitionKey]: REFRESH_PARTITION.proposal, [TABLE.sortKey]: modelId },
      });
    },
  };
}

const readAll = (table: SettingsTable, partition: TablePartition): Promise<SettingItem[]> =>
  queryPartition(table, partition, Number.POSITIVE_INFINITY);

/** The operator's row wins over a refreshed one, as in what the gateway reads. */
function byId<P extends Price | MalformedPrice>(prices: readonly P[]): Map<string, P> {
  const isRefreshed = (price: P) => 'refreshed' in price && price.refreshed !== undefined;
  const refreshedFirst = [
    ...prices.filter(isRefreshed),
    ...prices.filter((price) => !isRefreshed(price)),
  ];
  return new Map(refreshedFirst.map((price) => [price.modelId, price]));
}

/** The attributes of a refreshed price; what is not a line is for people. */
function refreshedAttributes(price: Price, note: string, nowMs: number): SettingItem {
  return {
    ...priceAttributes(price),
    ...(price.refreshed === 'approved' && { approved: true }),
    note: `${note}; ${new Date(nowMs).toISOString()}`,
  };
}

const STATE = z.object({
  finishedPass: z.optional(z.string()),
  finishedAtMs: z.optional(z.pipe(z.string(), z.transform(Number))),
});

/** A marker that cannot be read is none: the refresh then looks again. */
function stateOf(item: SettingItem | undefined): RefreshState {
  const parsed = STATE.safeParse(plainValue(item ?? {}));
  if (!parsed.success) return {};
  const { finishedPass, finishedAtMs } = parsed.data;
  return {
    ...(finishedPass !== undefined && { finishedPass }),
    ...(finishedAtMs !== undefined && { finishedAtMs }),
  };
}

function listingAttributes(pass: string, { lines, unmapped }: PriceListing): SettingItem {
  const text = JSON.stringify(lines.map((line) => ({ ...line, nanoUsd: String(line.nanoUsd) })));
  if (text.length > MAX_LISTING_CHARACTERS) {
    throw new RangeError(`a listing of ${text.length} characters is too long to be kept`);
  }
  return {
    pass,
    lines: text,
    unmapped: JSON.stringify(unmapped.slice(0, MAX_KEPT_UNMAPPED)),
    unmappedCount: NumberValue.from(String(unmapped.length)),
  };
}

/** What this adapter wrote itself; what was changed by hand is read again from its source. */
function listingsOf(items: readonly SettingItem[], pass: string): Map<string, PriceListing> {
  const found = new Map<string, PriceListing>();
  for (const { sk, pass: itsPass, lines, unmapped } of items) {
    if (typeof sk !== 'string' || !sk.startsWith(LISTING_PREFIX) || itsPass !== pass) continue;
    try {
      const read = JSON.parse(String(lines)) as (ListedLine & { readonly nanoUsd: unknown })[];
      found.set(sk.slice(LISTING_PREFIX.length), {
        lines: read.map((line) => ({ ...line, nanoUsd: BigInt(String(line.nanoUsd)) })),
        unmapped: JSON.parse(String(unmapped)),
      });
    } catch {
      // Read anew.
    }
  }
  return found;
}

function proposalAttributes({ lines, reasons, changes }: PriceProposal, nowMs: number) {
  const before = Object.fromEntries(
    changes.flatMap(({ line, fromNanoUsd }) =>
      fromNanoUsd === undefined ? [] : [[line, formatUsd(nanoUsd(fromNanoUsd))]],
    ),
  );
  return {
    status: 'waiting',
    reasons: [...reasons],
    linesUsd: usdOf(lines),
    beforeUsd: before,
    listedAt: new Date(nowMs).toISOString(),
  };
}

const usdOf = (lines: PriceLines): Record<string, string> =>
  Object.fromEntries(
    Object.entries(lines).map(([line, amount]) => [line, formatUsd(nanoUsd(amount))]),
  );

const AMOUNTS = z.record(z.string(), z.string());
const PROPOSAL = z.object({
  sk: z.string(),
  status: z.enum(['waiting', 'rejected']),
  reasons: z.array(z.enum(PROPOSAL_REASONS)),
  linesUsd: AMOUNTS,
  beforeUsd: AMOUNTS,
  listedAt: z.string(),
});

/** One proposal; undefined where its item cannot be read: the next refresh writes it anew. */
export function parseProposal(item: SettingItem): KeptProposal | undefined {
  const parsed = PROPOSAL.safeParse(plainValue(item));
  if (!parsed.success) return undefined;
  const { sk, status, reasons, linesUsd, beforeUsd, listedAt } = parsed.data;
  const lines: Record<string, bigint> = {};
  for (const [line, text] of Object.entries(linesUsd)) {
    const amount = parseUsd(text);
    if (amount === undefined) return undefined;
    lines[line] = amount;
  }
  const changes = Object.entries(lines).map(([line, toNanoUsd]): LineChange => {
    const from = parseUsd(beforeUsd[line] ?? '');
    return {
      line: line as LineChange['line'],
      ...(from !== undefined && { fromNanoUsd: from }),
      toNanoUsd,
    };
  });
  return { modelId: sk, status, reasons, lines, changes, listedAt };
}

async function unlessRefused(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}
