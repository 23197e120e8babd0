import { defineConfig } from 'vitest/config';

/** The functions log what they refuse; a test looks at what they answer. */
const SILENT = { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' };

const project = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 60_000,
    env: SILENT,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 5_000),
      project('property', 60_000),
      project('contract', 60_000),
      project('simulation', 180_000),
      project('integration', 120_000),
      project('infra', 120_000),
    ],
  },
});
