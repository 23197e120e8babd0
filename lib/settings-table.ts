/**
 * The settings table: caps, keys and prices, which people edit and the gateway only reads.
 */
import type { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { TABLE } from '../lambda/contract.ts';

/** What both tables can be told. */
export interface TableProps {
  /** What a destroyed stack does to the table; anything but DESTROY also protects it. */
  readonly removalPolicy: RemovalPolicy;
  /** Whether DynamoDB refuses to delete the table. */
  readonly deletionProtection: boolean;
}

/** One on-demand table with recovery to any point of the last 35 days. */
export class SettingsTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection,
      removalPolicy: props.removalPolicy,
    });
  }
}
