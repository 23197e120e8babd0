/**
 * The CloudWatch dashboard, from what is asked first to what is asked last: what each cap has left,
 * who spends on what, what was refused, what hardcap adds, and whether it is well.
 *
 * Not here: the truth. CloudWatch keeps doubles; the ledger table keeps the exact dollars, and the
 * widget on top reads it.
 */
import { Aws, Duration } from 'aws-cdk-lib';
import {
  Dashboard as CloudWatchDashboard,
  CustomWidget,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { METRIC, METRIC_PROPERTY } from '../lambda/contract.ts';
import { type MetricKey, type MetricView, metric } from './metric.ts';
import type { TableReference } from './settings-table.ts';

const COLUMNS = 24;
const WIDGET_HEIGHT = 14;
const GRAPH_HEIGHT = 6;
const TEXT_HEIGHT = 2;

/** What the dashboard shows and links to. */
export interface DashboardProps {
  readonly settingsTable: TableReference;
  readonly ledgerTable: TableReference;
  /** Whether there is a sync of SSM parameters, and so its metrics. */
  readonly hasSsmSync: boolean;
  /** The function behind the widget of caps. */
  readonly widget: IFunction;
  /** Where the gateway's lines of metrics are, which say whose each request was. */
  readonly gatewayLogGroup: ILogGroup;
}

/** One dashboard with a generated name. */
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
        [capBoard(props.widget)],
        row(spend(), runningTotal()),
        row(...spendByProperty(props.gatewayLogGroup)),
        row(requests(), fullCaps(), otherRefusals()),
        row(addedLatency(), upstreamLatency(), health(props)),
        [links(props)],
      ],
    });
    this.url = `${consoleUrl('cloudwatch')}#dashboards/dashboard/${dashboard.dashboardName}`;
  }
}

/** Widgets side by side, which share the whole width. */
type Sized = (width: number) => IWidget;
const row = (...widgets: readonly Sized[]): IWidget[] =>
  widgets.map((widget) => widget(COLUMNS / widgets.length));

/** Read again with the dashboard, and whenever it has another width. */
const capBoard = (widget: IFunction): IWidget =>
  new CustomWidget({
    functionArn: widget.functionArn,
    title: 'Caps: what their running windows have used, those nearest to their limits first',
    width: COLUMNS,
    height: WIDGET_HEIGHT,
    updateOnRefresh: true,
    updateOnResize: false,
    updateOnTimeRangeChange: false,
  });

/** What a graph draws: one line of the legend for each metric. */
type Line = readonly [key: MetricKey, label: string, view?: Omit<MetricView, 'label'>];

const graph =
  (title: string, unit: string, lines: readonly (Line | IMetric)[]): Sized =>
  (width) =>
    new GraphWidget({
      title,
      width,
      height: GRAPH_HEIGHT,
      left: lines.map(drawn),
      leftYAxis: { min: 0, label: unit, showUnits: false },
    });

const isLine = (line: Line | IMetric): line is Line => Array.isArray(line);

function drawn(line: Line | IMetric): IMetric {
  if (!isLine(line)) return line;
  const [key, label, view = {}] = line;
  return metric(key, { ...view, label });
}

const spend = (): Sized =>
  graph('Spend', 'US dollars in 5 minutes', [
    ['spendUsd', 'Settled'],
    ['reservedUsd', 'Reserved at admission'],
  ]);

const runningTotal = (): Sized =>
  graph('Spend since the start of the time range', 'US dollars', [
    new MathExpression({
      expression: 'RUNNING_SUM(FILL(spend, 0))',
      usingMetrics: { spend: metric('spendUsd') },
      label: 'Settled, added up',
      period: Duration.minutes(5),
    }),
  ]);

/**
 * By key, model and vendor from the log: as dimensions each of their values would be a metric that
 * is paid for.
 */
const spendByProperty = (logGroup: ILogGroup): Sized[] => [
  spendBy(logGroup, 'Spend by key', METRIC_PROPERTY.key),
  spendBy(logGroup, 'Spend by model', METRIC_PROPERTY.model),
  spendBy(logGroup, 'Spend by vendor', METRIC_PROPERTY.vendor),
];

const spendBy =
  ({ logGroupName }: ILogGroup, title: string, property: string): Sized =>
  (width) =>
    new LogQueryWidget({
      title: `${title}: US dollars an hour`,
      logGroupNames: [logGroupName],
      // Whatever is grouped by time and one more field can be drawn as bars; of lines and areas
      // the user guide of CloudWatch Logs does not say so.
      view: LogQueryVisualizationType.BAR,
      queryLines: [
        `filter ispresent(${METRIC.spendUsd}) and ispresent(${property})`,
        `stats sum(${METRIC.spendUsd}) as usd by ${property}, bin(1h)`,
      ],
      width,
      height: GRAPH_HEIGHT,
    });

const requests = (): Sized =>
  graph('Requests, cuts and charges in full', 'Occurrences in 5 minutes', [
    ['requests', 'Requests'],
    ['clamped', 'Clamped'],
    ['streamsCut', 'Streams cut'],
    ['chargedInFull', 'Charged in full, usage unknown'],
    ['streamsDamaged', 'Streams broken off or damaged by Bedrock'],
    ['softOverruns', 'Above what a progressive cap had reserved'],
    ['expired', 'Reservations expired', { service: 'rollover' }],
  ]);

/** They add up to what full caps refused. */
const FULL_CAPS: readonly Line[] = [
  ['refusedSpent', 'Spent'],
  ['refusedReservedInFlight', 'Reserved by requests in flight'],
  ['refusedLargerThanLimit', 'Larger than the limit'],
  ['refusedInFlightLimit', 'Too many requests in flight'],
  ['refusedTagCounterLimit', 'Too many tags of one key'],
];

const OTHER_REFUSALS: readonly Line[] = [
  ['authenticationFailures', 'No valid key'],
  ['refusedNotAllowed', 'Model or region not allowed'],
  ['refusedUnpriced', 'No price'],
  ['refusedNoCap', 'No cap'],
  ['refusedTooDear', 'Too dear for one request'],
  ['refusedInvalid', 'Invalid'],
  ['refusedUnavailable', 'Ledger or settings unavailable'],
];

const fullCaps = (): Sized => graph('Refused by full caps', 'Requests in 5 minutes', FULL_CAPS);

const otherRefusals = (): Sized =>
  graph('Refused for other reasons', 'Requests in 5 minutes', OTHER_REFUSALS);

const addedLatency = (): Sized =>
  graph('Latency that hardcap adds', 'Milliseconds', [
    ['addedLatencyMs', 'Added, p50', { statistic: 'p50' }],
    ['addedLatencyMs', 'Added, p99', { statistic: 'p99' }],
    ['reserveLatencyMs', 'of it the reserve, p99', { statistic: 'p99' }],
    ['settleLatencyMs', 'Settle, after the answer, p99', { statistic: 'p99' }],
  ]);

const upstreamLatency = (): Sized =>
  graph("Bedrock's own latency", 'Milliseconds', [
    ['upstreamLatencyMs', 'To the first byte, p50', { statistic: 'p50' }],
    ['upstreamLatencyMs', 'To the first byte, p99', { statistic: 'p99' }],
  ]);

const health = ({ hasSsmSync }: DashboardProps): Sized =>
  graph('Health: all of it should be at zero', 'Occurrences in 5 minutes', [
    ['errors', 'Requests answered with an error'],
    ['upstreamFailures', 'No whole answer of Bedrock'],
    ['settleFailures', 'Settle failures'],
    ['overruns', 'Overruns'],
    ['ledgerErrors', 'Ledger errors'],
    ['ledgerRetries', 'Ledger retries'],
    ['malformedSettings', 'Malformed settings'],
    ['invariantBroken', 'Invariants broken, gateway'],
    ['invariantBroken', 'Invariants broken, rollover', { service: 'rollover' }],
    ['priceRefreshFailures', 'Price refreshes failed', { service: 'rollover' }],
    ['eventFailures', 'Events not delivered', { service: 'rollover' }],
    ...(hasSsmSync ? OF_THE_SYNC : []),
  ]);

const OF_THE_SYNC: readonly Line[] = [
  ['ssmSyncFailures', 'SSM syncs failed', { service: 'ssmSync' }],
  ['ssmParametersMalformed', 'SSM parameters malformed', { service: 'ssmSync' }],
];

const consoleUrl = (service: string): string =>
  `https://${Aws.REGION}.console.aws.amazon.com/${service}/home?region=${Aws.REGION}`;

const itemsUrl = (table: TableReference): string =>
  `${consoleUrl('dynamodbv2')}#item-explorer?table=${table.tableName}`;

const links = ({ settingsTable, ledgerTable }: DashboardProps): IWidget =>
  new TextWidget({
    markdown: `[Caps, keys and prices](${itemsUrl(settingsTable)}) | \
[Counters and journal](${itemsUrl(ledgerTable)})

The caps on top are exact; dollars in the graphs are rounded. *docs/dashboard.md* says how to read \
all of it, the README's *Errors* what a refusal means.`,
    width: COLUMNS,
    height: TEXT_HEIGHT,
  });
