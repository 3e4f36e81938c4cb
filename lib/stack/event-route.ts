import { Duration } from 'aws-cdk-lib';
import { type EventPattern, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { defineFunction } from './function.ts';

export interface EventRouteProps {
  /** Folder with the functions' bundles. */
  readonly bundles: string;
  /** The function's folder under `lambdas/`. */
  readonly name: string;
  readonly description: string;
  /** One rule on the default bus each, by the rule's construct id. Coarse: the policy's fine patterns match in the function. */
  readonly events: Readonly<Record<string, EventPattern>>;
  /** One rule on a bus of our own each. @default - none */
  readonly requests?: { readonly bus: IEventBus; readonly events: Readonly<Record<string, EventPattern>> };
  /** How it differs from the others, which do their work at once. @default - not at all */
  readonly waiting?: Waiting;
}

/** A function that spends most of its time waiting. */
interface Waiting {
  /** How long one batch of events may take. */
  readonly timeout: Duration;
  /** After so long a failed event comes back; more than the timeout, or Lambda takes no such queue. */
  readonly visibilityTimeout: Duration;
  /** For how long the first event of a batch waits for others, which then take no invocation of their own. */
  readonly gathers: Duration;
}

/**
 * Of a function that does not wait. One batch takes little, as a failed event comes back only after six times as long: what
 * Lambda asks for, so that retries within it do not race.
 */
const PROMPT: Waiting = {
  timeout: Duration.seconds(10),
  visibilityTimeout: Duration.seconds(60),
  gathers: Duration.seconds(0), // an event waits for no other: its workload may live for seconds
};

/** Batches at once: a storm of events uses up neither the account's functions nor the ECS API's shared bucket. */
const MAX_CONCURRENCY = 10;

/** A queue gives an event to its function this often before it goes to the dead letters. */
const MAX_RECEIVES = 5;

/**
 * The way of one family of events: rules on the default bus → queue → function, with one dead-letter queue for what
 * EventBridge could not deliver and for what the function could not handle.
 */
export class EventRoute extends Construct {
  readonly fn: LambdaFunction;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  /** An event that is older waits for something to be mended: half the lives Mayfly is for have ended in a minute. */
  readonly lateAfter: Duration;

  constructor(scope: Construct, id: string, props: EventRouteProps) {
    super(scope, id);
    const { timeout, visibilityTimeout, gathers } = props.waiting ?? PROMPT;
    this.lateAfter = props.waiting ? visibilityTimeout : Duration.minutes(1);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      retentionPeriod: Duration.days(14),
      // SQS's own key: EventBridge may not use the AWS managed KMS key of SQS.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.queue = new Queue(this, 'Queue', {
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });

    const target = new SqsQueue(this.queue, { deadLetterQueue: this.deadLetters });
    for (const [ruleId, eventPattern] of Object.entries(props.events)) {
      new Rule(this, ruleId, { eventPattern, targets: [target] });
    }
    for (const [ruleId, eventPattern] of Object.entries(props.requests?.events ?? {})) {
      new Rule(this, ruleId, { eventBus: props.requests?.bus, eventPattern, targets: [target] });
    }

    this.fn = defineFunction(this, {
      bundles: props.bundles,
      name: props.name,
      description: props.description,
      timeout,
      memorySize: 512,
    });
    this.fn.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: 10,
        maxBatchingWindow: gathers,
        reportBatchItemFailures: true,
        maxConcurrency: MAX_CONCURRENCY,
      }),
    );
  }
}
