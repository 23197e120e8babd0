/**
 * What the application tells the people who run it. No prompt, answer or secret may pass here.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** May throw; whoever stands between a reserve and its settle wraps it. */
export interface Telemetry {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Adds to a metric of `contract.ts`; milliseconds and dollars by the metric's name. */
  count(metric: string, value?: number): void;
  /** Writes what was counted; once a request. */
  flush(): void;
}
