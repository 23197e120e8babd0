/**
 * The CloudWatch dashboard: what was spent, what was refused, what hardcap adds.
 *
 * Not here: the truth. CloudWatch keeps doubles; the ledger table keeps the exact dollars.
 */
import { Aws, Duration } from 'aws-cdk-lib';
import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { metric } from './metric.ts';
import type { TableReference } from './settings-table.ts';

const COLUMNS = 24;
const GRAPH_WIDTH = COLUMNS / 3;
const GRAPH_HEIGHT = 6;
const TEXT_HEIGHT = 4;

/** The tables that the dashboard links to. */
export interface DashboardProps {
  readonly settingsTable: TableReference;
  readonly ledgerTable: TableReference;
}

/** One dashboard of a text and six graphs, with a generated name. */
export class Dashboard extends Construct {
  /** Address of the dashboard in the console of the stack's region. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      defaultInterval: Duration.days(1),
      // The axes say five minutes; a longer interval on screen must not make that untrue.
      periodOverride: PeriodOverride.INHERIT,
      widgets: [
        [new TextWidget({ markdown: introduction(props), width: COLUMNS, height: TEXT_HEIGHT })],
        [spend(), reserved(), refusals()],
        [addedLatency(), errors(), streamsCut()],
      ],
    });
    this.url = `${consoleUrl('cloudwatch')}#dashboards/dashboard/${dashboard.dashboardName}`;
  }
}

const consoleUrl = (service: string): string =>
  `https://${Aws.REGION}.console.aws.amazon.com/${service}/home?region=${Aws.REGION}`;

const itemsUrl = (table: TableReference): string =>
  `${consoleUrl('dynamodbv2')}#item-explorer?table=${table.tableName}`;

const introduction = ({ settingsTable, ledgerTable }: DashboardProps): string => `# hardcap
Hard dollar caps for Amazon Bedrock. Dollars here are rounded: the exact books are in the ledger.

[Caps, keys and prices](${itemsUrl(settingsTable)}) | \
[Counters and journal](${itemsUrl(ledgerTable)})

In the README: *What it guarantees* for what a cap promises, *Set a cap* for how to change one, \
*Errors* for what a refusal means.`;

const graph = (title: string, unit: string, metrics: IMetric[]): GraphWidget =>
  new GraphWidget({
    title,
    width: GRAPH_WIDTH,
    height: GRAPH_HEIGHT,
    left: metrics,
    leftYAxis: { min: 0, label: unit, showUnits: false },
  });

const spend = (): GraphWidget =>
  graph('Spend: settled cost', 'US dollars in 5 minutes', [
    metric('spendUsd', { label: 'Settled' }),
  ]);

const reserved = (): GraphWidget =>
  graph('Reserved at admission', 'US dollars in 5 minutes', [
    metric('reservedUsd', { label: 'Reserved' }),
  ]);

const refusals = (): GraphWidget =>
  graph('Requests and refusals', 'Requests in 5 minutes', [
    metric('requests', { label: 'Requests' }),
    metric('refusals', { label: 'Refused' }),
    metric('clamped', { label: 'Clamped' }),
  ]);

const addedLatency = (): GraphWidget =>
  graph('Latency that hardcap adds', 'Milliseconds', [
    metric('addedLatencyMs', { statistic: 'p50', label: 'Added, p50' }),
    metric('addedLatencyMs', { statistic: 'p99', label: 'Added, p99' }),
    metric('reserveLatencyMs', { statistic: 'p99', label: 'of it the reserve, p99' }),
  ]);

const errors = (): GraphWidget =>
  graph('Errors', 'Occurrences in 5 minutes', [
    metric('errors', { label: 'Requests answered with an error' }),
    metric('settleFailures', { label: 'Settle failures' }),
    metric('overruns', { label: 'Overruns' }),
    metric('malformedSettings', { label: 'Malformed settings' }),
    metric('invariantBroken', { label: 'Invariants broken' }),
  ]);

const streamsCut = (): GraphWidget =>
  graph('Streams cut, charges in full', 'Occurrences in 5 minutes', [
    metric('streamsCut', { label: 'Streams cut' }),
    metric('chargedInFull', { label: 'Charged in full, usage unknown' }),
    metric('streamsDamaged', { label: 'Streams broken off or damaged by Bedrock' }),
    metric('softOverruns', { label: 'Above what a progressive cap had reserved' }),
    metric('expired', { service: 'rollover', label: 'Reservations expired' }),
  ]);
