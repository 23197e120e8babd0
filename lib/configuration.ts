/**
 * What a deployment can be told: its settings, their bounds and their defaults.
 *
 * Owns:      the names of the CDK context keys, which are also the properties of `Hardcap`.
 * Invariant: a value out of bounds or a misspelt key stops the synthesis; none is ignored.
 */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Node } from 'constructs';
import { z } from 'zod';
import { DEFAULTS } from '../lambda/contract.ts';
import { edgeProblems } from './edge-settings.ts';
import { STACK_KEYS } from './stack-context.ts';
import { tableProblems } from './table-settings.ts';

/** A deployment's settings, complete. Each name is a context key too (`-c memoryMb=2048`). */
export interface Configuration {
  /**
   * Regions that callers may name and that the gateway's role may call, 1 to 12 of them, as a role
   * has room for no more; the first is the default.
   *
   * @default ['us-east-1']
   */
  readonly regions: readonly string[];
  /** HTTP status of an answer over a cap. @default 429 */
  readonly overCapStatus: 429 | 402;
  /** How old settings may be at the start of a request, 0 to 60,000 milliseconds. @default 5000 */
  readonly settingsMaxAgeMs: number;
  /**
   * How long a reservation outlives its function's deadline, 1,000 to 3,600,000 milliseconds.
   *
   * @default 60000
   */
  readonly reservationMarginMs: number;
  /** What happens to a request that no cap covers. @default 'refuse' */
  readonly uncovered: 'refuse' | 'allow';
  /** Request members to let through although hardcap does not know their price. @default [] */
  readonly allowFields: readonly string[];
  /** How many reservations one counter may hold at a time, 1 to 2,000. @default 2000 */
  readonly maxInFlight: number;
  /** How many counters a key may open in a UTC day by request tags, 0 to 5,000. @default 1000 */
  readonly maxTagCounters: number;
  /** What is added to the metadata of requests to Bedrock. @default 'reservation' */
  readonly upstreamMetadata: 'reservation' | 'none';
  /** What becomes of a stream whose client has gone, where that can be seen. @default 'drain' */
  readonly whenClientLeaves: 'drain' | 'settle';
  /** Days that journal entries are kept, 1 to 3,650. @default 90 */
  readonly journalDays: number;
  /**
   * Days that a closed counter is kept after its window's end.
   * @default 400
   */
  readonly counterDays: number;
  /**
   * Days after which prices that neither a release nor a refresh looked at raise an alarm, 1 to
   * 3,650.
   *
   * @default 60
   */
  readonly catalogueMaxAgeDays: number;
  /** Whether the rollover function looks at AWS's price lists once a day. @default 'daily' */
  readonly priceRefresh: 'daily' | 'off';
  /**
   * Where caps stand in SSM's Parameter Store: `<prefix>/caps/<capId>`. Empty: nowhere, and nothing
   * is deployed that reads parameters.
   *
   * @default '/hardcap'
   */
  readonly ssmPrefix: string;
  /** Memory of the gateway function, 256 to 10,240 megabytes. @default 1024 */
  readonly memoryMb: number;
  /** Time-out of the gateway function, 10 to 900 seconds: the longest stream. @default 900 */
  readonly timeoutSeconds: number;
  /**
   * How many requests the gateway may serve at a time: the ceiling of what a flood of the public
   * URL can cost. 0 stops the gateway. `none` takes the setting away, for accounts whose quota of
   * concurrent executions is too small to reserve from (a new account has 10).
   *
   * @default 50
   */
  readonly reservedConcurrency: number | 'none';
  /** Days that logs are kept: one of CloudWatch's steps. @default 90 */
  readonly logRetentionDays: number;
  /**
   * How many requests refused by caps, or with a wrong key, in 5 minutes raise an alarm, 0 to
   * 1,000,000; 0 raises none.
   *
   * @default 100
   */
  readonly alarmRefusals: number;
  /**
   * Where `docs/runbook.md` is read, for the alarms' descriptions: a URL, or the path in the
   * repository.
   *
   * @default 'docs/runbook.md'
   */
  readonly runbookUrl: string;
  /** Where alarms are mailed; empty mails nobody, the topic is there all the same. @default '' */
  readonly alarmEmail: string;
  /**
   * What `cdk destroy` does to tables and logs. `destroy` also takes deletion protection away: the
   * counters are lost, so it is for trials only.
   *
   * @default 'retain'
   */
  readonly removalPolicy: 'retain' | 'destroy';
  /** What stands in front of the Function URL; docs/edge.md tells what it brings. @default 'none' */
  readonly edge: 'none' | 'cloudfront';
  /**
   * Whether the Function URL may be called directly too, while programs move to the edge or away.
   *
   * @default 'refuse'
   */
  readonly edgeDirect: 'refuse' | 'allow';
  /** A domain name of yours for the edge; empty: CloudFront's own. @default '' */
  readonly edgeDomain: string;
  /** ARN of its certificate, which must be in us-east-1. @default '' */
  readonly edgeCertificateArn: string;
  /** Requests that one address may send in 5 minutes, 100 to 2,000,000,000. @default 10000 */
  readonly edgeRateLimit: number;
  /** ARN of a web ACL of yours for CloudFront; empty: one is made. @default '' */
  readonly edgeWebAclArn: string;
  /**
   * How long CloudFront waits for the first byte, and for each next one, 1 to 900 seconds. Above
   * 120 the account's quota must be raised first.
   *
   * @default 120
   */
  readonly edgeFirstByteSeconds: number;
  /** Raised by one, the edge's secret is made anew, 1 to 1,000,000. @default 1 */
  readonly edgeSecretVersion: number;
  /** Name of the settings table that is made; empty lets CloudFormation choose one. @default '' */
  readonly settingsTableName: string;
  /** Name of the ledger table that is made; empty lets CloudFormation choose one. @default '' */
  readonly ledgerTableName: string;
  /**
   * Name of a settings table that is there already, in the same account and region; empty makes
   * one. It has the string keys `pk` and `sk`. The stack changes nothing of it.
   *
   * @default ''
   */
  readonly existingSettingsTable: string;
  /**
   * The same for the ledger table, which also has the index `open`: partition key `openKey`, a
   * string, of the keys only. Its time to live is on `ttlEpochSeconds`.
   *
   * @default ''
   */
  readonly existingLedgerTable: string;
  /**
   * ARN of a KMS key that encrypts tables, logs, the queue of failed runs and the topic of alarms;
   * empty leaves that to keys of AWS. Its key policy must let these services use it
   * (docs/deploying.md).
   *
   * @default ''
   */
  readonly kmsKeyArn: string;
  /** Tags of all that is deployed, at most 40. `-c tags=team=platform,stage=prod` @default {} */
  readonly tags: Readonly<Record<string, string>>;
  /**
   * Who may reach the gateway's URL: `none` anybody, who then needs a hardcap key; `iam` those
   * whose requests are signed by AWS credentials that may invoke it, and who send the hardcap key
   * in `x-hardcap-key` besides.
   *
   * @default 'none'
   */
  readonly authType: 'none' | 'iam';
  /** Whether X-Ray traces the functions' invocations; it samples, and is billed. @default 'off' */
  readonly tracing: 'off' | 'xray';
}

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const CERTIFICATE = /^arn:aws:acm:us-east-1:\d{12}:certificate\/[0-9a-f-]{36}$/;
const WEB_ACL = /^arn:aws:wafv2:us-east-1:\d{12}:global\/webacl\/[\w-]{1,128}\/[0-9a-f-]{36}$/;
/** An alarm's description has 1,024 characters. */
const RUNBOOK_URL = /^[!"$-~]{1,400}$/;
/** IAM takes 10,240 characters of inline policy a role; each region needs some 600. */
const MAX_REGIONS = 12;
const MAX_FIELD_NAMES = 100;
/** CloudFormation adds tags of its own; resources take 50. */
const MAX_TAGS = 40;
const TABLE_NAME = /^([A-Za-z0-9_.-]{3,255})?$/;
const KMS_KEY_ARN = /^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+)?$/;
const TAG_NAME = /^(?!aws:)[\p{L}\p{N} _.:/=+@-]{1,128}$/iu;
const TAG_VALUE = /^[\p{L}\p{N} _.:/=+@-]{0,256}$/u;
/** SSM keeps names that begin with these words for itself. */
const SSM_PREFIX = /^(?:(?!\/(?:aws|ssm))(?:\/[A-Za-z0-9_.-]+){1,10})?$/i;
const MAX_SSM_PREFIX_CHARACTERS = 200;
const EMAIL = z.union([z.literal(''), z.email()]);
const RETENTION_DAYS = Object.values(RetentionDays).filter(
  (value): value is number => typeof value === 'number' && value !== RetentionDays.INFINITE,
);

/** `-c` on the command line gives text, cdk.json gives numbers: both are read. */
const number = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);

const wholeNumber = (min: number, max: number, unit: string) =>
  number.pipe(z.int().min(min).max(max)).describe(`a whole number of ${unit}, ${min} to ${max}`);

const namesFrom = (text: string): string[] =>
  text === '' ? [] : text.split(',').map((name) => name.trim());

const names = (form: RegExp, least: number, most: number) =>
  z
    .union([z.array(z.string()), z.string().transform(namesFrom)])
    .pipe(z.array(z.string().regex(form)).min(least).max(most));

const textOrNothing = (form: RegExp, what: string) =>
  z.union([z.literal(''), z.string().regex(form)]).describe(`${what}, or nothing`);
/** `team=platform,stage=prod`; a value that holds a comma can only be written in cdk.json. */
const tagsFrom = (text: string): Record<string, string> =>
  Object.fromEntries(
    namesFrom(text).map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name, value.join('=')];
    }),
  );

const tableName = z
  .string()
  .regex(TABLE_NAME)
  .describe('the name of a table, 3 to 255 of A-Z a-z 0-9 _ . -, or nothing');

const SHAPE = {
  regions: names(REGION, 1, MAX_REGIONS).describe(
    `1 to ${MAX_REGIONS} AWS regions, such as ["us-east-1"] or us-east-1,eu-west-1`,
  ),
  overCapStatus: number.pipe(z.literal([429, 402])).describe('429 or 402'),
  settingsMaxAgeMs: wholeNumber(0, 60_000, 'milliseconds'),
  reservationMarginMs: wholeNumber(1_000, 3_600_000, 'milliseconds'),
  uncovered: z.literal(['refuse', 'allow']).describe('refuse or allow'),
  allowFields: names(FIELD_NAME, 0, MAX_FIELD_NAMES).describe(
    'names of request members, such as ["x_mode"]',
  ),
  maxInFlight: wholeNumber(1, DEFAULTS.maxInFlight, 'reservations'),
  maxTagCounters: wholeNumber(0, 5_000, 'counters'),
  upstreamMetadata: z.literal(['reservation', 'none']).describe('reservation or none'),
  whenClientLeaves: z.literal(['drain', 'settle']).describe('drain or settle'),
  journalDays: wholeNumber(1, 3_650, 'days'),
  counterDays: wholeNumber(35, 36_500, 'days'),
  catalogueMaxAgeDays: wholeNumber(1, 3_650, 'days'),
  priceRefresh: z.literal(['daily', 'off']).describe('daily or off'),
  ssmPrefix: z
    .string()
    .regex(SSM_PREFIX)
    .max(MAX_SSM_PREFIX_CHARACTERS)
    .describe('a prefix of parameters such as /hardcap, not of aws or ssm, or nothing'),
  memoryMb: wholeNumber(256, 10_240, 'megabytes'),
  timeoutSeconds: wholeNumber(10, 900, 'seconds'),
  reservedConcurrency: z
    .union([z.literal('none'), number.pipe(z.int().min(0).max(100_000))])
    .describe('a whole number of requests, 0 to 100000, or none'),
  logRetentionDays: number
    .pipe(z.literal(RETENTION_DAYS))
    .describe(`one of CloudWatch's steps in days: ${RETENTION_DAYS.join(', ')}`),
  alarmRefusals: wholeNumber(0, 1_000_000, 'requests'),
  runbookUrl: z.string().regex(RUNBOOK_URL).describe('a URL or a path, without # and blanks'),
  alarmEmail: EMAIL.describe('one e-mail address, or nothing'),
  removalPolicy: z.literal(['retain', 'destroy']).describe('retain or destroy'),
  edge: z.literal(['none', 'cloudfront']).describe('none or cloudfront'),
  edgeDirect: z.literal(['refuse', 'allow']).describe('refuse or allow'),
  edgeDomain: textOrNothing(DOMAIN, 'one domain name such as llm.example.com'),
  edgeCertificateArn: textOrNothing(
    CERTIFICATE,
    'the ARN of a certificate in us-east-1 (arn:aws:acm:us-east-1:...)',
  ),
  edgeRateLimit: wholeNumber(100, 2_000_000_000, 'requests'),
  edgeWebAclArn: textOrNothing(
    WEB_ACL,
    'the ARN of a web ACL for CloudFront (arn:aws:wafv2:us-east-1:...:global/webacl/...)',
  ),
  edgeFirstByteSeconds: wholeNumber(1, 900, 'seconds'),
  edgeSecretVersion: wholeNumber(1, 1_000_000, 'changes'),
  settingsTableName: tableName,
  ledgerTableName: tableName,
  existingSettingsTable: tableName,
  existingLedgerTable: tableName,
  kmsKeyArn: z.string().regex(KMS_KEY_ARN).describe('the ARN of a KMS key (no alias), or nothing'),
  tags: z
    .union([z.string().transform(tagsFrom), z.record(z.string(), z.string())])
    .pipe(
      z
        .record(z.string().regex(TAG_NAME), z.string().regex(TAG_VALUE))
        .refine((tags) => Object.keys(tags).length <= MAX_TAGS),
    )
    .describe(
      `at most ${MAX_TAGS} tags, such as {"team": "platform"} or team=platform,stage=prod; names ` +
        'do not begin with aws:',
    ),
  authType: z.literal(['none', 'iam']).describe('none or iam'),
  tracing: z.literal(['off', 'xray']).describe('off or xray'),
} satisfies { readonly [K in keyof Configuration]: z.ZodType<Configuration[K]> };

const SCHEMA = z.strictObject(SHAPE);

/** What holds where nothing is set; cdk.json spells the same out for people to edit. */
export const DEFAULT_CONFIGURATION: Configuration = {
  regions: DEFAULTS.regions,
  overCapStatus: DEFAULTS.overCapStatus,
  settingsMaxAgeMs: DEFAULTS.settingsMaxAgeMs,
  reservationMarginMs: DEFAULTS.reservationMarginMs,
  uncovered: 'refuse',
  allowFields: [],
  maxInFlight: DEFAULTS.maxInFlight,
  maxTagCounters: DEFAULTS.maxTagCounters,
  upstreamMetadata: DEFAULTS.upstreamMetadata,
  whenClientLeaves: DEFAULTS.whenClientLeaves,
  journalDays: DEFAULTS.journalDays,
  counterDays: DEFAULTS.counterDays,
  catalogueMaxAgeDays: DEFAULTS.catalogueMaxAgeDays,
  priceRefresh: DEFAULTS.priceRefresh,
  ssmPrefix: DEFAULTS.ssmPrefix,
  memoryMb: 1_024,
  timeoutSeconds: DEFAULTS.functionTimeoutMs / 1_000,
  reservedConcurrency: 50,
  logRetentionDays: 90,
  alarmRefusals: 100,
  runbookUrl: 'docs/runbook.md',
  alarmEmail: '',
  removalPolicy: 'retain',
  edge: 'none',
  edgeDirect: 'refuse',
  edgeDomain: '',
  edgeCertificateArn: '',
  edgeRateLimit: 10_000,
  edgeWebAclArn: '',
  edgeFirstByteSeconds: 120,
  edgeSecretVersion: 1,
  settingsTableName: '',
  ledgerTableName: '',
  existingSettingsTable: '',
  existingLedgerTable: '',
  kmsKeyArn: '',
  tags: {},
  authType: 'none',
  tracing: 'off',
};

/** The names of all settings, in the order of the documentation. */
export const CONFIGURATION_KEYS = Object.keys(SHAPE) as (keyof Configuration)[];

/**
 * The settings given, checked, over the defaults.
 *
 * @throws Error naming each setting at fault, its value, what is allowed and where to change it.
 */
export function completeConfiguration(given: Readonly<Record<string, unknown>>): Configuration {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const all: Record<string, unknown> = { ...DEFAULT_CONFIGURATION, ...Object.fromEntries(set) };
  const parsed = SCHEMA.safeParse(all);
  if (parsed.success) return consistent(parsed.data);
  const unknown = Object.keys(all).filter((key) => !isKey(key));
  const wrong = CONFIGURATION_KEYS.filter((key) =>
    parsed.error.issues.some(({ path }) => path[0] === key),
  );
  const problems = [
    ...wrong.map((key) => `"${key}" is ${JSON.stringify(all[key])}; allowed: ${allowed(key)}`),
    ...unknown.map(
      (key) =>
        `"${key}" is no setting; there are: ${[...CONFIGURATION_KEYS, ...STACK_KEYS].join(', ')}`,
    ),
  ];
  throw settingsError(problems);
}

/** @throws Error where settings that are right by themselves do not go together */
function consistent(configuration: Configuration): Configuration {
  const problems = [
    ...tableProblems(configuration),
    ...edgeProblems(configuration, DEFAULT_CONFIGURATION),
  ];
  if (problems.length > 0) throw settingsError(problems);
  return configuration;
}

/** One message for all that is wrong, and where to change it. */
export const settingsError = (problems: readonly string[]): Error =>
  new Error(
    `hardcap cannot be deployed with these settings: ${problems.join('. ')}. ` +
      'Change them in cdk.json under "context", or with -c <name>=<value>.',
  );

/**
 * The settings in a construct tree's context, checked, over the defaults.
 *
 * A plain word that is none of hardcap's is refused: a misspelt setting must not pass unseen. Keys
 * with a colon, slash or hyphen are the CDK's own and left alone.
 *
 * @throws Error as `completeConfiguration`
 */
export function configurationFromContext(node: Node): Configuration {
  const context: Record<string, unknown> = node.getAllContext();
  const ours = Object.entries(context).filter(
    ([key]) => isKey(key) || (/^[A-Za-z_]+$/.test(key) && !isStackKey(key)),
  );
  return completeConfiguration(Object.fromEntries(ours));
}

const isStackKey = (key: string): boolean => STACK_KEYS.some((name) => name === key);
const isKey = (key: string): key is keyof Configuration => Object.hasOwn(SHAPE, key);

/** What a setting may be, as it is said of a value that is not allowed. */
export const allowed = (key: keyof Configuration): string => SHAPE[key].description ?? '';
