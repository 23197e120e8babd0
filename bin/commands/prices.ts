/**
 * `hardcap prices`: what models cost, where each figure is from, and prices set by hand.
 *
 * Invariant: what is written was read by the gateway's own parser first. A figure that looks as if
 *            it were for another unit is asked about before it is written.
 */
import type { Command } from 'commander';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoPriceBook } from '../../lambda/adapters/settings/dynamo-price-book.ts';
import { AUTO_PRICE_PREFIX, parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import {
  isMalformed,
  PARTITION,
  type SettingItem,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { MAX_ITEMS } from '../../lambda/adapters/settings/settings-table.ts';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { findModel, type Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { isApplicationProfile } from '../../lambda/domain/model-id.ts';
import type { MalformedPrice, Price } from '../../lambda/domain/price.ts';
import { doubtsOf } from '../../lambda/domain/price-doubts.ts';
import { ownLines } from '../../lambda/domain/price-lines.ts';
import { ageJson, ageText, readAge } from './catalogue-age-view.ts';
import { CliFailure, changedMeanwhile, nearest, wrongUse } from './failure.ts';
import { historyAfter } from './history.ts';
import { malformedText, printable } from './malformed-view.ts';
import { listValue } from './option-values.ts';
import { paragraph } from './output.ts';
import { checkExample, examplesMarkdown } from './price-check.ts';
import { WORKED_EXAMPLES } from './price-examples.ts';
import { addExplainOptions, type ExplainOptions, explainPrice } from './price-explain.ts';
import { addSetOptions, changedAttributes, type SetOptions } from './price-options.ts';
import { askAbout } from './price-question.ts';
import { approve, type RefreshCommandOptions, refresh, reject } from './price-refresh.ts';
import { malformedJson, priceJson, priceTable, proposalJson, proposalLines } from './price-view.ts';
import { openSession, type Session } from './session.ts';
import { findItem, listItems, putNew, remove, update } from './settings-store.ts';

const BOOK_TIMEOUT_MS = 20_000;
const NONE: ReadonlyMap<string, Price> = new Map();

/** Adds the `prices` commands. */
export function addPricesCommands(program: Command): void {
  const prices = program.command('prices').description('what models cost, and prices set by hand');
  addReading(prices);
  addWriting(prices);
  addRefreshing(prices);
}

function addReading(prices: Command): void {
  prices
    .command('list')
    .description('show prices set by hand, refreshed ones, and those that wait for an approval')
    .option('--mine', 'only those that were set by hand')
    .option('--all', 'the whole catalogue too')
    .action(async (options: ListOptions, command: Command) =>
      listPrices(await openSession(command), options),
    );
  addExplainOptions(
    prices
      .command('explain')
      .description('show every line of a price and where it is from; with a usage, its cost')
      .argument('<model>', 'a model id, profile id or ARN'),
  ).action(async (modelId: string, options: ExplainOptions, command: Command) => {
    const { region } = command.optsWithGlobals<{ readonly region?: string }>();
    const callRegion = options.callRegion ?? region;
    await explainPrice(await openSession(command), modelId, {
      ...options,
      ...(callRegion !== undefined && { callRegion }),
    });
  });
  prices
    .command('check')
    .description('recompute the worked examples of docs/prices.md by the catalogue')
    .option('--markdown', 'print them as they stand in docs/prices.md')
    .action((options: { readonly markdown?: boolean }, command: Command) =>
      check(options.markdown === true, command.optsWithGlobals<{ json?: boolean }>().json === true),
    );
}

function addWriting(prices: Command): void {
  addSetOptions(
    prices
      .command('set')
      .description('set a price by hand, or change what is named of one; it goes before all others')
      .argument('<model>', 'a model id, profile id or ARN, as callers write it'),
  ).action(async (modelId: string, options: SetOptions, command: Command) =>
    setPrice(await openSession(command), modelId, options),
  );
  prices
    .command('remove')
    .description('remove a price that was set by hand')
    .argument('<model>', 'the model id')
    .option('--refreshed', 'remove the refreshed price of exactly this id instead')
    .action(async (modelId: string, options: { readonly refreshed?: boolean }, command: Command) =>
      removePrice(await openSession(command), modelId, options.refreshed === true),
    );
}

function addRefreshing(prices: Command): void {
  prices
    .command('refresh')
    .description("look at AWS's price lists now: take what rose, and keep the rest for an approval")
    .option('--dry-run', 'show what would be done, and write nothing')
    .option(
      '--regions <regions>',
      'regions whose prices count (default: the AWS region)',
      listValue,
    )
    .action(async (options: RefreshCommandOptions, command: Command) => refresh(options, command));
  prices
    .command('approve')
    .description('make a listed price that waits the one that holds')
    .argument('<model>', 'the model id')
    .action(async (modelId: string, _options: unknown, command: Command) =>
      approve(await openSession(command), modelId),
    );
  prices
    .command('reject')
    .description('keep a listed price that waits from being told again')
    .argument('<model>', 'the model id')
    .action(async (modelId: string, _options: unknown, command: Command) =>
      reject(await openSession(command), modelId),
    );
}

async function setPrice(session: Session, modelId: string, options: SetOptions): Promise<void> {
  const { output, connection } = session;
  if (modelId.startsWith(AUTO_PRICE_PREFIX)) {
    throw wrongUse('"auto:" prices are written by the refresh; name the model id alone');
  }
  const item = await findItem(connection, PARTITION.price, modelId);
  const { attributes, named } = changedAttributes(item, options);
  if (Object.keys(named).length === 0) {
    throw wrongUse('nothing to set; name a figure, such as --input 3 --output 15, or --free');
  }
  const known = catalogueModel(modelId);
  const complete = withKnownBounds(attributes, known);
  const price = readOrFail(settingItem(PARTITION.price, modelId, complete));
  const isBounded = known !== undefined || price.model !== undefined;
  // Bedrock tells the model of an application inference profile when it is asked for.
  if (!isBounded && !isApplicationProfile(modelId)) throw unknownModel(modelId);
  refuseWhatCannotHold(modelId, price);
  await askAbout(doubtsOf(price, known?.price), session.isSure);
  const { pk: _pk, sk: _sk, ...rest } = complete;
  const history = await historyAfter(session, item, named);
  const written = await write(session, modelId, item, { ...rest, history });
  if (!written) {
    throw changedMeanwhile('price', modelId);
  }
  const left = known === undefined || price.free === true ? [] : linesLeftOut(price, known.price);
  if (left.length > 0) {
    output.notice(
      `the catalogue has prices of its own for ${left.join(', ')}, and this price has none: a ` +
        'cached token then costs as input, a long context as a short one, and a tier or unit is ' +
        'refused. What Bedrock bills dearer all the same passes the caps.',
    );
  }
  output.result(priceJson(price), () =>
    paragraph(
      `${item === undefined ? 'set' : 'changed'} the price of ${modelId}: ${inWords(price)}. ` +
        'It holds within 5 seconds.',
    ),
  );
}

/** Lines that the catalogue's price tells and this one leaves to others. */
function linesLeftOut(price: Price, catalogue: Price): string[] {
  const own = ownLines(price);
  const isAbsent = (line: string): boolean => !Object.hasOwn(own, line);
  return [
    ...Object.keys(ownLines(catalogue)).filter(isAbsent),
    ...(catalogue.priority !== undefined && price.priority === undefined ? ['priority'] : []),
    ...(catalogue.optimized !== undefined && price.optimized === undefined ? ['optimized'] : []),
  ];
}

async function write(
  { connection }: Session,
  modelId: string,
  item: SettingItem | undefined,
  attributes: SettingItem,
): Promise<boolean> {
  if (item === undefined) {
    const { length } = await listItems(connection, PARTITION.price);
    if (length >= MAX_ITEMS) {
      throw new CliFailure(`there are ${length} prices, and hardcap reads at most ${MAX_ITEMS}`);
    }
    return putNew(connection, PARTITION.price, modelId, attributes);
  }
  const gone = Object.keys(item).filter((name) => !(name in attributes) && !isKey(name));
  return update(
    connection,
    PARTITION.price,
    modelId,
    { set: { ...attributes, v: 1 }, remove: gone },
    item,
  );
}

const isKey = (name: string): boolean => name === 'pk' || name === 'sk';

const inWords = (price: Price): string =>
  price.free === true
    ? 'free'
    : Object.entries(priceJson(price).usd)
        .filter(([line]) => !line.startsWith('guardrail-'))
        .map(([line, amount]) => `${line} $${amount}`)
        .join(', ');

/** What is billed by units alone must say that it writes no tokens, which the catalogue knows. */
function withKnownBounds(attributes: SettingItem, known: Model | undefined): SettingItem {
  const isByUnits = attributes.units !== undefined && attributes.inputUsdPerMillion === undefined;
  const hasNoOutput = attributes.outputUsdPerMillion === undefined;
  if (known?.maxOutputTokens !== 0 || attributes.free === true) return attributes;
  if (!(isByUnits || hasNoOutput) || attributes.family !== undefined) return attributes;
  const { family, contextWindowTokens, maxOutputTokens } = known;
  return { ...attributes, family, contextWindowTokens, maxOutputTokens };
}

function readOrFail(item: SettingItem): Price {
  const price = parsePrice(item);
  if (!isMalformed(price)) return price;
  throw wrongUse(`the price was not written: ${price.field} ${price.problem}`);
}

/** Some ids no price can help: their requests hide what is sent, or nobody serves them. */
function refuseWhatCannotHold(modelId: string, price: Price): void {
  if (isApplicationProfile(modelId)) return;
  try {
    findModel(modelId, new Map([[modelId, price]]));
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
    throw wrongUse(`the price was not written, as it would not hold: ${error.message}`);
  }
}

const unknownModel = (modelId: string): CliFailure => {
  const near = nearest(modelId, allIds());
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  return wrongUse(
    `the catalogue does not know "${modelId}".${hint} To price a model or ARN of your own, name ` +
      '--family, --context-window and --max-output too, so that its requests can be bounded.',
  );
};

/** The catalogue's model of this id, or of its base where it does not sell the profile. */
export function catalogueModel(modelId: string): Model | undefined {
  const bases = CATALOGUE_ROWS.map(({ baseModelId }) => baseModelId);
  for (const id of [modelId, ...bases.filter((base) => modelId.endsWith(`.${base}`))]) {
    try {
      return findModel(id, NONE);
    } catch (error) {
      if (!(error instanceof HardcapError)) throw error;
    }
  }
  return undefined;
}

async function removePrice(session: Session, modelId: string, isAuto: boolean): Promise<void> {
  const { connection, output } = session;
  const id = isAuto ? AUTO_PRICE_PREFIX + modelId : modelId;
  const removed = await remove(connection, PARTITION.price, id);
  if (!removed) {
    const ids = (await listItems(connection, PARTITION.price)).map(({ sk }) => String(sk));
    const near = nearest(id, ids);
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    throw new CliFailure(`there is no price item "${id}".${hint} "hardcap prices list" shows all.`);
  }
  output.result({ model: modelId, removed: true }, () =>
    paragraph(
      `the price of ${modelId} was removed. Within 5 seconds the next one holds; ` +
        '"hardcap prices explain" shows it.',
    ),
  );
}

interface ListOptions {
  readonly all?: boolean;
  readonly mine?: boolean;
}

async function listPrices(session: Session, { all, mine }: ListOptions): Promise<void> {
  if (all === true && mine === true) throw wrongUse('--all and --mine exclude each other');
  const { connection, output, nowMs } = session;
  const items = (await listItems(connection, PARTITION.price)).map(parsePrice);
  const malformed = items.filter((price): price is MalformedPrice => isMalformed(price));
  const own = items.filter((price): price is Price => !isMalformed(price));
  const shown = own.filter(({ refreshed }) => mine !== true || refreshed === undefined);
  const listed = all === true ? [...shown, ...cataloguePrices()] : shown;
  const book = createDynamoPriceBook({
    dynamo: documentCalls(connection.client),
    tableName: connection.settingsTable,
    timeoutMs: BOOK_TIMEOUT_MS,
  });
  const proposals = mine === true ? [] : [...(await book.readProposals()).values()];
  const age = await readAge(connection, nowMs);
  output.result(
    {
      prices: [...listed.map(priceJson), ...malformed.map(malformedJson)],
      waiting: proposals.map(proposalJson),
      catalogue: ageJson(age),
    },
    () => {
      const drawn =
        listed.length === 0
          ? 'No price was set by hand or refreshed: those of the catalogue hold (--all shows them).'
          : priceTable(listed);
      const waits = proposalLines(proposals).map((line) => `\n${paragraph(printable(line))}`);
      const unread = malformedText(
        malformed.map(({ modelId, field, problem }) => ({
          id: modelId,
          problem: `${field} ${problem}`,
        })),
        'its model is refused',
      );
      const waiting = waits.length === 0 ? '' : `\n${waits.join('')}`;
      return `${drawn}${waiting}${unread}\n\n${ageText(age)}`;
    },
  );
}

/** Every id that the catalogue sells, at its dearest region. */
const cataloguePrices = (): Price[] =>
  allIds().flatMap((id) => {
    try {
      return [findModel(id, NONE).price];
    } catch (error) {
      if (error instanceof HardcapError) return [];
      throw error;
    }
  });

const allIds = (): string[] =>
  CATALOGUE_ROWS.flatMap(({ baseModelId, offers }) => {
    const prefixes = new Set(offers.flatMap(({ soldAs }) => soldAs));
    return [...prefixes].map((as) => (as === 'bare' ? baseModelId : `${as}.${baseModelId}`));
  });

/** Needs no tables: the examples are computed by the catalogue alone. */
function check(asMarkdown: boolean, asJson: boolean): void {
  if (asMarkdown) {
    process.stdout.write(`${examplesMarkdown(WORKED_EXAMPLES)}\n`);
    return;
  }
  const results = WORKED_EXAMPLES.map(checkExample);
  const wrong = results.filter(({ problems }) => problems.length > 0);
  const json = results.map(({ example, problems }) => ({
    title: example.title,
    model: example.modelId,
    region: example.region,
    costUsd: example.costUsd,
    problems,
  }));
  const lines = results.map(({ example, problems }) => {
    const verdict = problems.length === 0 ? 'ok   ' : 'WRONG';
    return [
      `${verdict} $${example.costUsd}  ${example.title}`,
      ...problems.map((text) => `      ${text}`),
    ];
  });
  process.stdout.write(
    `${asJson ? JSON.stringify(json, undefined, 2) : lines.flat().join('\n')}\n`,
  );
  if (wrong.length > 0) {
    throw new CliFailure(
      `${wrong.length} of ${results.length} worked examples come out differently: a price of the ` +
        'catalogue changed, or the arithmetic did. Do not deploy before you know which',
    );
  }
}
