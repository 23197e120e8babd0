/**
 * The Events port as structured log lines: the field `event` holds the name, and each has a metric.
 *
 * Not here: who hears of them; a subscription or a metric filter of the log group picks them up.
 */
import { METRIC } from '../../contract.ts';
import type { EventName, Events } from '../../ports/events.ts';
import type { Telemetry } from '../../ports/telemetry.ts';

const METRIC_OF: Readonly<Partial<Record<EventName, string>>> = {
  'hardcap.window.closed': METRIC.windowsClosed,
  'hardcap.cap.threshold': METRIC.thresholdsReached,
  'hardcap.prices.changed': METRIC.pricesChanged,
  'hardcap.prices.proposed': METRIC.pricesProposed,
};

/** Events as log lines at level INFO; a corrected window is not counted as closed again. */
export const createLogEvents = (telemetry: Telemetry): Events => ({
  emit: (name, detail) => {
    telemetry.info(name, { event: name, ...detail });
    const metric = METRIC_OF[name];
    if (metric !== undefined) telemetry.count(metric);
  },
});
