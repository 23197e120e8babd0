/**
 * Which stack the app makes and where, from the context: what is the app's to know, not hardcap's.
 */
import type { Node } from 'constructs';
import { z } from 'zod';

/** Properties of the stack that the context may give; one left out is not set. */
export interface StackContext {
  /** So that several can live in one account and region. @default 'Hardcap' */
  readonly stackName?: string;
  /**
   * Account and region that the stack is bound to; they go together.
   *
   * @default - those of the credentials that deploy it
   */
  readonly env?: { readonly account: string; readonly region: string };
}

const SHAPE = {
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/)
    .describe('1 to 128 of A-Z a-z 0-9 -, beginning with a letter'),
  stackAccount: z
    .union([z.string(), z.number().transform(String)])
    .pipe(z.string().regex(/^\d{12}$/))
    .describe('12 digits, as text'),
  stackRegion: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
    .describe('an AWS region, such as eu-west-1'),
} as const;

type StackKey = keyof typeof SHAPE;

/** Context keys that are the app's own. */
export const STACK_KEYS = Object.keys(SHAPE) as readonly StackKey[];

/**
 * Reads the stack's name, account and region; what is absent or empty is not set.
 *
 * @throws Error naming the key at fault and what is allowed
 */
export function stackFromContext(node: Node): StackContext {
  const name = contextOf(node, 'stackName');
  const account = contextOf(node, 'stackAccount');
  const region = contextOf(node, 'stackRegion');
  if ((account === undefined) !== (region === undefined)) {
    throw new Error(
      'hardcap cannot be deployed with these settings: "stackAccount" and "stackRegion" go ' +
        'together; give both, or neither to deploy where the credentials lead.',
    );
  }
  return {
    ...(name === undefined ? {} : { stackName: name }),
    ...(account === undefined || region === undefined ? {} : { env: { account, region } }),
  };
}

function contextOf(node: Node, key: StackKey): string | undefined {
  const given: unknown = node.tryGetContext(key);
  if (given === undefined || given === '') return undefined;
  const parsed = SHAPE[key].safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(
    `hardcap cannot be deployed with these settings: "${key}" is ${JSON.stringify(given)}; ` +
      `allowed: ${SHAPE[key].description}. Change it in cdk.json under "context", or with ` +
      `-c ${key}=<value>.`,
  );
}
