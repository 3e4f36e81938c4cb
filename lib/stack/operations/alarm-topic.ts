import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EventField, type IEventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Arn, Aws, Stack, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** `true` creates a topic, text too: an e-mail address is subscribed to the new topic, an ARN names an existing one. */
export type AlarmTopicChoice = ITopic | true | string;

export interface AlarmTopicProps {
  readonly choice: AlarmTopicChoice;
  readonly alarms: readonly Alarm[];
  /** The bus whose misses are published too. @default - only alarms are published */
  readonly missesOf?: IEventBus;
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const TOPIC_ARN = /^arn:[^:]+:sns:[^:]+:\d{12}:[\w-]+$/;
const ALLOWED = 'true, an e-mail address, the ARN of an SNS topic, or a topic';

/** Publishes every alarm and its end, and on request each miss, to one SNS topic. */
export class AlarmTopic extends Construct {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: AlarmTopicProps) {
    super(scope, id);
    this.topic = this.topicOf(props.choice);
    this.allowAlarms();
    const action = new SnsAction(this.topic);
    for (const alarm of props.alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action); // with it, incident tools close the incident that the alarm opened
    }
    if (props.missesOf) this.addMisses(props.missesOf);
  }

  private topicOf(choice: AlarmTopicChoice): ITopic {
    if (choice === true) return this.newTopic();
    if (typeof choice !== 'string') {
      if (typeof choice?.topicArn === 'string') return choice;
      throw new Error(`alarmTopic is ${JSON.stringify(choice)}: it has to be ${ALLOWED}`);
    }
    if (Token.isUnresolved(choice) || TOPIC_ARN.test(choice)) return Topic.fromTopicArn(this, 'Topic', choice);
    if (!EMAIL.test(choice)) throw new Error(`alarmTopic is '${choice}': it has to be ${ALLOWED}`);
    const topic = this.newTopic();
    topic.addSubscription(new EmailSubscription(choice));
    return topic;
  }

  /** Not encrypted by KMS: CloudWatch cannot use the key that AWS manages, and a key of our own costs a dollar a month. */
  private newTopic(): Topic {
    return new Topic(this, 'Topic', { displayName: 'Mayfly', enforceSSL: true });
  }

  /**
   * A topic's own policy replaces the default one, which lets the account's alarms publish. An imported topic keeps its
   * policy.
   *
   * @see Amazon CloudWatch User Guide, "Notifying users on alarm changes"
   */
  private allowAlarms(): void {
    const alarms = Arn.format({ service: 'cloudwatch', resource: 'alarm:*' }, Stack.of(this));
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        actions: ['sns:Publish'],
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        resources: [this.topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': alarms },
        },
      }),
    );
  }

  /**
   * The message is a custom notification of Amazon Q Developer in chat applications, which posts it to Slack and Teams.
   * EventBridge escapes only a value that stands alone, so text that may contain quotes is not put into a sentence.
   */
  private addMisses(eventBus: IEventBus): void {
    const workload = EventField.fromPath('$.detail.workload');
    const message = RuleTargetInput.fromObject({
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title: `Mayfly missed a workload: ${EventField.fromPath('$.detail.reason')}`,
        description: EventField.fromPath('$.detail.advice'),
        nextSteps: [`npx mayfly task ${workload}`],
      },
    });
    new Rule(this, 'Misses', {
      description: 'Mayfly: publishes each miss to the alarm topic',
      eventBus,
      eventPattern: { source: ['mayfly'], detailType: ['Mayfly Coverage'], detail: { verdict: ['missed'] } },
      targets: [new SnsTopic(this.topic, { message })],
    });
  }
}
