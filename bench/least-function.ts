/**
 * The function whose start-up hardcap's is compared with: it only makes a DynamoDB client.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});

export const handler = async (): Promise<string> => client.config.region();
