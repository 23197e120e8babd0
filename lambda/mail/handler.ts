/**
 * The entry point of the function that mails events: from the bus to the alarms' topic.
 *
 * A rule could send to the topic by itself, but as JSON: one quoted line, and no subject of its own.
 * Crash: the bus invokes it again; a mail may come twice.
 */
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { EventBridgeEvent } from 'aws-lambda';
import { alertMailOf } from '../adapters/events/alert-mail.ts';
import { ALERT_TOPIC_ENV } from '../contract.ts';

const client = new SNSClient({});
const topicArn = process.env[ALERT_TOPIC_ENV];

/** @throws Error where the topic did not take it, so that it is tried again */
export async function handler(event: EventBridgeEvent<string, unknown>): Promise<void> {
  if (!topicArn) throw new Error(`${ALERT_TOPIC_ENV} is not set: it is the ARN of the topic`);
  await client.send(new PublishCommand({ TopicArn: topicArn, ...alertMailOf(event) }));
}
