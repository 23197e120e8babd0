/**
 * The Telemetry port on Powertools: JSON log lines, and metrics by CloudWatch's embedded format.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRIC_NAMESPACE } from '../../contract.ts';
import type { Telemetry } from '../../ports/telemetry.ts';

/** @param serviceName the value of the one dimension, as in `contract.ts` */
export function createTelemetry(serviceName: string): Telemetry {
  let made: Logger | undefined;
  // A request that goes well logs nothing, and making a logger takes a millisecond of a start.
  const logger = (): Logger => {
    made ??= new Logger({ serviceName });
    return made;
  };
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName });
  return {
    info: (message, fields = {}) => logger().info(message, fields),
    warn: (message, fields = {}) => logger().warn(message, fields),
    error: (message, fields = {}) => logger().error(message, fields),
    count: (metric, value = 1) => metrics.addMetric(metric, unitOf(metric), value),
    describe: (properties) => {
      for (const [name, value] of Object.entries(properties)) {
        if (value !== undefined) metrics.addMetadata(name, value);
      }
    },
    flush: () => {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
      // What was said of a request that counted nothing must not be said of the next one.
      else metrics.clearMetadata();
    },
  };
}

/** A metric's unit is the end of its name; dollars have none in CloudWatch. */
function unitOf(metric: string): (typeof MetricUnit)[keyof typeof MetricUnit] {
  if (metric.endsWith('Ms')) return MetricUnit.Milliseconds;
  return metric.endsWith('Usd') ? MetricUnit.NoUnit : MetricUnit.Count;
}
