import { type EventPattern, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { defineFunction } from '../functions/function.ts';

export interface EventRouteProps {
  /** Folder with the functions' bundles. */
  readonly bundles: string;
  /** The function's folder under `lambdas/`. */
  readonly name: string;
  readonly description: string;
  /** Rules on the default bus, by construct id. They are coarse; the function matches the policy's patterns. */
  readonly events: Readonly<Record<string, EventPattern>>;
  /** Rules on Mayfly's own bus. @default - none */
  readonly requests?: { readonly bus: IEventBus; readonly events: Readonly<Record<string, EventPattern>> };
  /** Takes the events that could not be delivered or handled. */
  readonly deadLetters: Queue;
  /** Settings of a function that waits. @default - it does its work at once */
  readonly waiting?: Waiting;
}

/** A function that spends most of its time waiting. */
interface Waiting {
  /** Maximum time for one batch of events. */
  readonly timeout: Duration;
  /** Time until a failed event comes back. Lambda requires more than the timeout. */
  readonly visibilityTimeout: Duration;
  /** How long the first event of a batch waits for others that share its invocation. */
  readonly gathers: Duration;
}

/** Settings of a function that does not wait. A failed event comes back after six timeouts, as Lambda recommends. */
const PROMPT: Waiting = {
  timeout: Duration.seconds(10),
  visibilityTimeout: Duration.seconds(60),
  gathers: Duration.seconds(0), // events are handled at once: a workload may live for seconds only
};

/** Concurrent batches. A burst of events exhausts neither the account's concurrency nor the shared ECS call rate. */
const MAX_CONCURRENCY = 10;

/** Attempts before an event goes to the dead-letter queue. */
const MAX_RECEIVES = 5;

/** The queue of the events that no route could deliver or handle. SQS remembers from which queue each of them came. */
export const deadLetterQueue = (scope: Construct): Queue =>
  new Queue(scope, 'DeadLetters', {
    retentionPeriod: Duration.days(14),
    // SQS's own key, because EventBridge cannot use the AWS managed KMS key of SQS.
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  });

/**
 * The route of one family of events: rules on the default bus → queue → function. The dead-letter queue, which all routes share,
 * takes events that EventBridge could not deliver, and events that the function could not handle.
 */
export class EventRoute extends Construct {
  readonly fn: LambdaFunction;
  readonly queue: Queue;
  /** Age at which an event is late. Half of short-lived workloads end within a minute. */
  readonly lateAfter: Duration;

  constructor(scope: Construct, id: string, props: EventRouteProps) {
    super(scope, id);
    const { timeout, visibilityTimeout, gathers } = props.waiting ?? PROMPT;
    this.lateAfter = props.waiting ? visibilityTimeout : Duration.minutes(1);
    this.queue = new Queue(this, 'Queue', {
      visibilityTimeout,
      deadLetterQueue: { queue: props.deadLetters, maxReceiveCount: MAX_RECEIVES },
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });

    const target = new SqsQueue(this.queue, { deadLetterQueue: props.deadLetters });
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
