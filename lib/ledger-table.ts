/**
 * The ledger table: counters and the journal, which only the functions write.
 *
 * Invariant: counters carry no TTL attribute, so only journal entries ever expire.
 */
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { TABLE } from '../lambda/contract.ts';
import { nameAndEncryption, type TableProps, type TableReference } from './settings-table.ts';

/** One on-demand table with recovery, TTL for the journal and the index of open counters. */
export class LedgerTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
      timeToLiveAttribute: TABLE.ttl,
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...nameAndEncryption(props),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection,
      removalPolicy: props.removalPolicy,
    });
    // Only counters that are still open carry the key, and it is written once: the many writes to
    // a counter never touch the index, whose own throughput is therefore no limit to them.
    this.table.addGlobalSecondaryIndex({
      indexName: TABLE.openIndex,
      partitionKey: { name: TABLE.openKey, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
}

/** ARN of a ledger table's index of open counters. */
export const openIndexArn = (ledger: TableReference): string =>
  `${ledger.tableArn}/index/${TABLE.openIndex}`;
