/**
 * All of hardcap as one construct, for the stack beside it or for another CDK app.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { Alarms } from './alarms.ts';
import { type Configuration, completeConfiguration } from './configuration.ts';
import { Dashboard } from './dashboard.ts';
import { environmentOf } from './environment.ts';
import { GatewayFunction } from './gateway-function.ts';
import { LedgerTable } from './ledger-table.ts';
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
  readonly dashboard: Dashboard;
  readonly alarms: Alarms;

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
    const { reservedConcurrency } = configuration;
    this.gateway = new GatewayFunction(this, 'Gateway', {
      ...shared,
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
      rolloverDeadLetterQueue: this.rollover.deadLetterQueue,
      catalogueMaxAgeDays: configuration.catalogueMaxAgeDays,
      ...(configuration.alarmEmail === '' ? {} : { email: configuration.alarmEmail }),
    });
  }
}
