/**
 * The ParameterList port on SSM's Parameter Store: every parameter under `<prefix>/caps`.
 *
 * Invariant: nothing is decrypted. A limit is no secret, and its value would stand in the settings
 *            table for all who read caps; so a SecureString is listed without its value.
 */
import {
  type GetParametersByPathCommandInput,
  paginateGetParametersByPath,
  SSMClient,
  type SSMClientConfig,
  type Parameter as SsmParameter,
} from '@aws-sdk/client-ssm';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SSM_CAPS_FOLDER } from '../../contract.ts';
import type { Parameter, ParameterList } from '../../ports/parameters.ts';

/** SSM gives no more at a time. */
const PAGE_SIZE = 10;
const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 3_000;
/** SSM's rates are the whole account's, so being told to slow down is nothing unusual. */
const MAX_ATTEMPTS = 5;
/** Less than the function's minute: what is left is for the writes. */
const LIST_TIMEOUT_MS = 40_000;

export interface SsmParametersOptions {
  readonly client: SSMClient;
  /** Such as `/hardcap`. */
  readonly prefix: string;
}

/** A client that waits and tries again where it is told to slow down. */
export const createSsmClient = (config: SSMClientConfig = {}): SSMClient =>
  new SSMClient({
    ...config,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    }),
  });

/** The parameters under `<prefix>/caps`, of all levels, as a list that is read anew each time. */
export function createSsmParameters({ client, prefix }: SsmParametersOptions): ParameterList {
  const path = `${prefix}/${SSM_CAPS_FOLDER}`;
  const input: GetParametersByPathCommandInput = {
    Path: path,
    // What stands deeper has no cap's name: it is listed to be refused, and not overlooked.
    Recursive: true,
    WithDecryption: false,
    MaxResults: PAGE_SIZE,
  };
  return {
    source: `parameters under ${path}`,
    readAll: async (most) => {
      const abortSignal = AbortSignal.timeout(LIST_TIMEOUT_MS);
      const found: Parameter[] = [];
      // A copy: the paginator writes its token into what it is given.
      for await (const page of paginateGetParametersByPath(
        { client },
        { ...input },
        { abortSignal },
      )) {
        for (const parameter of page.Parameters ?? []) found.push(read(path, parameter));
        if (found.length > most) break;
      }
      return found;
    },
  };
}

/** @throws Error where what SSM gives is not what was asked for */
function read(path: string, { Name: name, Type: type, Value: value }: SsmParameter): Parameter {
  if (name === undefined || type === undefined || !name.startsWith(`${path}/`)) {
    throw new Error(`SSM listed a parameter that is not under ${path}: ${name}`);
  }
  const isReadable = type !== 'SecureString' && value !== undefined;
  return {
    name: name.slice(path.length + 1),
    source: `parameter ${name}`,
    type,
    ...(isReadable ? { value } : {}),
  };
}
