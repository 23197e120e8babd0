/**
 * All of hardcap as one construct, for the stack beside it or for another CDK app.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { ENV } from '../lambda/contract.ts';
import { Alarms } from './alarms.ts';
import { Alerts } from './alerts.ts';
import { type Configuration, completeConfiguration } from './configuration.ts';
import { Dashboard } from './dashboard.ts';
import { Edge } from './edge.ts';
import { environmentOf } from './environment.ts';
import { GatewayFunction } from './gateway-function.ts';
import { LedgerTable } from './ledger-table.ts';
import { OriginSecret } from './origin-secret.ts';
import { RolloverFunction } from './rollover-function.ts';
import { SettingsTable } from './settings-table.ts';
import { WidgetFunction } from './widget-function.ts';

/** Settings of a deployment; what is left out has the default of `Configuration`. */
export type HardcapProps = Partial<Configuration>;

/** Tables, functions, dashboard and alarms. */
export class Hardcap extends Construct {
  readonly configuration: Configuration;
  readonly settingsTable: Table;
  readonly ledgerTable: Table;
  readonly gateway: GatewayFunction;
  readonly rollover: RolloverFunction;
  readonly widget: WidgetFunction;
  /** Undefined where the setting `edge` is `none`. */
  readonly edge: Edge | undefined;
  readonly dashboard: Dashboard;
  readonly alarms: Alarms;
  readonly alerts: Alerts;

  /** @throws Error naming the setting at fault, as `completeConfiguration` */
  constructor(scope: Construct, id: string, props: HardcapProps = {}) {
    super(scope, id);
    const configuration = completeConfiguration({ ...props });
    this.configuration = configuration;
    const retain = configuration.removalPolicy === 'retain';
    const removalPolicy = retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const tableProps = { removalPolicy, deletionProtection: retain };
    this.settingsTable = new SettingsTable(this, 'Settings', tableProps).table;
    const ledger = new LedgerTable(this, 'Ledger', tableProps);
    this.ledgerTable = ledger.table;

    const shared = {
      environment: environmentOf(configuration, this.settingsTable, this.ledgerTable),
      // CloudWatch's retention is an enumeration of the same numbers of days.
      logRetention: configuration.logRetentionDays,
      logRemovalPolicy: removalPolicy,
      ledgerTableArn: this.ledgerTable.tableArn,
    };
    const { reservedConcurrency, edge, edgeDirect, edgeSecretVersion: version } = configuration;
    const originSecret =
      edge === 'none' ? undefined : new OriginSecret(this, 'OriginSecret', { version });
    const asksForSecret = originSecret !== undefined && edgeDirect === 'refuse';
    this.gateway = new GatewayFunction(this, 'Gateway', {
      ...shared,
      environment: {
        ...shared.environment,
        ...(asksForSecret && { [ENV.originSecret]: originSecret.accepted }),
      },
      settingsTableArn: this.settingsTable.tableArn,
      regions: configuration.regions,
      memoryMb: configuration.memoryMb,
      timeoutSeconds: configuration.timeoutSeconds,
      ...(reservedConcurrency === 'none' ? {} : { reservedConcurrency }),
    });
    this.rollover = new RolloverFunction(this, 'Rollover', {
      ...shared,
      settingsTableArn: this.settingsTable.tableArn,
      openIndexArn: ledger.openIndexArn,
      refreshesPrices: configuration.priceRefresh === 'daily',
    });
    // CloudFormation reads the order off the URL: the function first, then what sends the secret.
    this.edge = originSecret && this.#createEdge(originSecret);

    this.widget = new WidgetFunction(this, 'Widget', {
      ...shared,
      settingsTableArn: this.settingsTable.tableArn,
      openIndexArn: ledger.openIndexArn,
    });
    this.dashboard = new Dashboard(this, 'Dashboard', {
      widget: this.widget.lambda,
      gatewayLogGroup: this.gateway.lambda.logGroup,
      settingsTable: this.settingsTable,
      ledgerTable: this.ledgerTable,
    });
    this.alarms = new Alarms(this, 'Alarms', {
      gateway: this.gateway.lambda,
      gatewayTimeoutSeconds: configuration.timeoutSeconds,
      ledgerTable: this.ledgerTable,
      rolloverDeadLetterQueue: this.rollover.deadLetterQueue,
      catalogueMaxAgeDays: configuration.catalogueMaxAgeDays,
      refusals: configuration.alarmRefusals,
      runbookUrl: configuration.runbookUrl,
      ...(configuration.alarmEmail === '' ? {} : { email: configuration.alarmEmail }),
    });
    this.alerts = new Alerts(this, 'Alerts', {
      topic: this.alarms.topic,
      logRetention: shared.logRetention,
      logRemovalPolicy: shared.logRemovalPolicy,
    });
    this.alarms.watch('AlertMailsFailed', {
      metric: this.alerts.mailFailures,
      anchor: 'alert-mails-failed',
      meaning: "alerts were told, but could not be mailed: the rollover's log has their words.",
    });
  }

  /** The endpoint that programs call: the edge's where there is one. */
  get url(): string {
    return this.edge?.url ?? this.gateway.url;
  }

  #createEdge({ sent }: OriginSecret): Edge {
    const { configuration, gateway } = this;
    const { functionUrl } = gateway;
    return new Edge(this, 'Edge', { configuration, functionUrl, originSecret: sent });
  }
}
