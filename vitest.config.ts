import { availableParallelism } from 'node:os';
import path from 'node:path';
import { defineConfig, type UserWorkspaceConfig } from 'vitest/config';

type ProjectConfig = NonNullable<UserWorkspaceConfig['test']>;

const ENVIRONMENT = {
  // The functions log what they refuse; a test looks at what they answer.
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  POWERTOOLS_METRICS_DISABLED: 'true',
  // The CDK's own look at every template takes seconds and changes none; the app, which
  // test/infra/app.test.ts starts as it is deployed, has it all the same.
  CDK_VALIDATION: 'false',
  // For the programs that tests start (test/helpers/program-environment.ts).
  NODE_COMPILE_CACHE: path.join(import.meta.dirname, 'node_modules/.cache/node-compile'),
};

const project = (name: string, testTimeout: number, options: ProjectConfig) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 60_000,
    env: ENVIRONMENT,
    ...options,
  },
});

/**
 * Bursts of requests that the gateway must answer in time, as it refuses with 503 what DynamoDB is
 * too slow for: nothing else may run beside them.
 */
const ALONE = [
  'test/integration/known-failures-concurrency.test.ts',
  'test/integration/many-gateways.test.ts',
];

/** Files of one project share a worker, and what it has loaded: none changes more than is its own. */
const SHARED = { isolate: false };
/** A process for each file: it starts servers and programs, and is left by what they leave behind. */
const ISOLATED = { isolate: true };

/** One file at a time, once all others are done. */
const LAST = { maxWorkers: 1, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    // Vitest leaves one core to itself; of two that is half, and it needs a tenth.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('unit', 10_000, SHARED),
      project('property', 60_000, SHARED),
      project('contract', 60_000, SHARED),
      project('simulation', 180_000, ISOLATED),
      project('integration', 120_000, { ...ISOLATED, exclude: ALONE }),
      project('infra', 120_000, { ...SHARED, globalSetup: ['test/infra/synthesis-folder.ts'] }),
      project('alone', 120_000, { ...ISOLATED, include: ALONE, ...LAST }),
    ],
  },
});
