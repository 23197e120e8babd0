/**
 * One run: the programs are started, warmed, asked in interleaved rounds, measured and ended.
 *
 * Within a round every target is asked once for each scenario and number of connections, in an
 * order that turns from round to round; only one target is asked at a time.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createVerifier } from './answers.ts';
import { auditBooks, type TargetBooks } from './audit.ts';
import { BENCH_KEY, connectTo } from './books.ts';
import { Figures, figuresOf } from './figures.ts';
import { type Client, createClient } from './load.ts';
import { CORES, type Program, startProgram } from './programs.ts';
import { OPENING, type Scenario } from './scenarios.ts';
import { slowReaderGrowth } from './slow-reader.ts';
import type { StartUps } from './start-up.ts';
import type { Target } from './targets.ts';

export interface Plan {
  readonly targets: readonly Target[];
  readonly scenarios: readonly Scenario[];
  readonly connections: readonly number[];
  readonly rounds: number;
  /** How many of a scenario's requests are made in a round, as a share of them. */
  readonly share: number;
  /** How much of each scenario's warm-up is made before the first round, as a share of it. */
  readonly warmUpShare: number;
  /** Milliseconds that every answer of DynamoDB waits. */
  readonly dynamodbDelayMs: number;
  /** How long a client that asks for 64 MB reads nothing of them. */
  readonly standstillMs: number;
  readonly onProgress?: (text: string) => void;
}

export interface TargetMemory {
  readonly idleBytes: number;
  readonly afterBytes: number;
  /** Live JavaScript after the run. */
  readonly heapBytes: number;
  /** What a client costs that asks for 64 MB and does not read them. */
  readonly slowReaderBytes: number;
}

export interface Result {
  readonly figures: Figures;
  readonly memory: ReadonlyMap<string, TargetMemory>;
  /** Of the targets that keep books, audited. */
  readonly books: ReadonlyMap<string, TargetBooks>;
  /** Answers that were verified. */
  readonly answers: number;
  readonly startUp?: StartUps;
}

interface Running {
  readonly target: Target;
  readonly url: string;
  readonly upstream: string;
  readonly program: Program | undefined;
  readonly idleBytes: number;
  answers: number;
}

/** @throws Error where a program does not start, an answer is wrong, or the books are */
export async function run(plan: Plan): Promise<Result> {
  const programs: Program[] = [];
  try {
    return await runOn(plan, programs);
  } finally {
    await Promise.all(programs.map((program) => program.end()));
  }
}

async function runOn(plan: Plan, programs: Program[]): Promise<Result> {
  const start = async (program: Promise<Program>): Promise<Program> => {
    const started = await program;
    programs.push(started);
    return started;
  };
  const upstream = await start(startProgram('upstream-main.ts', CORES.others, {}));
  const dynamodb = await start(
    startProgram('dynamodb-main.ts', CORES.others, {
      BENCH_DYNAMODB_DELAY_MS: String(plan.dynamodbDelayMs),
    }),
  );
  const client = connectTo(dynamodb.url);
  const surroundings = { upstream: upstream.url, dynamodb: dynamodb.url, client };
  const running: Running[] = [];
  for (const target of plan.targets) {
    const program = target.start && (await start(target.start(surroundings)));
    const idleBytes = (await program?.measure(true))?.residentBytes ?? 0;
    const url = program?.url ?? upstream.url;
    running.push({ target, url, upstream: upstream.url, program, idleBytes, answers: 0 });
  }
  const figures = new Figures();
  for (const one of running) {
    plan.onProgress?.(`warming up ${one.target.name}`);
    await warmUp(plan, one);
  }
  for (let round = 1; round <= plan.rounds; round += 1) {
    plan.onProgress?.(`round ${round} of ${plan.rounds}`);
    await runRound(plan, running, round, figures);
  }
  plan.onProgress?.('memory');
  const memory = await memoryOf(running, plan.standstillMs);
  const books = await auditAll(client, dynamodb.url, running);
  client.destroy();
  const answers = running.reduce((sum, one) => sum + one.answers, 0);
  return { figures, memory, books, answers };
}

/** Until what is measured is code that V8 has compiled: a cold request costs several times as much. */
async function warmUp({ scenarios, warmUpShare }: Plan, one: Running): Promise<void> {
  for (const scenario of scenarios) {
    const { requests: all, connections: most } = scenario.warmUp;
    const requests = Math.ceil(all * warmUpShare);
    const connections = Math.min(most, requests);
    const client = clientOf(one, connections);
    await client.ask(scenario, requests, createVerifier(scenario.isStream));
    client.close();
    one.answers += requests;
  }
}

async function runRound(
  plan: Plan,
  running: readonly Running[],
  round: number,
  figures: Figures,
): Promise<void> {
  for (const scenario of plan.scenarios) {
    for (const connections of plan.connections) {
      const all = scenario.requestsByConnections.get(connections);
      if (all === undefined) continue;
      const requests = Math.max(connections, Math.ceil(all * plan.share));
      for (const one of turned(running, round)) {
        const found = await measureBatch(one, scenario, connections, requests);
        figures.add(one.target.name, scenario.name, connections, found);
        one.answers += connections + requests;
      }
    }
  }
}

/** Another one begins in each round, and every other round goes backwards. */
function turned<Element>(elements: readonly Element[], round: number): Element[] {
  const start = round % elements.length;
  const order = [...elements.slice(start), ...elements.slice(0, start)];
  return round % 2 === 0 ? order : order.reverse();
}

/** What runs on after an answer has ended, such as a journal entry, belongs to it. */
const AFTERMATH_MS = 20;

const urlOf = ({ url, target }: Running): string => url + (target.pathPrefix ?? '');

const headersOf = ({ upstream, target }: Running): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${BENCH_KEY}`,
  ...target.headers?.(upstream),
});

const clientOf = (one: Running, connections: number): Client =>
  createClient(urlOf(one), connections, headersOf(one));

async function measureBatch(
  one: Running,
  scenario: Scenario,
  connections: number,
  requests: number,
) {
  const { program } = one;
  const client = clientOf(one, connections);
  await client.ask(OPENING, connections, createVerifier(false));
  const before = await program?.measure();
  const samples = await client.ask(scenario, requests, createVerifier(scenario.isStream));
  await sleep(AFTERMATH_MS);
  const after = await program?.measure();
  client.close();
  const cpuMs = before && after && (after.cpuUs - before.cpuUs) / 1_000 / requests;
  return figuresOf(samples, cpuMs);
}

async function memoryOf(
  running: readonly Running[],
  standstillMs: number,
): Promise<Map<string, TargetMemory>> {
  const memory = new Map<string, TargetMemory>();
  for (const one of running) {
    const { target, program, idleBytes } = one;
    if (program === undefined) continue;
    const { residentBytes: afterBytes, heapBytes } = await program.measure(true);
    const [url, headers] = [urlOf(one), headersOf(one)];
    const slowReaderBytes = await slowReaderGrowth(program, url, headers, standstillMs);
    one.answers += 1;
    memory.set(target.name, { idleBytes, afterBytes, heapBytes, slowReaderBytes });
  }
  return memory;
}

async function auditAll(
  client: DynamoDBDocumentClient,
  dynamodb: string,
  running: readonly Running[],
): Promise<Map<string, TargetBooks>> {
  const books = new Map<string, TargetBooks>();
  for (const { target, answers } of running) {
    const { name, capCount } = target;
    if (capCount === undefined) continue;
    books.set(name, await auditBooks({ client, dynamodb, target: name, capCount, answers }));
  }
  return books;
}
