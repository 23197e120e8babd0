/**
 * The names that the stack and the functions must agree on: environment, tables, metrics.
 *
 * Owns: every name that is written on one side of a deployment and read on the other.
 * Not here: behaviour. `lib` imports this file and nothing else of `lambda`.
 */

/** Environment variables of both functions; `docs/settings.md` explains each. */
export const ENV = {
  settingsTable: 'HARDCAP_SETTINGS_TABLE',
  ledgerTable: 'HARDCAP_LEDGER_TABLE',
  /** Comma-separated regions that callers may name and that IAM allows; the first is the default. */
  regions: 'HARDCAP_REGIONS',
  /** 429 (default) or 402: the status of an answer over a cap. */
  overCapStatus: 'HARDCAP_OVER_CAP_STATUS',
  /** Milliseconds; how old settings may be at the start of a request. */
  settingsMaxAgeMs: 'HARDCAP_SETTINGS_MAX_AGE_MS',
  /** Milliseconds that a reservation outlives its function's deadline. */
  reservationMarginMs: 'HARDCAP_RESERVATION_MARGIN_MS',
  /** `refuse` (default) or `allow`: what happens to a request that no cap covers. */
  uncovered: 'HARDCAP_UNCOVERED',
  /** Comma-separated request members to let through although hardcap does not know them. */
  allowFields: 'HARDCAP_ALLOW_FIELDS',
  /** How many reservations one counter may hold at a time. */
  maxInFlight: 'HARDCAP_MAX_IN_FLIGHT',
  /** How many counters a key may open in a UTC day by tags of its requests. */
  maxTagCounters: 'HARDCAP_MAX_TAG_COUNTERS',
  /** `reservation` (default) or `none`: what is added to the metadata of requests to Bedrock. */
  upstreamMetadata: 'HARDCAP_UPSTREAM_METADATA',
  /** `drain` (default) or `settle`: what becomes of a stream whose client has gone. */
  whenClientLeaves: 'HARDCAP_WHEN_CLIENT_LEAVES',
  /** Days that journal entries are kept (DynamoDB TTL). */
  journalDays: 'HARDCAP_JOURNAL_DAYS',
  /** Days that a closed counter is kept after its window; lifetime counters are kept for ever. */
  counterDays: 'HARDCAP_COUNTER_DAYS',
  /** Days after which prices that nobody looked at are called old. */
  catalogueMaxAgeDays: 'HARDCAP_CATALOGUE_MAX_AGE_DAYS',
  /** `daily` (default) or `off`: whether the rollover function looks for new prices. */
  priceRefresh: 'HARDCAP_PRICE_REFRESH',
  /** Where caps stand in SSM's Parameter Store: `<prefix>/caps/<capId>`; empty: nowhere. */
  ssmPrefix: 'HARDCAP_SSM_PREFIX',
  /**
   * Secrets that the edge proves itself by, comma-separated: the current one and the one before.
   * Set: a request without one of them is refused. Unset: nothing is asked for.
   */
  originSecret: 'HARDCAP_ORIGIN_SECRET',
} as const;

/** The header in which the edge sends its secret; CloudFront replaces what a client sends in it. */
export const ORIGIN_SECRET_HEADER = 'x-hardcap-origin-secret';

/** Defaults of the settings above, in the same units. */
export const DEFAULTS = {
  regions: ['us-east-1'] as readonly string[],
  overCapStatus: 429,
  settingsMaxAgeMs: 5_000,
  reservationMarginMs: 60_000,
  maxInFlight: 2_000,
  maxTagCounters: 1_000,
  upstreamMetadata: 'reservation',
  whenClientLeaves: 'drain',
  journalDays: 90,
  counterDays: 400,
  catalogueMaxAgeDays: 60,
  priceRefresh: 'daily',
  ssmPrefix: '/hardcap',
  functionTimeoutMs: 900_000,
  rolloverIntervalMs: 60_000,
} as const;

/** Attribute names that both tables' definitions need. */
export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  ttl: 'ttlEpochSeconds',
  /** The sparse index of counters that are still open, on the ledger table. */
  openIndex: 'open',
  openKey: 'openKey',
} as const;

/** What stands between the prefix of SSM parameters and a cap's id. */
export const SSM_CAPS_FOLDER = 'caps';

/** The attributes of a settings item that the SSM sync writes: its role allows no others. */
export const SYNCED_ATTRIBUTES = ['pk', 'sk', 'v', 'source', 'type', 'value', 'fault', 'run'];

/** CloudWatch namespace of every metric. */
export const METRIC_NAMESPACE = 'hardcap';

/** The one dimension that every metric carries: which function emitted it. */
export const METRIC_DIMENSION = 'service';
export const METRIC_SERVICE = {
  gateway: 'gateway',
  rollover: 'rollover',
  ssmSync: 'ssm-sync',
} as const;

/**
 * What a request's line of metrics says beside them, as plain fields: free of charge, for Logs
 * Insights to group by. None is a dimension, as each value of one would be a metric of its own.
 */
export const METRIC_PROPERTY = {
  requestId: 'requestId',
  /** Id of the key; with `reason` = `unknown_key` it is what the caller claims. */
  key: 'key',
  team: 'team',
  /** Bedrock's id, or what was asked for where that has no price. */
  model: 'model',
  vendor: 'vendor',
  operation: 'operation',
  /** The cap that refused. */
  cap: 'cap',
  /** Why it was refused or failed: a code of `docs/errors.md`, or a full cap's reason. */
  reason: 'reason',
  /** The request's member that `reason` is about. */
  field: 'field',
  /** How it ended in money: settled, released, charged-in-full or cut. */
  outcome: 'outcome',
  /** HTTP status of the answer. */
  status: 'status',
} as const;

/** Metrics that the code emits; the dashboard and the alarms may name only these. */
export const METRIC = {
  /** US dollars settled (approximate: CloudWatch keeps doubles; the ledger keeps the truth). */
  spendUsd: 'SpendUsd',
  /** US dollars reserved at admission. */
  reservedUsd: 'ReservedUsd',
  requests: 'Requests',
  /** Requests that a full cap refused; the five below say why, and add up to it. */
  refusals: 'Refusals',
  refusedSpent: 'RefusedSpent',
  refusedReservedInFlight: 'RefusedReservedInFlight',
  refusedLargerThanLimit: 'RefusedLargerThanLimit',
  refusedInFlightLimit: 'RefusedInFlightLimit',
  refusedTagCounterLimit: 'RefusedTagCounterLimit',
  /** Requests over what the key or the request itself allows one request to cost. */
  refusedTooDear: 'RefusedTooDear',
  /** Requests that no cap covers. */
  refusedNoCap: 'RefusedNoCap',
  /** Requests for a model, or with a field, that hardcap has no price for. */
  refusedUnpriced: 'RefusedUnpriced',
  /** Requests for a model or a region that the key or the gateway may not use. */
  refusedNotAllowed: 'RefusedNotAllowed',
  /** Requests that could not be read, or that no route serves. */
  refusedInvalid: 'RefusedInvalid',
  /** Requests without a key, or with one that is unknown, wrong, disabled or expired. */
  authenticationFailures: 'AuthenticationFailures',
  /** Requests refused because the ledger or the settings did not answer. */
  refusedUnavailable: 'RefusedUnavailable',
  /** Requests that were admitted with a lower output limit than they asked for. */
  clamped: 'RequestsClamped',
  /** Requests that were answered with an error of hardcap's or of Bedrock's. */
  errors: 'Errors',
  /** Milliseconds from when an admitted request came in to when it was sent to Bedrock. */
  addedLatencyMs: 'AddedLatencyMs',
  reserveLatencyMs: 'ReserveLatencyMs',
  /** Milliseconds that the books of one request took to close, its slowest counter's. */
  settleLatencyMs: 'SettleLatencyMs',
  upstreamLatencyMs: 'UpstreamLatencyMs',
  /** Requests that got no whole answer of Bedrock's, or none in time. */
  upstreamFailures: 'UpstreamFailures',
  streamsCut: 'StreamsCut',
  overruns: 'Overruns',
  /** Requests that cost a progressive cap more than it had reserved: no fault, and no alarm. */
  softOverruns: 'ProgressiveOverruns',
  /** Streams of Bedrock's that broke off, ended within a frame, or held bytes that are no frames. */
  streamsDamaged: 'StreamsDamaged',
  settleFailures: 'SettleFailures',
  /** Calls of the ledger that failed after all their attempts, the journal's included. */
  ledgerErrors: 'LedgerErrors',
  /** Attempts beyond the first of a write to the ledger: throttled, or without an answer. */
  ledgerRetries: 'LedgerRetries',
  malformedSettings: 'MalformedSettings',
  chargedInFull: 'ChargedInFull',
  expired: 'ReservationsExpired',
  /** Runs of the rollover function in which nothing failed. */
  rolloverRuns: 'RolloverRuns',
  invariantBroken: 'InvariantBroken',
  windowsClosed: 'WindowsClosed',
  thresholdsReached: 'ThresholdsReached',
  /** Events that the bus did not take; the next run tells them. */
  eventFailures: 'EventsNotDelivered',
  /** Refreshed prices that were taken at once, and those that wait for an approval. */
  pricesChanged: 'PricesChanged',
  pricesProposed: 'PricesProposed',
  /** Parts of a price source that could not be read. */
  priceRefreshFailures: 'PriceRefreshFailures',
  /** Whole days since anyone looked at the prices; the largest counts. */
  catalogueAgeDays: 'CatalogueAgeDays',
  /** Runs of the SSM sync that failed, wholly or in part: caps may be as they were before. */
  ssmSyncFailures: 'SsmSyncFailures',
  /** SSM parameters that cannot be read as caps, once for each in each run. */
  ssmParametersMalformed: 'SsmParametersMalformed',
} as const;

/** Whose events they are: EventBridge's `source`. */
export const EVENT_SOURCE = 'hardcap';

/** Names of events: `detail-type` on the bus, the field `event` in the log (`docs/alerts.md`). */
export const EVENT = {
  threshold: 'hardcap.cap.threshold',
  windowClosed: 'hardcap.window.closed',
  windowCorrected: 'hardcap.window.corrected',
  settingsMalformed: 'hardcap.settings.malformed',
  priceChanged: 'hardcap.price.changed',
  priceProposed: 'hardcap.price.proposed',
} as const;

/** Environment of the function that mails events: the topic's ARN. */
export const ALERT_TOPIC_ENV = 'HARDCAP_ALERT_TOPIC';
