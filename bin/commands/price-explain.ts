/**
 * `hardcap prices explain`: which price holds for an id, every line of it, and what a usage costs.
 */
import { type Command, Option } from 'commander';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoPriceBook } from '../../lambda/adapters/settings/dynamo-price-book.ts';
import { parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import { isMalformed, PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { findModel, type Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import {
  type Price,
  priceServedAs,
  STANDARD_SERVING,
  type TokenUsage,
} from '../../lambda/domain/price.ts';
import { UNITS } from '../../lambda/domain/unit.ts';
import { CliFailure, wrongUse } from './failure.ts';
import { paragraph } from './output.ts';
import { NO_USAGE } from './price-check.ts';
import { unitPair } from './price-options.ts';
import { costJson, costTable, linesTable, originOf, priceJson } from './price-view.ts';
import type { Session } from './session.ts';
import { findItem } from './settings-store.ts';

export interface ExplainOptions {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly unit?: Readonly<Record<string, number>>;
  readonly tier?: 'default' | 'priority';
  readonly latency?: 'standard' | 'optimized';
  readonly callRegion?: string;
}

const TIMEOUT_MS = 20_000;
const COUNT = /^\d{1,9}$/;

function count(text: string): number {
  if (COUNT.test(text)) return Number(text);
  throw wrongUse(`"${text}" is not a whole number of at most 9 digits`);
}

/** `--region`, which all commands share, is the region that is called unless another is named. */
export const addExplainOptions = (explain: Command): Command =>
  explain
    .option(
      '--call-region <region>',
      'the region that is called (default: --region, or else the dearest)',
    )
    .option('--input <tokens>', 'show what so many cost: input tokens', count)
    .option('--output <tokens>', 'output tokens', count)
    .option('--cache-read <tokens>', 'tokens read from the cache', count)
    .option('--cache-write-5m <tokens>', 'tokens written for five minutes', count)
    .option('--cache-write-1h <tokens>', 'tokens written for an hour', count)
    .option('--unit <name=count>', `units: ${UNITS.join(', ')}`, unitCounts)
    .addOption(new Option('--tier <tier>', 'service tier').choices(['default', 'priority']))
    .addOption(new Option('--latency <latency>', 'latency').choices(['standard', 'optimized']));

const unitCounts = (
  text: string,
  before: Readonly<Record<string, number>> = {},
): Record<string, number> => ({ ...before, ...Object.fromEntries([unitPair(text, count)]) });

/** Shows it, or why the id is refused. */
export async function explainPrice(
  session: Session,
  modelId: string,
  options: ExplainOptions,
): Promise<void> {
  const { connection, output } = session;
  const book = createDynamoPriceBook({
    dynamo: documentCalls(connection.client),
    tableName: connection.settingsTable,
    timeoutMs: TIMEOUT_MS,
  });
  const prices = await book.readPrices();
  const region = options.callRegion;
  const model = modelOrFail(modelId, () => findModel(modelId, prices, region));
  const row = CATALOGUE_ROWS.find(({ baseModelId }) => baseModelId === model.baseModelId);
  const item = await itemThatHolds(session, model);
  const usage = usageOf(options);
  const served = usage === undefined ? undefined : servedOrFail(model, options);
  const cost = usage === undefined || served === undefined ? undefined : costJson(served, usage);
  output.result(
    {
      ...priceJson(model.price),
      asked: modelId,
      baseModel: model.baseModelId,
      vendor: model.vendor,
      family: model.family,
      contextWindowTokens: model.contextWindowTokens,
      maxOutputTokens: model.maxOutputTokens,
      region: region ?? null,
      item: item ?? null,
      sources: row?.sources ?? null,
      note: row?.note ?? null,
      cost: cost ?? null,
    },
    () =>
      [
        paragraph(headline(model, item, region)),
        ...(row?.sources === undefined ? [] : [paragraph(`Sources: ${row.sources}.`)]),
        ...(row?.note === undefined ? [] : [paragraph(row.note)]),
        '',
        model.price.free === true ? 'It is marked free.' : linesTable(model.price),
        ...tierText(model.price),
        ...(served === undefined || usage === undefined ? [] : ['', costTable(served, usage)]),
      ].join('\n'),
  );
}

function modelOrFail(modelId: string, find: () => Model): Model {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
    throw new CliFailure(`"${modelId}" is refused: ${error.message}`, { cause: error });
  }
}

/** The price item that holds, in the order in which the gateway looks. */
async function itemThatHolds({ connection }: Session, model: Model): Promise<string | undefined> {
  if (originOf(model.price) === 'catalogue') return undefined;
  const names = [model.modelId, model.profileId, model.baseModelId];
  const ids = [...names, `auto:${model.profileId}`];
  for (const id of ids) {
    const item = await findItem(connection, PARTITION.price, id);
    const price = item === undefined ? undefined : parsePrice(item);
    const holds = price !== undefined && !isMalformed(price);
    if (holds && price.version === model.price.version) return `PRICE/${id}`;
  }
  return undefined;
}

function headline(model: Model, item: string | undefined, region: string | undefined): string {
  const { price, family, contextWindowTokens, maxOutputTokens } = model;
  const where = region === undefined ? 'the dearest of its regions' : `called in ${region}`;
  const from =
    item === undefined ? `the ${originOf(price)}` : `the item ${item} (${originOf(price)})`;
  return (
    `${model.modelId}: by ${from}, version ${price.version}, ${where}. Family ${family}, ` +
    `window ${contextWindowTokens} tokens, output at most ${maxOutputTokens}.`
  );
}

function tierText({ longContext, priority, optimized }: Price): string[] {
  return [
    ...(longContext === undefined
      ? []
      : [`The long- lines hold above ${longContext.thresholdTokens} input tokens.`]),
    priority === undefined ? 'The priority tier has no price, and is refused.' : '',
    optimized === undefined
      ? 'Optimised latency has no price, and is refused.'
      : 'Optimised latency has prices of its own (--latency optimized).',
  ].filter((text) => text !== '');
}

function usageOf(options: ExplainOptions): TokenUsage | undefined {
  const usage: TokenUsage = {
    ...NO_USAGE,
    inputTokens: options.input ?? 0,
    outputTokens: options.output ?? 0,
    cacheReadTokens: options.cacheRead ?? 0,
    cacheWrite5mTokens: options.cacheWrite5m ?? 0,
    cacheWrite1hTokens: options.cacheWrite1h ?? 0,
    ...(options.unit !== undefined && { units: options.unit }),
  };
  const isNamed = [usage.units, ...Object.values(usage)].some(
    (part) => part !== undefined && part !== 0,
  );
  return isNamed ? usage : undefined;
}

function servedOrFail(model: Model, { tier, latency, unit = {} }: ExplainOptions): Price {
  const serving = {
    tier: tier ?? STANDARD_SERVING.tier,
    latency: latency ?? STANDARD_SERVING.latency,
  };
  const served = priceServedAs(model.price, serving);
  if (served === undefined) {
    throw new CliFailure(
      `${model.modelId} has no price for the ${serving.tier} tier with ${serving.latency} ` +
        'latency, so a request for it is refused',
    );
  }
  const unpriced = UNITS.find(
    (name) => (unit[name] ?? 0) > 0 && served.units?.[name] === undefined,
  );
  if (unpriced === undefined || served.free === true) return served;
  throw new CliFailure(`${model.modelId} has no price for the unit "${unpriced}"`);
}
