/**
 * What the real SDK makes of an answer of DynamoDB: the document client, and a server beneath it
 * that gives every request the same answer.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, type UpdateCommand } from '@aws-sdk/lib-dynamodb';

/** The error that the SDK throws where DynamoDB answers 400 with this body. */
export async function sdkErrorOf(body: object, command: UpdateCommand): Promise<unknown> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const document = DynamoDBDocumentClient.from(client, {
    unmarshallOptions: { wrapNumbers: true },
  });
  try {
    await document.send(command);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    client.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}
