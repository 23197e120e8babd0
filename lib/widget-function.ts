/**
 * The function behind the dashboard's widget: the board of caps as markup.
 *
 * CloudWatch invokes it as whoever looks at the dashboard, so a viewer needs
 * `lambda:InvokeFunction` on it, and no permission on the tables.
 * Invariant: its role reads caps and counters, and nothing else: no key, no journal, no write.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ENV } from '../lambda/contract.ts';
import { readTableKeys } from './encryption.ts';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';
import { onPartitions } from './rollover-function.ts';

const ENTRY = 'lambda/widget/handler.ts';
const MEMORY_MB = 256;
/** CloudWatch's viewers wait for it. */
const TIMEOUT_SECONDS = 10;

/** What the widget function is told by the deployment. */
export interface WidgetFunctionProps
  extends Pick<
    NodeFunctionProps,
    'logRetention' | 'logRemovalPolicy' | 'encryptionKey' | 'isTraced'
  > {
  /** Of all functions; it is given the names of the tables alone. */
  readonly environment: Readonly<Record<string, string>>;
  readonly settingsTableArn: string;
  readonly ledgerTableArn: string;
  readonly openIndexArn: string;
  /** Of the customer's keys that encrypt the tables. */
  readonly tableKeyArns: readonly string[];
}

/** The function; nobody may invoke it but by a permission of their own. */
export class WidgetFunction extends Construct {
  readonly lambda: NodeFunction['lambda'];

  constructor(scope: Construct, id: string, props: WidgetFunctionProps) {
    super(scope, id);
    const { environment, logRetention, logRemovalPolicy } = props;
    const told = [ENV.settingsTable, ENV.ledgerTable];
    const { lambda } = new NodeFunction(this, 'Default', {
      description: 'hardcap widget: the board of caps on the dashboard',
      entry: ENTRY,
      memoryMb: MEMORY_MB,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: Object.fromEntries(told.map((name) => [name, environment[name] ?? ''])),
      logRetention,
      logRemovalPolicy,
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
      ...(props.isTraced === undefined ? {} : { isTraced: props.isTraced }),
      statements: [...widgetStatements(props), ...readTableKeys(props.tableKeyArns)],
    });
    this.lambda = lambda;
  }
}

const widgetStatements = (props: WidgetFunctionProps): PolicyStatement[] => [
  new PolicyStatement({
    sid: 'ReadCaps',
    actions: ['dynamodb:Query'],
    resources: [props.settingsTableArn],
    conditions: onPartitions('CAP'),
  }),
  new PolicyStatement({
    sid: 'FindOpenCounters',
    actions: ['dynamodb:Query'],
    resources: [props.openIndexArn],
  }),
  new PolicyStatement({
    sid: 'ReadCounters',
    actions: ['dynamodb:BatchGetItem', 'dynamodb:Query'],
    resources: [props.ledgerTableArn],
    conditions: onPartitions('COUNTER#*', 'SUMMARY#*'),
  }),
];
