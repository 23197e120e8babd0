/**
 * The Events port as structured log lines: the field `event` holds the name, and each has a metric.
 *
 * Not here: who hears of them; a subscription or a metric filter of the log group picks them up.
 */
import { EVENT, METRIC } from '../../contract.ts';
import type { EventName, Events } from '../../ports/events.ts';
import type { Telemetry } from '../../ports/telemetry.ts';

const METRIC_OF: Readonly<Partial<Record<EventName, string>>> = {
  [EVENT.windowClosed]: METRIC.windowsClosed,
  [EVENT.threshold]: METRIC.thresholdsReached,
  [EVENT.settingsMalformed]: METRIC.malformedSettings,
  [EVENT.priceChanged]: METRIC.pricesChanged,
  [EVENT.priceProposed]: METRIC.pricesProposed,
};

/**
 * Events as log lines at level INFO; a corrected window is not counted as closed again. The message
 * is in the field `text`, as a log line has a `message` of its own.
 */
export const createLogEvents = (telemetry: Telemetry): Events => ({
  emit: async (name, { message, ...detail }) => {
    telemetry.info(name, { event: name, ...detail, text: message });
    const metric = METRIC_OF[name];
    if (metric !== undefined) telemetry.count(metric);
  },
});
