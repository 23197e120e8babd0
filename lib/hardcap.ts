/**
 * All of hardcap as one construct, for the stack beside it or for another CDK app.
 */
import { Duration, RemovalPolicy, Tags } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ENV, TABLE } from '../lambda/contract.ts';
import { Alarms } from './alarms.ts';
import { Alerts } from './alerts.ts';
import { type Configuration, completeConfiguration } from './configuration.ts';
import { Dashboard } from './dashboard.ts';
import { Edge } from './edge.ts';
import { keyArnsOf, keyOf, letServicesUse } from './encryption.ts';
import { environmentOf } from './environment.ts';
import { GatewayFunction } from './gateway-function.ts';
import { LedgerTable, openIndexArn } from './ledger-table.ts';
import { metric } from './metric.ts';
import { OriginSecret } from './origin-secret.ts';
import { RolloverFunction } from './rollover-function.ts';
import { SettingsTable } from './settings-table.ts';
import { SsmSyncFunction } from './ssm-sync-function.ts';
import { WidgetFunction } from './widget-function.ts';

/** The CDK's own class is no `ITable` to the strictest of TypeScript's settings. */
type AnyTable = ITable | Table;

/**
 * Settings of a deployment, and what of it another construct made. What is left out has the default
 * of `Configuration`.
 */
export interface HardcapProps extends Partial<Configuration> {
  /**
   * A settings table that is there already, with the string keys `pk` and `sk`. Nothing of it is
   * changed. An imported one that a customer's key encrypts is imported with its `encryptionKey`.
   *
   * @default - the table named by `existingSettingsTable`, or a new one
   */
  readonly settingsTable?: AnyTable;
  /**
   * The same for the ledger table, which also has the index `open`: partition key `openKey`, a
   * string, of the keys only. Its time to live is on `ttlEpochSeconds`.
   *
   * @default - the table named by `existingLedgerTable`, or a new one
   */
  readonly ledgerTable?: AnyTable;
  /**
   * Encrypts new tables, logs, the queue of failed runs and the topic of alarms. A key of the same
   * app is opened to these services; the policy of an imported one must be (docs/deploying.md).
   *
   * @default - the key of `kmsKeyArn`, or keys of AWS
   */
  readonly encryptionKey?: IKey;
}

/** Tables, functions, dashboard and alarms. */
export class Hardcap extends Construct {
  readonly configuration: Configuration;
  readonly settingsTable: AnyTable;
  readonly ledgerTable: AnyTable;
  readonly gateway: GatewayFunction;
  readonly rollover: RolloverFunction;
  /** Undefined where the setting `ssmPrefix` is empty. */
  readonly ssmSync: SsmSyncFunction | undefined;
  readonly widget: WidgetFunction;
  /** Undefined where the setting `edge` is `none`. */
  readonly edge: Edge | undefined;
  readonly dashboard: Dashboard;
  readonly alarms: Alarms;
  readonly alerts: Alerts;

  /** @throws Error naming the setting at fault, as `completeConfiguration` */
  constructor(scope: Construct, id: string, props: HardcapProps = {}) {
    super(scope, id);
    const { settingsTable, ledgerTable, encryptionKey: givenKey, ...settings } = props;
    const configuration = completeConfiguration({ ...settings });
    refuseTwoTables('settingsTable', settingsTable, configuration.existingSettingsTable);
    refuseTwoTables('ledgerTable', ledgerTable, configuration.existingLedgerTable);
    this.configuration = configuration;
    const encryptionKey = givenKey ?? keyOf(this, configuration.kmsKeyArn);
    if (encryptionKey !== undefined) letServicesUse(encryptionKey);
    const encryption = encryptionKey === undefined ? {} : { encryptionKey };
    this.settingsTable = settingsTable ?? this.#settingsTable(encryption);
    this.ledgerTable = ledgerTable ?? this.#ledgerTable(encryption);

    const shared = {
      ...encryption,
      environment: environmentOf(configuration, this.settingsTable, this.ledgerTable),
      // CloudWatch's retention is an enumeration of the same numbers of days.
      logRetention: configuration.logRetentionDays,
      logRemovalPolicy: this.#removalPolicy,
      isTraced: configuration.tracing === 'xray',
      ledgerTableArn: this.ledgerTable.tableArn,
      settingsTableArn: this.settingsTable.tableArn,
      tableKeyArns: keyArnsOf(this.settingsTable, this.ledgerTable),
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
      regions: configuration.regions,
      memoryMb: configuration.memoryMb,
      timeoutSeconds: configuration.timeoutSeconds,
      authType: AUTH_TYPES[configuration.authType],
      ...(reservedConcurrency === 'none' ? {} : { reservedConcurrency }),
    });
    this.rollover = new RolloverFunction(this, 'Rollover', {
      ...shared,
      openIndexArn: openIndexArn(this.ledgerTable),
      refreshesPrices: configuration.priceRefresh === 'daily',
    });
    const { ssmPrefix } = configuration;
    this.ssmSync =
      ssmPrefix === ''
        ? undefined
        : new SsmSyncFunction(this, 'SsmSync', {
            ...shared,
            settingsTableName: this.settingsTable.tableName,
            tableKeyArns: keyArnsOf(this.settingsTable),
            ssmPrefix,
          });
    // CloudFormation reads the order off the URL: the function first, then what sends the secret.
    this.edge = originSecret && this.#createEdge(originSecret);

    this.widget = new WidgetFunction(this, 'Widget', {
      ...shared,
      openIndexArn: openIndexArn(this.ledgerTable),
    });
    this.dashboard = new Dashboard(this, 'Dashboard', {
      hasSsmSync: this.ssmSync !== undefined,
      widget: this.widget.lambda,
      gatewayLogGroup: this.gateway.lambda.logGroup,
      settingsTable: this.settingsTable,
      ledgerTable: this.ledgerTable,
    });
    this.alarms = new Alarms(this, 'Alarms', {
      ...encryption,
      gateway: this.gateway.lambda,
      gatewayTimeoutSeconds: configuration.timeoutSeconds,
      ledgerTable: this.ledgerTable,
      rolloverDeadLetterQueue: this.rollover.deadLetterQueue,
      catalogueMaxAgeDays: configuration.catalogueMaxAgeDays,
      refusals: configuration.alarmRefusals,
      runbookUrl: configuration.runbookUrl,
      ...(configuration.alarmEmail === '' ? {} : { email: configuration.alarmEmail }),
    });
    this.alerts = new Alerts(this, 'Alerts', { ...shared, topic: this.alarms.topic });
    this.alarms.watch('AlertMailsFailed', {
      metric: this.alerts.mailFailures,
      anchor: 'alert-mails-failed',
      meaning: "alerts were told, but could not be mailed: the rollover's log has their words.",
    });
    if (this.ssmSync !== undefined) this.#watchSync(this.ssmSync);
    for (const [name, value] of Object.entries(configuration.tags)) Tags.of(this).add(name, value);
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

  #watchSync({ deadLetterQueue }: SsmSyncFunction): void {
    this.alarms.watch('SsmSyncFailed', {
      metric: metric('ssmSyncFailures', { service: 'ssmSync' }),
      anchor: 'ssm-sync-failed',
      meaning:
        'the caps of Parameter Store could not be brought into the settings. Those that were ' +
        'brought before hold on; a change is not heard of.',
    });
    this.alarms.watch('SsmSyncDied', {
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        statistic: 'Maximum',
        period: Duration.minutes(5),
      }),
      anchor: 'ssm-sync-failed',
      meaning: 'runs of the SSM sync failed twice. Read its log, then purge the dead-letter queue.',
    });
    this.alarms.watch('SsmParametersMalformed', {
      metric: metric('ssmParametersMalformed', { service: 'ssmSync' }),
      anchor: 'malformed-settings',
      meaning:
        'a parameter cannot be read as a cap, and requests that it could cover are refused. The ' +
        "sync's log names it: correct it.",
    });
  }

  get #removalPolicy(): RemovalPolicy {
    const { removalPolicy } = this.configuration;
    return removalPolicy === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
  }

  #settingsTable(encryption: Encryption): AnyTable {
    const { existingSettingsTable: tableName, settingsTableName } = this.configuration;
    if (tableName === '') {
      return new SettingsTable(this, 'Settings', this.#tableProps(settingsTableName, encryption))
        .table;
    }
    return Table.fromTableAttributes(this, 'ExistingSettings', { tableName, ...encryption });
  }

  #ledgerTable(encryption: Encryption): AnyTable {
    const { existingLedgerTable: tableName, ledgerTableName } = this.configuration;
    if (tableName === '') {
      return new LedgerTable(this, 'Ledger', this.#tableProps(ledgerTableName, encryption)).table;
    }
    const globalIndexes = [TABLE.openIndex];
    const attributes = { tableName, globalIndexes, ...encryption };
    return Table.fromTableAttributes(this, 'ExistingLedger', attributes);
  }

  #tableProps(tableName: string, encryption: Encryption) {
    return {
      removalPolicy: this.#removalPolicy,
      deletionProtection: this.configuration.removalPolicy === 'retain',
      ...(tableName === '' ? {} : { tableName }),
      ...encryption,
    };
  }
}

interface Encryption {
  readonly encryptionKey?: IKey;
}

const AUTH_TYPES = { none: FunctionUrlAuthType.NONE, iam: FunctionUrlAuthType.AWS_IAM } as const;

function refuseTwoTables(property: string, table: AnyTable | undefined, name: string): void {
  if (table === undefined || name === '') return;
  throw new Error(
    `hardcap cannot be deployed with these settings: both "${property}" and the name "${name}" ` +
      'stand for a table that is there already; give one of them',
  );
}
