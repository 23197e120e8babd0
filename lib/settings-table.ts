/**
 * The settings table: caps, keys and prices, which people edit and the gateway only reads.
 */
import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type ITable,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { TABLE } from '../lambda/contract.ts';

/** What the rest of the stack knows of a table, its own or one that was there already. */
export type TableReference = Pick<ITable, 'tableName' | 'tableArn' | 'encryptionKey'>;

/** What both tables can be told. */
export interface TableProps {
  /** What a destroyed stack does to the table; anything but DESTROY also protects it. */
  readonly removalPolicy: RemovalPolicy;
  /** Whether DynamoDB refuses to delete the table. */
  readonly deletionProtection: boolean;
  /** @default - CloudFormation chooses one */
  readonly tableName?: string;
  /** @default - the key that AWS manages for DynamoDB */
  readonly encryptionKey?: IKey;
}

/** Name and encryption of a table, as its construct takes them. */
export const nameAndEncryption = ({ tableName, encryptionKey }: TableProps) => ({
  ...(tableName === undefined ? {} : { tableName }),
  ...(encryptionKey === undefined
    ? { encryption: TableEncryption.AWS_MANAGED }
    : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
});

/** One on-demand table with recovery to any point of the last 35 days. */
export class SettingsTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...nameAndEncryption(props),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection,
      removalPolicy: props.removalPolicy,
    });
  }
}
