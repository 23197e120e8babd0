/**
 * Metrics and log lines as CloudWatch reads them, from a process of their own.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { METRIC, METRIC_DIMENSION, METRIC_NAMESPACE } from '../../lambda/contract.ts';

const ADAPTER = path.resolve(
  import.meta.dirname,
  '../../lambda/adapters/telemetry/powertools-telemetry.ts',
);

/** Runs these lines with `telemetry`, as the function would; gives its JSON lines. */
async function run(lines: string): Promise<Record<string, unknown>[]> {
  const script = `
    import { createTelemetry } from ${JSON.stringify(ADAPTER)};
    const telemetry = createTelemetry('gateway');
    ${lines}`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { env: { PATH: process.env.PATH } },
  );
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

interface Emf {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
}

const metricLines = (lines: readonly Record<string, unknown>[]) =>
  lines.filter((line) => '_aws' in line) as unknown as (Emf & Record<string, unknown>)[];

describe('metrics', () => {
  it('of the contract are all written, with namespace, one dimension, and a unit', async () => {
    const names = Object.values(METRIC);

    const lines = metricLines(
      await run(`for (const name of ${JSON.stringify(names)}) telemetry.count(name, 1.5);
        telemetry.flush();`),
    );

    expect(lines).toHaveLength(1);
    const [line] = lines;
    const [directive] = line?._aws.CloudWatchMetrics ?? [];
    expect(directive?.Namespace).toBe(METRIC_NAMESPACE);
    expect(directive?.Dimensions).toEqual([[METRIC_DIMENSION]]);
    expect(line?.[METRIC_DIMENSION]).toBe('gateway');
    expect(directive?.Metrics.map(({ Name }) => Name).sort()).toEqual([...names].sort());
    for (const name of names) expect([line?.[name]].flat()).toEqual([1.5]);
    const units = Object.fromEntries(
      directive?.Metrics.map(({ Name, Unit }) => [Name, Unit]) ?? [],
    );
    expect(units).toMatchObject({
      [METRIC.addedLatencyMs]: 'Milliseconds',
      [METRIC.upstreamLatencyMs]: 'Milliseconds',
      [METRIC.spendUsd]: 'None',
      [METRIC.reservedUsd]: 'None',
      [METRIC.refusals]: 'Count',
      [METRIC.settleFailures]: 'Count',
    });
  });

  it('count one where no value is given, and every value where there are several', async () => {
    const [line] = metricLines(
      await run(`telemetry.count('Requests'); telemetry.count('Requests'); telemetry.flush();`),
    );

    expect(line?.Requests).toEqual([1, 1]);
  });

  it('are written once: what was flushed does not come again', async () => {
    const lines = metricLines(
      await run(`telemetry.count('Requests'); telemetry.flush(); telemetry.flush();`),
    );

    expect(lines).toHaveLength(1);
  });

  it('stand beside what was said of the request, as fields and not as dimensions', async () => {
    const [line] = metricLines(
      await run(`telemetry.describe({ key: 'ci', model: 'm', team: undefined });
        telemetry.count('Requests'); telemetry.describe({ status: '200' }); telemetry.flush();`),
    );

    expect(line).toMatchObject({ key: 'ci', model: 'm', status: '200', Requests: 1 });
    expect(line).not.toHaveProperty('team');
    expect(line?._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([[METRIC_DIMENSION]]);
  });

  it('never stand beside what was said of the request before', async () => {
    const lines = metricLines(
      await run(`telemetry.describe({ key: 'a' }); telemetry.count('Requests'); telemetry.flush();
        telemetry.describe({ key: 'b' }); telemetry.flush();
        telemetry.count('Requests'); telemetry.flush();`),
    );

    expect(lines.map(({ key }) => key)).toEqual(['a', undefined]);
  });

  it('lose nothing in an invocation that counts one metric 250 times', async () => {
    const lines = metricLines(
      await run(`for (let i = 0; i < 250; i += 1) telemetry.count('Requests');
        telemetry.flush();`),
    );

    const values = lines.flatMap((line) => line.Requests as number[]);
    expect(values).toHaveLength(250);
  });
});

describe('log lines', () => {
  it('are one JSON object each, with level, message, service and the fields', async () => {
    const lines =
      await run(`telemetry.error('settle failed', { requestId: 'r-1', costUsd: '1.50' });
      telemetry.warn('odd'); telemetry.info('fine');`);

    // Errors go to stderr, so that their order among the others is not told.
    expect(lines.sort((a, b) => (String(a.level) < String(b.level) ? -1 : 1))).toMatchObject([
      {
        level: 'ERROR',
        message: 'settle failed',
        service: 'gateway',
        requestId: 'r-1',
        costUsd: '1.50',
      },
      { level: 'INFO', message: 'fine' },
      { level: 'WARN', message: 'odd' },
    ]);
  });
});
