/**
 * One run: the programs are started, warmed, asked in interleaved rounds, measured and ended.
 *
 * Within a round every target is asked once for each scenario and number of connections, in an
 * order that turns from round to round; only one target is asked at a time.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createVerifier } from './answers.ts';
import { auditBooks, BENCH_KEY, connectTo } from './books.ts';
import { Figures, figuresOf } from './figures.ts';
import { createClient } from './load.ts';
import { CORES, type Program, pinSelf, startProgram } from './programs.ts';
import type { Scenario } from './scenarios.ts';
import type { Target } from './targets.ts';

export interface Plan {
  readonly targets: readonly Target[];
  readonly scenarios: readonly Scenario[];
  readonly connections: readonly number[];
  readonly rounds: number;
  /** How many of a scenario's requests are made in a round, as a share of them. */
  readonly share: number;
  /** Milliseconds that every answer of DynamoDB waits. */
  readonly dynamodbDelayMs: number;
  readonly onProgress?: (text: string) => void;
}

export interface TargetMemory {
  readonly idleBytes: number;
  readonly afterBytes: number;
  /** Live JavaScript after the run. */
  readonly heapBytes: number;
}

export interface Result {
  readonly figures: Figures;
  readonly memory: ReadonlyMap<string, TargetMemory>;
  /** Dollars that each cap of a target has settled. */
  readonly settledUsd: ReadonlyMap<string, string>;
  /** Answers that were verified. */
  readonly answers: number;
}

interface Running {
  readonly target: Target;
  readonly url: string;
  readonly upstream: string;
  readonly program: Program | undefined;
  readonly idleBytes: number;
}

/** @throws Error where a program does not start, an answer is wrong, or the books are */
export async function run(plan: Plan): Promise<Result> {
  pinSelf();
  const programs: Program[] = [];
  try {
    return await runOn(plan, programs);
  } finally {
    await Promise.all(programs.map((program) => program.end()));
  }
}

async function runOn(plan: Plan, programs: Program[]): Promise<Result> {
  const upstream = await startProgram('upstream-main.ts', CORES.others, {});
  programs.push(upstream);
  const dynamodb = await startProgram('dynamodb-main.ts', CORES.others, {
    BENCH_DYNAMODB_DELAY_MS: String(plan.dynamodbDelayMs),
  });
  programs.push(dynamodb);
  const client = connectTo(dynamodb.url);
  const running: Running[] = [];
  for (const target of plan.targets) {
    const surroundings = { upstream: upstream.url, dynamodb: dynamodb.url, client };
    const program = await target.start?.(surroundings);
    if (program !== undefined) programs.push(program);
    const idleBytes = (await program?.measure(true))?.residentBytes ?? 0;
    const url = program?.url ?? upstream.url;
    running.push({ target, url, upstream: upstream.url, program, idleBytes });
  }
  const figures = new Figures();
  let answers = 0;
  // The first round warms the programs up and is thrown away.
  for (let round = 0; round <= plan.rounds; round += 1) {
    plan.onProgress?.(round === 0 ? 'warming up' : `round ${round} of ${plan.rounds}`);
    answers += await runRound(plan, running, round, round === 0 ? new Figures() : figures);
  }
  const memory = new Map<string, TargetMemory>();
  for (const { target, program, idleBytes } of running) {
    const usage = await program?.measure(true);
    if (usage === undefined) continue;
    const { residentBytes: afterBytes, heapBytes } = usage;
    memory.set(target.name, { idleBytes, afterBytes, heapBytes });
  }
  const settledUsd = await auditAll(client, plan.targets);
  client.destroy();
  return { figures, memory, settledUsd, answers };
}

async function runRound(
  plan: Plan,
  running: readonly Running[],
  round: number,
  figures: Figures,
): Promise<number> {
  let answers = 0;
  for (const scenario of plan.scenarios) {
    for (const connections of plan.connections) {
      const all = scenario.requestsByConnections.get(connections);
      if (all === undefined) continue;
      const requests = Math.max(connections, Math.ceil(all * plan.share));
      for (const one of turned(running, round)) {
        const found = await measureBatch(one, scenario, connections, requests);
        figures.add(one.target.name, scenario.name, connections, found);
        answers += requests;
      }
    }
  }
  return answers;
}

/** Another one begins in each round, and every other round goes backwards. */
function turned<Element>(elements: readonly Element[], round: number): Element[] {
  const start = round % elements.length;
  const order = [...elements.slice(start), ...elements.slice(0, start)];
  return round % 2 === 0 ? order : order.reverse();
}

/** What runs on after an answer has ended, such as a journal entry, belongs to it. */
const AFTERMATH_MS = 20;

async function measureBatch(
  { url, upstream, program, target }: Running,
  scenario: Scenario,
  connections: number,
  requests: number,
) {
  const headers = { authorization: `Bearer ${BENCH_KEY}`, ...target.headers?.({ upstream }) };
  const client = createClient(url, connections, headers);
  const before = await program?.measure();
  const samples = await client.ask(scenario, requests, createVerifier(scenario.isStream));
  await sleep(AFTERMATH_MS);
  const after = await program?.measure();
  client.close();
  const cpuMs = before && after && (after.cpuUs - before.cpuUs) / 1_000 / requests;
  return figuresOf(samples, cpuMs);
}

async function auditAll(
  client: DynamoDBDocumentClient,
  targets: readonly Target[],
): Promise<Map<string, string>> {
  const settled = new Map<string, string>();
  for (const { name, capCount } of targets) {
    if (capCount !== undefined) settled.set(name, await auditBooks(client, name, capCount));
  }
  return settled;
}
