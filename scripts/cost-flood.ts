/**
 * What an hour of requests without a valid key can cost at most.
 */
import { COST_FIGURES } from './cost-figures.ts';
import { ASSUMED, type CostLine, count, keptMonths, MS_A_SECOND, STACK } from './cost-lines.ts';

const SECONDS_AN_HOUR = 3_600n;
/** Lambda takes at most ten requests a second for each instance that a function may have. */
export const REQUESTS_A_SECOND_EACH = 10n;

/** A valid request is never as small; nothing is parsed of this one. */
export const GARBAGE_ANSWER_BYTES = 300n;

/** Requests that an hour of a flood can get through to the function. */
export const floodRequests = (): bigint =>
  STACK.reservedConcurrency * REQUESTS_A_SECOND_EACH * SECONDS_AN_HOUR;

/**
 * The most that an hour of requests without a valid key can cost: every instance busy in every
 * millisecond, at the rate that Lambda takes at most, each by a key of another made-up id.
 */
export function floodLines(): readonly CostLine[] {
  const requests = floodRequests();
  const logged = BigInt(COST_FIGURES.logBytes['a key that does not exist']);
  const lines = logged + ASSUMED.platformLogBytes;
  const seconds = STACK.reservedConcurrency * SECONDS_AN_HOUR;
  return [
    {
      what: 'gateway, its time',
      price: 'lambdaTime',
      units: seconds * MS_A_SECOND * STACK.gatewayMemoryMb,
      how: `${STACK.reservedConcurrency} instances × 3,600 s × ${count(STACK.gatewayMemoryMb)} MB`,
    },
    {
      what: 'gateway, its requests',
      price: 'lambdaRequests',
      units: requests,
      how: `${STACK.reservedConcurrency} × ${REQUESTS_A_SECOND_EACH} a second`,
    },
    {
      what: 'settings, their reads',
      price: 'dynamodbReads',
      units:
        requests *
        BigInt(COST_FIGURES.requests['a key of the right form that does not exist'].readUnits),
      how: 'keys of the right form, each of another id; other garbage reads nothing',
    },
    {
      what: 'log lines, written',
      price: 'logIngestion',
      units: requests * lines,
      how: `${lines} bytes a request`,
    },
    {
      what: 'log lines, kept',
      price: 'logStorage',
      units: requests * lines * keptMonths(STACK.logRetentionDays),
      how: `for ${STACK.logRetentionDays} days`,
    },
    {
      what: 'answers, sent',
      price: 'transferOut',
      units: requests * GARBAGE_ANSWER_BYTES,
      how: `${GARBAGE_ANSWER_BYTES} bytes each`,
    },
  ];
}
