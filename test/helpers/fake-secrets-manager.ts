/**
 * A Secrets Manager on this machine: what the command line asks of it, in its wire format.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Secret {
  readonly values: string[];
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly isDeleted?: boolean;
}

/** What an operation answers in place of its own answer. */
export type SecretsFault =
  | { readonly status: number; readonly type: string; readonly message: string }
  /** The connection is cut after the operation took effect. */
  | 'answer-lost';

export interface FakeSecretsManager {
  readonly url: string;
  readonly secrets: Map<string, Secret>;
  /** Operations in their order. */
  readonly operations: string[];
  /** By operation. */
  readonly faults: Map<string, SecretsFault>;
  /** Runs when an operation arrives, before it takes effect. */
  onOperation: (operation: string) => Promise<void>;
  close(): Promise<void>;
}

interface Asked {
  readonly Name: string;
  readonly SecretId: string;
  readonly SecretString: string;
  readonly Tags: Secret['tags'];
}

/** Starts on a free port of 127.0.0.1. */
export async function startFakeSecretsManager(): Promise<FakeSecretsManager> {
  const server = createServer((request, response) => {
    void (async () => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      fake.operations.push(operation);
      await fake.onOperation(operation);
      const fault = fake.faults.get(operation);
      const asked = JSON.parse(await textOf(request)) as Asked;
      const { status, body } =
        fault === undefined || fault === 'answer-lost'
          ? answer(fake, operation, asked)
          : errorOf(fault);
      if (fault === 'answer-lost') return response.destroy();
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      return response.end(JSON.stringify(body));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fake: FakeSecretsManager = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets: new Map(),
    operations: [],
    faults: new Map(),
    onOperation: async () => undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

const errorOf = (fault: Exclude<SecretsFault, string>) => ({
  status: fault.status,
  body: { __type: fault.type, message: fault.message },
});

/** As AWS writes it, with six characters of its own. */
export const secretArn = (name: string): string =>
  `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-a1B2c3`;

function answer({ secrets }: FakeSecretsManager, operation: string, asked: Asked) {
  const name = asked.Name ?? asked.SecretId;
  const secret = secrets.get(name);
  if (operation === 'CreateSecret') {
    if (secret !== undefined) return failure('ResourceExistsException');
    secrets.set(name, { values: [asked.SecretString], tags: asked.Tags });
    return { status: 200, body: { ARN: secretArn(name), Name: name, VersionId: 'v0' } };
  }
  if (secret === undefined) return failure('ResourceNotFoundException');
  if (operation === 'PutSecretValue') {
    secret.values.push(asked.SecretString);
    return { status: 200, body: { ARN: secretArn(name), Name: name, VersionId: 'v1' } };
  }
  const versions = secret.values.map((_, index) => [`v${index}`, ['AWSCURRENT']]);
  const body = {
    ARN: secretArn(name),
    Name: name,
    Tags: secret.tags,
    VersionIdsToStages: Object.fromEntries(versions),
    ...(secret.isDeleted === true && { DeletedDate: 1_790_000_000 }),
  };
  return { status: 200, body };
}

const failure = (type: string) => errorOf({ status: 400, type, message: `${type} of the fake.` });

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
