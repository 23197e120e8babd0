/**
 * An event of the bus as a mail: its subject and its message, as the event has them.
 */
import type { EventBridgeEvent } from 'aws-lambda';

/** What SNS publishes; to an e-mail address with the subject, to others without. */
export interface AlertMail {
  readonly Subject: string;
  readonly Message: string;
}

/** SNS refuses longer ones, and any character but these. */
const MAX_SUBJECT = 100;
const MAX_MESSAGE = 200_000;
const NO_SUBJECT_CHARACTER = /[^ -~]+/gu;

/** The mail of an event; one without words of its own is shown as it came. */
export function alertMailOf(event: EventBridgeEvent<string, unknown>): AlertMail {
  const { subject, message } = wordsIn(event.detail);
  const line = (subject ?? event['detail-type']).replace(NO_SUBJECT_CHARACTER, '?');
  const text = message ?? JSON.stringify(event.detail, undefined, 2) ?? '';
  return {
    // It must begin with a letter, a number or a punctuation mark.
    Subject: line.trim().slice(0, MAX_SUBJECT) || 'hardcap',
    Message: text.slice(0, MAX_MESSAGE) || line || 'hardcap',
  };
}

function wordsIn(detail: unknown): { readonly subject?: string; readonly message?: string } {
  if (typeof detail !== 'object' || detail === null) return {};
  const { subject, message } = detail as Readonly<Record<string, unknown>>;
  return {
    ...(typeof subject === 'string' ? { subject } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  };
}
