/**
 * What each setting is, in the words of docs/settings.md, and what holds where it is absent.
 *
 * Invariant: one entry for each attribute of the schemas; the types and a test hold it to them.
 * Not here:  what a value may be (the schemas say it), the prose around the tables (the page).
 */
import type { PRICE_SHAPE } from '../lambda/adapters/settings/price-item.ts';
import type { ITEM_SHAPES } from '../lambda/adapters/settings/setting-items.ts';
import type { Configuration } from '../lib/configuration.ts';

/** An attribute of an item; `absent` is left out where the schema wants it. */
export interface AttributeWords {
  readonly what: string;
  readonly absent?: string;
}

type Words<Shape> = Readonly<Record<keyof Shape, AttributeWords>>;

const VERSION: AttributeWords = { what: "the version of the item's form" };

export const CAP_WORDS: Words<typeof ITEM_SHAPES.cap> = {
  v: VERSION,
  limitUsd: { what: 'US dollars a window; 0 refuses all' },
  window: { what: 'the calendar period' },
  timeZone: { what: "the window's time zone", absent: '`UTC`' },
  weekStart: { what: 'first day of a weekly window', absent: '`monday`' },
  keys: { what: 'the key ids that the cap covers', absent: 'all keys' },
  teams: { what: "the key's team; a key without a team is `-`", absent: 'all teams' },
  vendors: { what: "the model's vendor (`anthropic`, `amazon`)", absent: 'all vendors' },
  models: {
    what:
      'model ids, with or without the profile prefix (`us.`); `amazon.bedrock-guardrail*` are ' +
      'the two guardrail operations ([models.md](models.md#guardrails))',
    absent: 'all models',
  },
  tags: {
    what:
      "from a tag's name to patterns of its value on the key; all named tags must match; a " +
      'missing tag is `-`',
    absent: 'all tags',
  },
  requestTags: {
    what: 'the same for tags of the [request](#what-a-request-may-say-of-itself)',
    absent: 'all tags',
  },
  splitBy: {
    what:
      "a counter, and the whole limit, for each value. `tag:<name>` is the key's tag where it " +
      "has one of that name, else the request's; `key-tag:<name>` and `request-tag:<name>` are " +
      'the one or the other alone',
    absent: 'one counter for all that it covers',
  },
  action: {
    what:
      '`block` refuses; `warn` counts and never refuses; `clamp` lowers the output limit to what ' +
      'remains, and refuses where less than 256 tokens would be left ' +
      '([0011](decisions/0011-clamp.md))',
    absent: '`block`',
  },
  streaming: {
    what:
      "`full` reserves a stream's whole bound; `progressive` reserves it as it goes and cuts it " +
      'when there is no more room: more streams fit, and the cap is softer ' +
      "([0006](decisions/0006-progressive.md)). It goes by the cap's own counters alone, and " +
      'changes nothing for answers that are no streams, for models that may think unseen, and ' +
      'for `warn`',
    absent: '`full`',
  },
  raisedLimitUsd: {
    what: 'US dollars: a higher limit while `raisedUntil` is ahead; a lower one changes nothing',
    absent: 'no raise',
  },
  raisedUntil: { what: 'when the raise ends; goes with `raisedLimitUsd`', absent: 'no raise' },
  alertPercents: {
    what: '1 to 1000; each is told once a window by the rollover function ([alerts.md](alerts.md))',
    absent: '50, 80, 100',
  },
  defaultMaxTokens: {
    what:
      'the output limit written into a request that names none; of several caps the smallest ' +
      "holds, and a key's own goes before all",
    absent: "the model's maximum",
  },
  enabled: { what: '`false` lets the cap rest', absent: '`true`' },
  expiresAt: { what: 'when the cap ends for good', absent: 'never' },
};

export const KEY_WORDS: Words<typeof ITEM_SHAPES.key> = {
  v: VERSION,
  secretSha256: { what: 'the hash of the key (`hc_..._..._...`)' },
  previousSha256: {
    what:
      'the hash of the key before its last rotation, which works until `previousUntil`; the two ' +
      'go together',
    absent: 'no old secret works',
  },
  previousUntil: {
    what: 'when the old secret stops working, its running streams too',
    absent: 'no old secret works',
  },
  enabled: { what: '`false` stops the key, its running streams too', absent: '`true`' },
  team: { what: 'one name, for caps to select and split by', absent: 'no team (`-`)' },
  tags: {
    what: 'from tag names to text, for caps to select and split by; 1 to 50 tags',
    absent: 'no tags',
  },
  models: { what: 'the model ids that it may use', absent: 'all models that have a price' },
  maxRequestUsd: {
    what:
      'US dollars that one request may cost at most; 0 refuses all. No clamp brings a request ' +
      'below it',
    absent: 'no bound but the caps',
  },
  defaultMaxTokens: {
    what: 'the output limit written into a request that names none',
    absent: 'that of the caps',
  },
  expiresAt: { what: 'from when it no longer works', absent: 'never' },
};

export const PRICE_WORDS: Words<typeof PRICE_SHAPE> = {
  v: VERSION,
  inputUsdPerMillion: {
    what: 'a million input tokens',
    absent: 'malformed, unless `free` or billed by `units` alone',
  },
  outputUsdPerMillion: {
    what: 'a million output tokens',
    absent: 'malformed, unless `free` or `maxOutputTokens` is 0',
  },
  cacheReadUsdPerMillion: {
    what: 'a million tokens read from the prompt cache',
    absent: 'the input price',
  },
  cacheWrite5mUsdPerMillion: {
    what:
      'a million tokens written to the cache for 5 minutes; never counted as less than the input ' +
      'price',
    absent: 'the input price',
  },
  cacheWrite1hUsdPerMillion: {
    what: 'a million tokens written to the cache for 1 hour',
    absent: 'twice the input price where `cacheWrite5mUsdPerMillion` is set, else as input',
  },
  longContext: {
    what:
      'prices that hold for the whole request when its input, cached tokens included, is larger ' +
      'than the threshold',
    absent: 'one price for all',
  },
  priorityFactor: {
    what: 'what the priority tier multiplies each token price by',
    absent: 'the tier is refused',
  },
  optimized: {
    what: 'the five prices of optimised latency',
    absent: 'optimised latency is refused',
  },
  units: {
    what: 'US dollars for one of each of [the units](prices.md#units)',
    absent: 'the guardrail prices; other units are refused',
  },
  family: {
    what: 'whose requests and answers the model reads and writes',
    absent: 'that of the catalogue',
  },
  contextWindowTokens: {
    what: 'the most input that the model takes; goes with `family`',
    absent: 'that of the catalogue',
  },
  maxOutputTokens: {
    what: 'the most output; 0 where it writes none; goes with `family`',
    absent: 'that of the catalogue',
  },
  free: {
    what:
      '`true`: the model costs nothing; then no price may stand beside it. A guardrail that a ' +
      'request names costs all the same',
    absent: '`false`',
  },
  approved: {
    what: 'of `auto:` items alone: an operator approved it, so it may be below the catalogue',
    absent: '`false`',
  },
};

export const ALIAS_WORDS: Words<typeof ITEM_SHAPES.alias> = {
  v: VERSION,
  model: {
    what: "what the name stands for, an application inference profile's ARN too; not another alias",
  },
};

/** What every item may hold beside its attributes; nothing is decided by it. */
export const FREE_WORDS = {
  note: { what: 'anything, for people', absent: 'nothing' },
  history: { what: 'the last 20 changes by the command line: who, what, why', absent: 'nothing' },
} as const satisfies Record<string, AttributeWords>;

/** What a setting of the deployment does; its default is the code's. */
export const DEPLOYMENT_WORDS: Readonly<Record<keyof Configuration, string>> = {
  regions:
    'Bedrock is called there; the first where a caller names none. Others are refused ' +
    '(`region_not_allowed`)',
  overCapStatus: 'the status of an answer over a cap ([clients.md](clients.md#what-the-user-sees))',
  settingsMaxAgeMs: 'how old settings may be at the start of a request: when a change holds',
  reservationMarginMs:
    "how long a reservation outlives its function's deadline; then it is charged in full. Locally " +
    '0 is allowed too',
  uncovered: 'a request that no cap covers. With `allow` it has no limit',
  allowFields:
    'request members to let through although hardcap does not know them; dotted paths too. A ' +
    'member that raises the price breaks the promise',
  maxInFlight:
    'how many reservations one counter may hold at a time; past it the reason is ' +
    '`in-flight-limit`. Locally up to 10,000',
  maxTagCounters:
    'how many counters a key may open in a UTC day by tags of its requests; past it the reason is ' +
    '`tag-counter-limit`',
  upstreamMetadata:
    "`reservation`: requests to Bedrock carry the reservation's id in their metadata, as " +
    "`hardcap-reservation`, so that AWS's log of invocations can be matched to the journal",
  whenClientLeaves:
    '`drain`: a stream whose client has gone is read on for its usage; `settle`: it is ended and ' +
    'charged in full. It needs a front that tells: local mode does, a Function URL does not',
  journalDays: 'how long journal entries are kept',
  counterDays: "how long a closed counter is kept after its window's end; lifetime ones never go",
  catalogueMaxAgeDays:
    'after so many days prices that neither a release nor a refresh looked at are old: `status` ' +
    'warns, an alarm goes off',
  priceRefresh:
    "whether the rollover function looks at AWS's price lists ([prices.md](prices.md#the-refresh))",
  memoryMb: 'memory of the gateway function, and its share of CPU',
  timeoutSeconds: 'the longest stream is cut 5 s before that',
  reservedConcurrency:
    'requests that the gateway serves at a time: the ceiling of what a flood costs. 0 stops it',
  logRetentionDays: 'how long logs are kept',
  alarmRefusals:
    'as many requests in 5 minutes, refused by caps or with a wrong key, raise an alarm; 0: none ' +
    'does',
  runbookUrl: 'alarms name the section of that file that says what to do',
  alarmEmail:
    'where alarms and [alerts](alerts.md) are mailed; without it they go to an SNS topic that ' +
    'nobody is subscribed to',
  removalPolicy:
    '`retain`: `cdk destroy` keeps tables and logs, and tables are protected from deletion',
  edge: 'what stands in front of the Function URL ([edge.md](edge.md))',
  edgeDirect: 'whether the Function URL may be called directly beside an edge',
  edgeDomain: "a domain of yours for the edge; without it CloudFront's own",
  edgeCertificateArn: 'the certificate of that domain',
  edgeRateLimit: 'requests that one address may send in 5 minutes',
  edgeWebAclArn: 'a web ACL of yours; without it one is made',
  edgeFirstByteSeconds:
    "how long CloudFront waits for the first byte, and for each next one; above 120 the account's " +
    'quota must be raised first',
  edgeSecretVersion:
    "raised by one, the edge's secret is made anew ([edge.md](edge.md#the-secret))",
  ssmPrefix:
    'the prefix of the parameters that say [caps](#caps-from-parameter-store); nothing: there is no ' +
    'sync',
  settingsTableName: 'name of the settings table that is made; without it CloudFormation chooses',
  ledgerTableName: 'the same for the ledger table',
  existingSettingsTable:
    'a table [that is there already](deploying.md#tables-that-are-there-already); without it one is ' +
    'made',
  existingLedgerTable: 'the same for the ledger table',
  kmsKeyArn:
    '[a key of yours](deploying.md#a-key-of-your-own) for tables, logs, queue and topic; without it ' +
    'keys of AWS',
  tags: 'tags of all that is deployed',
  authType:
    '`none`: anybody reaches the URL, and needs a hardcap key; `iam`: ' +
    '[signed requests](deploying.md#organizations-that-forbid-public-urls) only, and the key besides',
  tracing: "`xray` traces the functions' invocations; X-Ray samples them, and bills what it keeps",
};
