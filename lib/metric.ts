/**
 * A hardcap metric as CloudWatch knows it: the contract's namespace, name and dimension.
 *
 * Invariant: only names of the contract can be asked for, so nothing draws or watches a metric
 *            that the functions do not emit.
 */
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC, METRIC_DIMENSION, METRIC_NAMESPACE, METRIC_SERVICE } from '../lambda/contract.ts';

/** Key of a metric in the contract. */
export type MetricKey = keyof typeof METRIC;
/** Key of a function in the contract. */
export type ServiceKey = keyof typeof METRIC_SERVICE;

/** What to show or watch of a metric. */
export interface MetricView {
  /** @default 'gateway' */
  readonly service?: ServiceKey;
  /** CloudWatch's name of a statistic, such as `p99`. @default 'Sum' */
  readonly statistic?: string;
  /** Text in a graph's legend. @default - the metric's name */
  readonly label?: string;
  /** @default 5 minutes */
  readonly period?: Duration;
}

/** The metric of one function. */
export const metric = (key: MetricKey, view: MetricView = {}): Metric =>
  new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: METRIC[key],
    dimensionsMap: { [METRIC_DIMENSION]: METRIC_SERVICE[view.service ?? 'gateway'] },
    statistic: view.statistic ?? 'Sum',
    ...(view.label === undefined ? {} : { label: view.label }),
    period: view.period ?? Duration.minutes(5),
  });
