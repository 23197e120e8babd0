/**
 * What the application tells the people who run it. No prompt, answer or secret may pass here.
 */
import type { METRIC_PROPERTY } from '../contract.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What a request's line of metrics says of it, by the names of `contract.ts`. */
export type RequestProperties = {
  readonly [Name in keyof typeof METRIC_PROPERTY]?: string | undefined;
};

/** May throw; whoever stands between a reserve and its settle wraps it. */
export interface Telemetry {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Adds to a metric of `contract.ts`; milliseconds and dollars by the metric's name. */
  count(metric: string, value?: number): void;
  /**
   * Says whose the counts are that the next flush writes; a later word on a name goes before an
   * earlier one. It presumes one request at a time, as a function has.
   */
  describe(properties: RequestProperties): void;
  /** Writes what was counted; once a request. */
  flush(): void;
}
