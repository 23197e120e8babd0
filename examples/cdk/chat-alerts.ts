/**
 * hardcap's events in a chat: a stack of your own beside hardcap's, in the same account and region.
 *
 *   ChatAlerts     an incoming webhook of Slack, or of a Teams workflow, by an API destination
 *   AmazonQAlerts  a topic for Amazon Q Developer in chat applications (AWS Chatbot)
 *
 * docs/alerts.md tells how each is deployed.
 */
import { Duration, SecretValue } from 'aws-cdk-lib';
import {
  ApiDestination,
  Authorization,
  Connection,
  EventField,
  type IApiDestination,
  Rule,
  RuleTargetInput,
} from 'aws-cdk-lib/aws-events';
import { ApiDestination as ApiDestinationTarget, SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/** What is sent; leave out what you do not want to read. */
const PATTERN = {
  source: ['hardcap'],
  detailType: [
    'hardcap.cap.threshold',
    'hardcap.settings.malformed',
    'hardcap.price.changed',
    'hardcap.price.proposed',
  ],
};

const subject = EventField.fromPath('$.detail.subject');
const message = EventField.fromPath('$.detail.message');

/** Text with its line breaks, as Slack's incoming webhooks take it. */
const SLACK = RuleTargetInput.fromObject({ text: message });

/** An adaptive card, as the Teams workflow "When a webhook request is received" takes it. */
const TEAMS = RuleTargetInput.fromObject({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        body: [
          { type: 'TextBlock', text: subject, weight: 'bolder', wrap: true },
          { type: 'TextBlock', text: message, fontType: 'monospace', wrap: true },
        ],
      },
    },
  ],
});

export interface ChatAlertsProps {
  /** A secret of Secrets Manager whose whole text is the webhook's URL: who has it can post. */
  readonly webhookSecretName: string;
  readonly chat: 'slack' | 'teams';
}

/** A rule that posts each event to a webhook. */
export class ChatAlerts extends Construct {
  constructor(scope: Construct, id: string, props: ChatAlertsProps) {
    super(scope, id);
    const connection = new Connection(this, 'Connection', {
      // The URL is the secret; a connection has to have a header all the same.
      authorization: Authorization.apiKey('x-hardcap', SecretValue.unsafePlainText('event')),
    });
    const destination = new ApiDestination(this, 'Webhook', {
      connection,
      // A reference that CloudFormation resolves: the template does not hold the URL.
      endpoint: SecretValue.secretsManager(props.webhookSecretName).unsafeUnwrap(),
      rateLimitPerSecond: 1,
    });
    new Rule(this, 'Rule', {
      description: 'Posts events of hardcap to a chat',
      eventPattern: PATTERN,
      targets: [
        // The cast is for exactOptionalPropertyTypes alone, which the CDK's own types do not pass.
        new ApiDestinationTarget(destination as IApiDestination, {
          event: props.chat === 'slack' ? SLACK : TEAMS,
          maxEventAge: Duration.hours(6),
        }),
      ],
    });
  }
}

/** A rule and the topic to choose in Amazon Q's channel configuration. */
export class AmazonQAlerts extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'hardcap in chat' });
    new Rule(this, 'Rule', {
      description: 'Sends events of hardcap to Amazon Q Developer in chat applications',
      eventPattern: PATTERN,
      targets: [
        new SnsTopic(this.topic, {
          // Amazon Q shows a message of a topic only in this form, and drops every other.
          message: RuleTargetInput.fromObject({
            version: '1.0',
            source: 'custom',
            content: { textType: 'client-markdown', title: subject, description: message },
          }),
        }),
      ],
    });
  }
}
