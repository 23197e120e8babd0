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
} as const;

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

/** CloudWatch namespace of every metric. */
export const METRIC_NAMESPACE = 'hardcap';

/** The one dimension that every metric carries: which function emitted it. */
export const METRIC_DIMENSION = 'service';
export const METRIC_SERVICE = { gateway: 'gateway', rollover: 'rollover' } as const;

/**
 * What a request's line of metrics says beside them, as plain fields: free of charge, for Logs
 * Insights to group by. None is a dimension, as each value of one would be a metric of its own.
 */
export const METRIC_PROPERTY = {
  /** Id of the key. */
  key: 'key',
  model: 'model',
  vendor: 'vendor',
} as const;

/** Metrics that the code emits; the dashboard and the alarms may name only these. */
export const METRIC = {
  /** US dollars settled (approximate: CloudWatch keeps doubles; the ledger keeps the truth). */
  spendUsd: 'SpendUsd',
  /** US dollars reserved at admission. */
  reservedUsd: 'ReservedUsd',
  requests: 'Requests',
  refusals: 'Refusals',
  /** Requests that were admitted with a lower output limit than they asked for. */
  clamped: 'RequestsClamped',
  /** Requests that were answered with an error of hardcap's or of Bedrock's. */
  errors: 'Errors',
  /** Milliseconds from the start of the function to the send, less what waits on nobody. */
  addedLatencyMs: 'AddedLatencyMs',
  reserveLatencyMs: 'ReserveLatencyMs',
  upstreamLatencyMs: 'UpstreamLatencyMs',
  streamsCut: 'StreamsCut',
  overruns: 'Overruns',
  /** Requests that cost a progressive cap more than it had reserved: no fault, and no alarm. */
  softOverruns: 'ProgressiveOverruns',
  /** Streams of Bedrock's that broke off, ended within a frame, or held bytes that are no frames. */
  streamsDamaged: 'StreamsDamaged',
  settleFailures: 'SettleFailures',
  malformedSettings: 'MalformedSettings',
  chargedInFull: 'ChargedInFull',
  expired: 'ReservationsExpired',
  invariantBroken: 'InvariantBroken',
  windowsClosed: 'WindowsClosed',
  thresholdsReached: 'ThresholdsReached',
  /** Refreshed prices that were taken at once, and those that wait for an approval. */
  pricesChanged: 'PricesChanged',
  pricesProposed: 'PricesProposed',
  /** Parts of a price source that could not be read. */
  priceRefreshFailures: 'PriceRefreshFailures',
  /** Whole days since anyone looked at the prices; the largest counts. */
  catalogueAgeDays: 'CatalogueAgeDays',
} as const;
