/**
 * `hardcap prices refresh`, `approve` and `reject`: what is listed now, and what becomes of it.
 */
import type { Command } from 'commander';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createAwsPriceSources } from '../../lambda/adapters/prices/aws-price-sources.ts';
import {
  createDynamoPriceBook,
  parseProposal,
} from '../../lambda/adapters/settings/dynamo-price-book.ts';
import { PARTITION, REFRESH_PARTITION } from '../../lambda/adapters/settings/setting-items.ts';
import {
  type RefreshReport,
  refreshPrices,
  tryRefresh,
} from '../../lambda/application/refresh-prices.ts';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { parseModelId } from '../../lambda/domain/model-id.ts';
import type { Price } from '../../lambda/domain/price.ts';
import { doubtsOf } from '../../lambda/domain/price-doubts.ts';
import { approvedPrice, changesText } from '../../lambda/domain/price-policy.ts';
import type { KeptProposal } from '../../lambda/ports/price-book.ts';
import { CliFailure, nearest } from './failure.ts';
import { paragraph } from './output.ts';
import { askAbout } from './price-question.ts';
import { proposalJson, proposalLines } from './price-view.ts';
import { openSession, type Session } from './session.ts';
import { findItem, update } from './settings-store.ts';
import { stderrEvents, telemetryOf } from './telemetry.ts';

/** A person waits for it; the whole of many regions takes minutes. */
const LASTS_MS = 900_000;
const BOOK_TIMEOUT_MS = 20_000;

export interface RefreshCommandOptions {
  readonly dryRun?: boolean;
  readonly regions?: readonly string[];
}

const bookOf = ({ connection }: Session) =>
  createDynamoPriceBook({
    dynamo: documentCalls(connection.client),
    tableName: connection.settingsTable,
    timeoutMs: BOOK_TIMEOUT_MS,
  });

/** Looks at the price lists, and does or shows what follows. */
export async function refresh(options: RefreshCommandOptions, command: Command): Promise<void> {
  const session = await openSession(command);
  const { output, nowMs } = session;
  const { region, profile } = command.optsWithGlobals<{ region?: string; profile?: string }>();
  const own = region ?? process.env.AWS_REGION ?? 'us-east-1';
  const regions = options.regions ?? [own];
  const { sources, close } = createAwsPriceSources({
    region: regions[0] ?? own,
    ...(profile === undefined ? {} : { profile }),
  });
  const ports = {
    sources,
    book: bookOf(session),
    clock: systemClock,
    telemetry: telemetryOf(output),
    events: stderrEvents,
  };
  const work = { regions, deadlineAtMs: nowMs + LASTS_MS, again: true };
  try {
    const isTrial = options.dryRun === true;
    const report = isTrial ? await tryRefresh(ports, work) : await refreshPrices(ports, work);
    if (report === undefined) {
      throw new CliFailure('another refresh is at work; run it again in a few minutes');
    }
    output.result(reportJson(report, isTrial), () => reportText(report, isTrial));
    const failure = failureOf(report);
    if (failure !== undefined) throw new CliFailure(failure);
  } finally {
    close();
  }
}

const reportJson = (report: RefreshReport, isTrial: boolean) => ({
  dryRun: isTrial,
  pass: report.pass,
  partsRead: report.partsRead,
  partsFailed: report.partsFailed,
  partsLeft: report.partsLeft,
  isComplete: report.isComplete,
  taken: report.verdicts.flatMap(({ modelId, taken }) =>
    taken === undefined ? [] : [{ model: modelId, changes: changesText(taken.changes) }],
  ),
  proposed: report.verdicts.flatMap(({ modelId, proposed }) =>
    proposed === undefined
      ? []
      : [
          {
            model: modelId,
            reasons: proposed.reasons,
            changes: changesText(proposed.changes),
          },
        ],
  ),
  warnings: report.verdicts.flatMap(({ warnings }) => warnings),
  unmapped: report.unmapped,
});

function reportText(report: RefreshReport, isTrial: boolean): string {
  const { taken, proposed, warnings, unmapped, partsRead } = reportJson(report, isTrial);
  const did = isTrial ? 'would be taken' : 'taken';
  const waits = isTrial ? 'would wait for an approval' : 'waits for "hardcap prices approve <id>"';
  return [
    `${partsRead} parts of the price lists read; ${report.verdicts.length} listed ids compared.`,
    ...taken.map(({ model, changes }) => `${did}: ${model}: ${changes}`),
    ...proposed.map(({ model, changes, reasons }) => {
      return `${waits}: ${model} (${reasons.join(', ')}): ${changes}`;
    }),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(taken.length + proposed.length === 0 ? ['No price differs from what holds.'] : []),
    ...(unmapped.length === 0
      ? []
      : [`${unmapped.length} listed rows are in no table and were left out (--json names them).`]),
  ]
    .map(paragraph)
    .join('\n');
}

function failureOf({ partsFailed, partsLeft }: RefreshReport): string | undefined {
  if (partsFailed > 0) {
    return (
      `${partsFailed} parts of the price lists could not be read; the notes above say why. Only ` +
      'rises were looked for; run it again once they can be read'
    );
  }
  return partsLeft > 0 ? `the time ended before ${partsLeft} parts; run it again` : undefined;
}

/** Makes a waiting price the one that holds. */
export async function approve(session: Session, modelId: string): Promise<void> {
  const proposal = await findProposal(session, modelId);
  const book = bookOf(session);
  const refreshed = await book.readRefreshed();
  const current = currentPrice(modelId, refreshed);
  const price = isServed(modelId) ? approvedPrice(proposal.lines, current) : undefined;
  if (price === undefined) throw notEnough(proposal);
  await askAbout(doubtsOf({ ...price, modelId }, current), session.isSure);
  const isWritten = await book.writeRefreshed(
    { ...price, modelId, refreshed: 'approved' },
    proposal.changes,
    session.nowMs,
  );
  if (!isWritten) {
    throw new CliFailure(
      `the listed price of "${modelId}" is out of all bounds, so it was not written; set the ` +
        'right one with hardcap prices set',
    );
  }
  await book.removeProposal(modelId);
  if ((await findItem(session.connection, PARTITION.price, modelId)) !== undefined) {
    session.output.notice(`"${modelId}" has a price set by hand, which goes before this one.`);
  }
  session.output.result({ ...proposalJson(proposal), status: 'approved' }, () =>
    paragraph(`approved ${modelId}: ${changesText(proposal.changes)}. It holds within 5 seconds.`),
  );
}

/** Keeps a proposal from being told again; the price stays as it is. */
export async function reject(session: Session, modelId: string): Promise<void> {
  const proposal = await findProposal(session, modelId);
  const change = { set: { status: 'rejected' }, remove: [] };
  // A proposal keeps no history.
  const { status } = proposal;
  await update(session.connection, REFRESH_PARTITION.proposal, modelId, change, { status });
  session.output.result({ ...proposalJson(proposal), status: 'rejected' }, () =>
    paragraph(`rejected ${modelId}. It is told again only when the list has other figures.`),
  );
}

async function findProposal(session: Session, modelId: string): Promise<KeptProposal> {
  const item = await findItem(session.connection, REFRESH_PARTITION.proposal, modelId);
  const proposal = item === undefined ? undefined : parseProposal(item);
  if (proposal !== undefined) return proposal;
  const ids = [...(await bookOf(session).readProposals()).keys()];
  const near = nearest(modelId, ids);
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  throw new CliFailure(
    `no price waits for "${modelId}".${hint} "hardcap prices list" shows what waits.`,
  );
}

const isServed = (modelId: string): boolean =>
  CATALOGUE_ROWS.some(
    (row) => row.family !== undefined && row.baseModelId === parseModelId(modelId).baseModelId,
  );

function currentPrice(modelId: string, refreshed: ReadonlyMap<string, Price>): Price | undefined {
  try {
    return findModel(modelId, refreshed).price;
  } catch (error) {
    if (error instanceof HardcapError) return undefined;
    throw error;
  }
}

const notEnough = (proposal: KeptProposal): CliFailure =>
  new CliFailure(
    `the list does not tell enough of "${proposal.modelId}" to make a price of it ` +
      `(${proposalLines([proposal]).join('')}). Set it by hand: hardcap prices set ` +
      `${proposal.modelId} --input <usd> --output <usd>, with --family, --context-window and ` +
      '--max-output where the catalogue does not know the model',
  );
