import { availableParallelism } from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

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

const project = (
  name: string,
  testTimeout: number,
  isolate: boolean,
  globalSetup: string[] = [],
) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 60_000,
    env: ENVIRONMENT,
    isolate,
    globalSetup,
  },
});

/** Files of one project share a worker, and what it has loaded: none changes more than is its own. */
const SHARED = false;
/** A process for each file: it starts servers and programs, and is left by what they leave behind. */
const ISOLATED = true;

export default defineConfig({
  test: {
    // Vitest leaves one core to itself; of two that is half, and it needs a tenth.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('unit', 10_000, SHARED),
      project('property', 60_000, SHARED),
      project('contract', 60_000, SHARED),
      project('simulation', 180_000, ISOLATED),
      project('integration', 120_000, ISOLATED),
      project('infra', 120_000, SHARED, ['test/infra/synthesis-folder.ts']),
    ],
  },
});
