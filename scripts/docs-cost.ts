/**
 * Writes docs/cost.md: what hardcap itself costs, from stated prices (cost-prices.ts), counted
 * figures (docs/cost-figures.json) and named assumptions (cost-lines.ts).
 *
 * `npm run docs:cost` writes; a test fails where what is committed differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type NanoUsd, nanoUsd, sumUsd } from '../lambda/domain/money.ts';
import { TRANCHE_TOKENS } from '../lambda/domain/progressive.ts';
import { floodLines, floodRequests, REQUESTS_A_SECOND_EACH } from './cost-flood.ts';
import { idleLines } from './cost-idle.ts';
import {
  ASSUMED,
  type CostLine,
  costsBeyondFree,
  count,
  gbSeconds,
  MILLION,
  STACK,
  totalCost,
} from './cost-lines.ts';
import { costOf } from './cost-prices.ts';
import { admittedWriteUnits, millionLines, SHAPES } from './cost-requests.ts';
import {
  comparisonTable,
  FEW_CAPS,
  floodTable,
  idleTable,
  millionTable,
  modelCost,
  optionsTable,
  pricesTable,
  refusalTable,
  shownUsd,
  usesTable,
} from './cost-tables.ts';

const pageUrl = new URL('../docs/cost.md', import.meta.url);

/** A loop that nobody stops: a full prompt to a large model, again and again. */
const LOOP = {
  programs: 4n,
  everySeconds: 10n,
  inputTokens: 200_000n,
  outputTokens: 4_000n,
  baseModelId: 'anthropic.claude-opus-4-6-v1',
  soldAs: 'global',
} as const;
const SECONDS_AN_HOUR = 3_600n;
const HOURS_A_MONTH = 720n;
const UNRESERVED_CONCURRENCY = 1_000n;
const GARBAGE_LOCAL_MS = '0.3';
const EDGE_FLOOD_A_SECOND = 10_000n;

function loopCost(): { readonly hour: NanoUsd; readonly own: NanoUsd; readonly requests: bigint } {
  const { programs, everySeconds, baseModelId, soldAs, inputTokens, outputTokens } = LOOP;
  const requests = (programs * SECONDS_AN_HOUR) / everySeconds;
  const one = modelCost(baseModelId, soldAs, inputTokens, outputTokens);
  const gatewayMs = programs * SECONDS_AN_HOUR * 1_000n;
  const own = sumUsd([
    costOf('lambdaTime', gatewayMs * STACK.gatewayMemoryMb),
    costOf('lambdaRequests', requests),
    costOf('dynamodbWrites', requests * admittedWriteUnits(FEW_CAPS)),
  ]);
  return { hour: nanoUsd(one * requests), own, requests };
}

function summary(): string {
  const idle = idleLines();
  const flood = totalCost(floodLines());
  const loop = loopCost();
  return `<!-- Written by npm run docs:cost. Change scripts/cost-*.ts or cost-figures.json, not this page. -->

# What hardcap costs

In short, in us-east-1:

- **Idle, ${shownUsd(totalCost(idle))} a month at most**, and ${shownUsd(sumUsd(costsBeyondFree(idle)))} where the account uses what AWS gives
  away each month for nothing else.
- **A million requests: ${SHAPES.map((shape) => `${shownUsd(totalCost(millionLines(shape, FEW_CAPS)))} (${shape.name})`).join(', ')}**, under
  one cap each. Nearly all of it is Lambda's time while the model writes.
- **A flood of garbage: at most ${shownUsd(flood)} an hour.** A loop that nobody stops costs
  ${shownUsd(loop.hour)} an hour at Bedrock.

Every amount is computed by \`npm run docs:cost\`, exactly, and shown rounded up. None was on a bill:
hardcap was built without an AWS account. Check 12 of [verify-on-aws.md](verify-on-aws.md#12-the-bill)
compares with yours. Taxes, support and what Bedrock itself costs are not in it.

- *Counted*: requests to DynamoDB and their units, bytes of log lines and of journal entries.
  [cost-figures.json](cost-figures.json) holds them, and a test counts them anew. Units are by
  DynamoDB's published rules for the items that were written.
- *In the stack*: memory, concurrency, schedules, alarms. A test compares them with the template.
- *Assumed*, as only AWS can tell: a rollover run takes ${ASSUMED.rolloverMs} ms, a sync of settings ${ASSUMED.syncMs} ms at
  ${STACK.syncMemoryMb} MB, a refusal ${ASSUMED.refusalMs} ms; Lambda writes ${ASSUMED.platformLogBytes} bytes of its own a run; DynamoDB asks KMS once in
  ${ASSUMED.kmsIntervalMinutes} minutes for each table.`;
}

const idleSection = (): string => `## Idle

A month of 30 days, ten caps, nobody asks for anything.

${idleTable()}

"With what is free" takes the amounts that AWS gives every account every month, and counts that
nothing else in the account uses them. Those of a new account's first year are not counted. A sync of
settings from SSM is counted whether or not you use it.

Some deployments have more:

${optionsTable()}

A metric is paid for by the hours in which it is written, so a gateway that is used little writes few.
Mails of alarms are $2 for 100,000, and the first 1,000 are free.`;

const requestSection = (): string => `## A request, in DynamoDB

${usesTable()}

A unit is a write of up to 1 KB or a read of up to 4 KB. An admitted request writes twice for each cap
that covers it, once to the journal, and reads nothing while the settings are fresh. None of it grows
with history: the same was counted after a thousand earlier requests on the same counter. What grows:

- a reservation in flight adds about 25 bytes to its counter, so some 30 of them at a time make each
  write of that counter one unit dearer;
- a progressive stream writes once more for each ${count(BigInt(TRANCHE_TOKENS))} bytes of visible output, at most;
- settings are read at most once in ${STACK.settingsMaxAgeSeconds} s by each instance, and once in ${STACK.settingsMaxAgeSeconds} s by each running stream: 4
  units, and 1 more for each further 4 KB of caps, prices or aliases;
- near a cap that has no room, up to three more tries, each a write for each cap, after a CountTokens,
  which is free;
- the first refusal by one of several caps takes back what the others had reserved: one write for each
  of them, so it is up to twice the caps less one. An instance remembers for a minute that a cap was
  spent, and asks that one first: refused again, nothing else is written. So of repeated refusals each
  is one write for each cap that refuses.`;

function millionSection(): string {
  const [short, medium, long] = SHAPES.map((shape) => ({
    table: millionTable(shape),
    seconds: gbSeconds(millionLines(shape, FEW_CAPS)[0] as CostLine),
  }));
  return `## A million requests

Under one cap each, and under three. Nothing that is free is taken off. The gateway has
${count(STACK.gatewayMemoryMb)} MB, and is paid for as long as the answer takes.

### Short: 1 s, not streamed

${short?.table}

### A stream of 10 s

${medium?.table}

### A stream of 60 s

${long?.table}

Lambda's time is ${count(short?.seconds ?? 0n)}, ${count(medium?.seconds ?? 0n)} and ${count(long?.seconds ?? 0n)} GB-seconds, and most of
each sum. \`-c memoryMb=512\` halves it; whether the gateway is as fast then is for your own
measurement. Not counted: the start of a new instance, which Lambda bills since 2025-08 like a request
of as long (it was not measured on AWS), and answers of more than 6 MB.

Beside what the same requests cost at Bedrock, by Claude Sonnet 4.6 (\`us.\`):

${comparisonTable()}`;
}

const refusalSection = (): string => `## A million refusals

Journal entries of refusals are at most one a second for each key and cap, and left out.

${refusalTable()}`;

function floodSection(): string {
  const flood = totalCost(floodLines());
  const edgeMillion = sumUsd([costOf('wafRequests', MILLION), costOf('edgeRequests', MILLION)]);
  const blocked = costOf('wafRequests', EDGE_FLOOD_A_SECOND * SECONDS_AN_HOUR);
  return `## A flood of garbage

The function's URL is public, so anybody can make it run. What that can cost is bounded by
\`reservedConcurrency\` (${STACK.reservedConcurrency}): Lambda turns away what it has no instance for, takes at most
${REQUESTS_A_SECOND_EACH} requests a second for each instance, ${count(floodRequests())} an hour, and does not bill what it turns away.

${floodTable()}

That is the worst of everything at once. Garbage does not keep an instance busy: on a machine of 2
cores, such a request took ${GARBAGE_LOCAL_MS} ms, with the time of the client that sent it. That is local time and not
Lambda's, which bills at least 1 ms. At 2 ms each, the first line is ${shownUsd(costOf('lambdaTime', floodRequests() * 2n * STACK.gatewayMemoryMb))}.

- All month long it is ${shownUsd(nanoUsd(flood * HOURS_A_MONTH))}. The alarm \`GatewayThrottled\` goes off once Lambda turns some away.
- With \`reservedConcurrency=none\` the ceiling is the account's own, mostly ${count(UNRESERVED_CONCURRENCY)}: up to
  ${shownUsd(nanoUsd((flood * UNRESERVED_CONCURRENCY) / STACK.reservedConcurrency))} an hour.
- Who holds a key that works can make the same flood of refusals; what is admitted is bounded by its
  caps, at Bedrock. Disable the key.
- Garbage does keep others out while it lasts: all instances may be busy with it.

**With the edge** (CloudFront and WAF), a million requests cost ${shownUsd(edgeMillion)} more, and what the rate rule blocks
costs ${shownUsd(costOf('wafRequests', MILLION))} a million and reaches nothing. Nothing limits how many come: at ${count(EDGE_FLOOD_A_SECOND)} a second
that is ${shownUsd(blocked)} an hour. So the edge keeps the gateway free for those who have keys. It does not make a
flood cheaper.`;
}

function loopSection(): string {
  const loop = loopCost();
  return `## Beside a loop

${LOOP.programs} programs that each send a prompt of ${count(LOOP.inputTokens)} tokens to Claude Opus 4.6 every ${LOOP.everySeconds} s, and get ${count(LOOP.outputTokens)} tokens
back, spend ${shownUsd(loop.hour)} an hour. Passing those ${count(loop.requests)} requests on costs hardcap ${shownUsd(loop.own)}. A cap of $20 ends it in
the first minute.`;
}

const pricesSection = (): string => `## Prices

us-east-1, on demand, looked up on 2026-11-24. *Some is free* is what every account gets every month,
for ever. *Sure* is high where AWS's own page or two others say so, medium where one other does, and
low where none was found.

${pricesTable()}`;

/** The text of docs/cost.md. */
export const costPage = (): string =>
  `${[
    summary(),
    idleSection(),
    requestSection(),
    millionSection(),
    refusalSection(),
    floodSection(),
    loopSection(),
    pricesSection(),
  ].join('\n\n')}\n`;

/** The file that is written, with what is in it and what should be. */
export const page = (): { url: URL; written: string; expected: string } => ({
  url: pageUrl,
  written: readFileSync(pageUrl, 'utf8'),
  expected: costPage(),
});

if (import.meta.main) writeFileSync(pageUrl, costPage());
