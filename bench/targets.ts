/**
 * The targets: what is compared, each a program of its own, but for the direct call.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { makeFloorTable, makeTables } from './books.ts';
import { CORES, type Program, startProgram } from './programs.ts';

/** What every target is given. */
export interface Surroundings {
  readonly upstream: string;
  readonly dynamodb: string;
  readonly client: DynamoDBDocumentClient;
}

export interface Target {
  readonly name: string;
  /** What it does, for people. */
  readonly title: string;
  /** How many caps its books are kept by; undefined where it keeps none. */
  readonly capCount?: number;
  /** What it must be sent beside the key. */
  readonly headers?: (upstream: string) => Readonly<Record<string, string>>;
  /** What its paths begin with. */
  readonly pathPrefix?: string;
  /** Undefined: there is none between the client and the upstream. */
  readonly start?: (surroundings: Surroundings) => Promise<Program>;
}

export const DIRECT = 'direct';
export const PORTKEY = 'portkey';
export const PASS_THROUGH = 'pass-through';
export const FUNCTION_URL = 'function-url';
/** The pass-through with so many writes. */
export const floorOf = (writes: number): string => `floor-${writes}`;
/** The same behind the imitated Function URL. */
export const urlFloorOf = (writes: number): string => `url-floor-${writes}`;
export const hardcapOf = (caps: number): string => `hardcap-${caps}`;

const PASS_THROUGH_PROGRAM = 'targets/pass-through-main.ts';
const FUNCTION_URL_PROGRAM = 'targets/function-url-main.ts';

const passThrough =
  (script: string) =>
  ({ upstream }: Surroundings): Promise<Program> =>
    startProgram(script, CORES.targets, { BENCH_UPSTREAM: upstream });

const keepingBooks =
  (script: string, writes: number) =>
  async ({ upstream, dynamodb, client }: Surroundings): Promise<Program> => {
    await makeFloorTable(client);
    return startProgram(script, CORES.targets, {
      BENCH_UPSTREAM: upstream,
      BENCH_DYNAMODB: dynamodb,
      BENCH_WRITES: String(writes),
    });
  };

const updateItems = (writes: number): string =>
  `${writes} conditional UpdateItem${writes > 1 ? 's' : ''}`;

const floor = (writes: number): Target => ({
  name: floorOf(writes),
  title: `the pass-through after ${updateItems(writes)}`,
  start: keepingBooks(PASS_THROUGH_PROGRAM, writes),
});

const urlFloor = (writes: number): Target => ({
  name: urlFloorOf(writes),
  title: `the one behind the imitated Function URL, after ${updateItems(writes)}`,
  start: keepingBooks(FUNCTION_URL_PROGRAM, writes),
});

const hardcap = (capCount: number): Target => ({
  name: hardcapOf(capCount),
  title: `hardcap, ${capCount} cap${capCount > 1 ? 's' : ''}: reserve, send, settle, journal`,
  capCount,
  start: async ({ upstream, dynamodb, client }) => {
    const name = hardcapOf(capCount);
    await makeTables(client, name, capCount);
    return startProgram('targets/hardcap-main.ts', CORES.targets, {
      BENCH_UPSTREAM: upstream,
      BENCH_DYNAMODB: dynamodb,
      BENCH_TABLES: name,
    });
  },
});

/** In the order in which they are shown. */
export const TARGETS: readonly Target[] = [
  { name: DIRECT, title: 'the client asks the upstream itself' },
  {
    name: PASS_THROUGH,
    title: 'a 30-line proxy on node:http',
    start: passThrough(PASS_THROUGH_PROGRAM),
  },
  {
    name: FUNCTION_URL,
    title: 'a pass-through behind the imitated Function URL, as hardcap is',
    start: passThrough(FUNCTION_URL_PROGRAM),
  },
  floor(1),
  floor(2),
  urlFloor(1),
  urlFloor(2),
  hardcap(1),
  hardcap(2),
  hardcap(4),
];
