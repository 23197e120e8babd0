/**
 * Keys in AWS Secrets Manager: one secret a name, whose value is the whole key as it is presented.
 *
 * Invariant: a secret that holds anything but a key of hardcap is never written over.
 * Not here:  when a key may be used (key-secret.ts).
 */
import type { SecretsManagerClient, Tag } from '@aws-sdk/client-secrets-manager';
import { type Connection, loopbackConfig } from './connection.ts';
import { CliFailure, explain, wrongUse } from './failure.ts';

/** Where a key is kept once it was written. */
export interface KeptSecret {
  readonly name: string;
  readonly arn: string;
  /** Whether the secret was there before, and has a new version now. */
  readonly isNewVersion: boolean;
}

export interface SecretStore {
  /** Asks what is there, and writes nothing. @throws CliFailure where the name cannot be used */
  open(name: string): Promise<SecretPlace>;
}

/** A secret that may be written, or that may be made. */
export interface SecretPlace {
  /**
   * Makes the secret, or its new version.
   *
   * @throws CliFailure where nothing was written; SecretUnknown where that is not known
   */
  write(key: string, keyId: string): Promise<KeptSecret>;
}

/** The write had no answer, or none that says whether it took effect. */
export class SecretUnknown extends Error {}

/** Marks the secrets that hold a key, so that no other one is ever written over. */
export const OWN_TAG = 'hardcap';

/** The SDK's own variable; an emulator's address. */
const ENDPOINT_VARIABLE = 'AWS_ENDPOINT_URL_SECRETS_MANAGER';
const TIMEOUT_MS = 20_000;

/**
 * Secrets Manager of the account that the tables are in. Loaded only here: no other command
 * needs its SDK.
 *
 * @throws CliFailure where the tables are on this machine, and no account stands behind them
 */
export async function openSecretStore(connection: Connection): Promise<SecretStore> {
  const endpoint = process.env[ENDPOINT_VARIABLE];
  if (connection.isLocal && endpoint === undefined) {
    throw wrongUse(
      `--secret-name is for keys in AWS, and ${connection.name} is on this machine, without a ` +
        'Secrets Manager: leave it out, and the key is printed; or name a deployed stack ' +
        `(--stack). To try it on an emulator, set ${ENDPOINT_VARIABLE}`,
    );
  }
  const sdk = await import('@aws-sdk/client-secrets-manager');
  const client = new sdk.SecretsManagerClient({
    ...connection.aws,
    requestHandler: { requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
    ...loopbackConfig(endpoint, connection.aws.region),
  });
  return { open: (name) => openPlace({ sdk, client }, name) };
}

interface Service {
  readonly sdk: typeof import('@aws-sdk/client-secrets-manager');
  readonly client: SecretsManagerClient;
}

async function openPlace(service: Service, name: string): Promise<SecretPlace> {
  const { sdk, client } = service;
  const found = await asked('DescribeSecret', name, async () => {
    try {
      return await client.send(new sdk.DescribeSecretCommand({ SecretId: name }));
    } catch (error) {
      if (error instanceof sdk.ResourceNotFoundException) return undefined;
      throw error;
    }
  });
  if (found === undefined) return { write: (key, keyId) => create(service, name, key, keyId) };
  if (found.DeletedDate !== undefined) {
    throw new CliFailure(
      `the secret "${name}" is marked for deletion: restore it (aws secretsmanager ` +
        `restore-secret --secret-id ${name}), or choose another name`,
    );
  }
  const isEmpty = Object.keys(found.VersionIdsToStages ?? {}).length === 0;
  if (!isEmpty && !isOwn(found.Tags)) {
    throw new CliFailure(
      `the secret "${name}" holds something that hardcap has not put there, and it is not ` +
        'written over: choose another name, or, if it is meant to hold a key, say so by a tag: ' +
        `aws secretsmanager tag-resource --secret-id ${name} --tags Key=${OWN_TAG},Value=key`,
    );
  }
  return { write: (key) => putVersion(service, name, key) };
}

const isOwn = (tags: readonly Tag[] = []): boolean => tags.some(({ Key }) => Key === OWN_TAG);

async function create(
  { sdk, client }: Service,
  name: string,
  key: string,
  keyId: string,
): Promise<KeptSecret> {
  const command = new sdk.CreateSecretCommand({
    Name: name,
    Description: `hardcap key ${keyId}`,
    SecretString: key,
    Tags: [{ Key: OWN_TAG, Value: 'key' }],
  });
  const { ARN: arn = name } = await asked('CreateSecret', name, () => client.send(command));
  return { name, arn, isNewVersion: false };
}

async function putVersion(
  { sdk, client }: Service,
  name: string,
  key: string,
): Promise<KeptSecret> {
  const command = new sdk.PutSecretValueCommand({ SecretId: name, SecretString: key });
  const { ARN: arn = name } = await asked('PutSecretValue', name, () => client.send(command));
  return { name, arn, isNewVersion: true };
}

/** Asks, and says in words what went wrong. The secret itself is in no error. */
async function asked<Answer>(
  action: 'DescribeSecret' | 'CreateSecret' | 'PutSecretValue',
  name: string,
  send: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    const failure = `the secret "${name}" could not be ${VERBS[action]}: ${reasonOf(action, error)}`;
    if (action === 'DescribeSecret' || isCertain(error)) {
      throw new CliFailure(failure, { cause: error });
    }
    throw new SecretUnknown(failure, { cause: error });
  }
}

const VERBS = {
  DescribeSecret: 'looked up',
  CreateSecret: 'made',
  PutSecretValue: 'given a new version',
} as const;

/** Making a secret also tags it. */
const ACTIONS = {
  DescribeSecret: 'secretsmanager:DescribeSecret',
  CreateSecret: 'secretsmanager:CreateSecret and secretsmanager:TagResource',
  PutSecretValue: 'secretsmanager:PutSecretValue',
} as const;

function reasonOf(action: keyof typeof ACTIONS, error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AccessDeniedException') {
    return (
      `these AWS credentials need ${ACTIONS[action]} on it, and on its KMS key if it has one of ` +
      `its own; allow that, or use a profile that may (--profile). AWS says: ${error.message}`
    );
  }
  return explain(error);
}

/** Credentials that are missing are found out before anything is sent. */
const NOT_SENT = new Set(['CredentialsProviderError', 'ECONNREFUSED', 'ENOTFOUND']);

/** An answer of 4xx says that nothing was written; everything else leaves it open. */
function isCertain(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: string };
  const status = $metadata?.httpStatusCode ?? 500;
  return (status >= 400 && status < 500) || NOT_SENT.has(error.name) || NOT_SENT.has(code ?? '');
}
