import { createRequire } from 'node:module';
import path from 'node:path';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LambdaIntegration, ResponseType, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { aBundle } from './support.ts';

const EDGE = `
  const { appendFileSync, existsSync } = require('node:fs');
  const hanging = __dirname + '/hanging'; // environments share nothing but files
  const answers = {
    '/crash': () => process.exit(1),
    '/env': () => ({ ...process.env }),
    '/hang': () => new Promise(() => appendFileSync(hanging, '1')),
    '/hanging': () => existsSync(hanging),
  };
  const echo = ({ path, body, isBase64Encoded }) => ({ path, body, isBase64Encoded });
  exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(await (answers[event.path] ?? echo)(event)) });
`;

/** Writes each event to the file named by OUT; one with \`detail.until\` fails while that file is missing. */
const CONSUMER = `
  const { appendFileSync, existsSync } = require('node:fs');
  exports.handler = async ({ Records }) => ({ batchItemFailures: Records.filter(({ body }) => {
    const { detail, source } = JSON.parse(body);
    if (detail.until && !existsSync(detail.until)) return true;
    appendFileSync(process.env.OUT, JSON.stringify({ source, ...detail }) + '\\n');
  }).map(({ messageId }) => ({ itemIdentifier: messageId })) });
`;

const sdk = (name: string) => JSON.stringify(createRequire(import.meta.url).resolve(`@aws-sdk/client-${name}`));

/** Lists the instances and hooks of the account, and publishes on the stack's bus what it was invoked with and what it found. */
const SWEEP = `
  const { EC2, paginateDescribeInstances } = require(${sdk('ec2')});
  const { AutoScaling } = require(${sdk('auto-scaling')});
  const { ECS } = require(${sdk('ecs')});
  const { EventBridge } = require(${sdk('eventbridge')});
  exports.handler = async (event) => {
    const { clusterArns } = await new ECS().listClusters();
    const instances = [];
    for await (const { Reservations } of paginateDescribeInstances({ client: new EC2(), pageSize: 5 }, {}))
      for (const { Instances } of Reservations) instances.push(...Instances.map(({ InstanceId }) => InstanceId));
    const hook = { AutoScalingGroupName: 'g', LifecycleHookName: 'h', LifecycleActionResult: 'CONTINUE', InstanceId: 'i-1' };
    const completed = await new AutoScaling().completeLifecycleAction(hook).then(() => true, ({ name }) => name);
    const Detail = JSON.stringify({ event, clusterArns, instances, completed });
    const entry = { Source: 'my.sweep', DetailType: 'Swept', Detail, EventBusName: process.env.BUS };
    const { FailedEntryCount } = await new EventBridge().putEvents({ Entries: [entry] });
    if (FailedEntryCount > 0) throw new Error('the bus refused the event');
  };
`;

/** A stack with one of everything, synthesized to a folder; \`out\` is the file to which its consumer writes events. */
export function synthesizeTinyApp(folder: string): { assembly: string; out: string } {
  const [assembly, out] = [path.join(folder, 'cdk.out'), path.join(folder, 'consumed.ndjson')];
  const app = new App({
    outdir: assembly,
    builtinCloudFormationValidation: false, // takes several times as long as the synthesis
    ...{ analyticsReporting: false, stackTraces: false, treeMetadata: false }, // what no test reads
  });
  const stack = new Stack(app, 'Tiny');
  const table = new Table(stack, 'Table', {
    billingMode: BillingMode.PAY_PER_REQUEST,
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    timeToLiveAttribute: 'expiresAt',
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const secret = new Secret(stack, 'EnrollSecret', {
    generateSecretString: { passwordLength: 40, excludePunctuation: true },
  });
  const bucket = new Bucket(stack, 'Bucket');
  const stream = new CfnDeliveryStream(stack, 'Results', {
    deliveryStreamType: 'DirectPut',
    extendedS3DestinationConfiguration: {
      bucketArn: bucket.bucketArn,
      roleArn: 'arn:aws:iam::111122223333:role/x',
      prefix: 'results/!{timestamp:yyyy}/',
    },
  });

  const fn: MakeFunction = (id, code, environment, timeoutSeconds = 5) =>
    new LambdaFunction(stack, id, {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromAsset(aBundle(code)),
      timeout: Duration.seconds(timeoutSeconds),
      environment,
    });
  const edge = fn('Edge', EDGE, { TABLE_NAME: table.tableName, SECRET_ARN: secret.secretArn, STREAM_NAME: stream.ref });
  table.grantReadWriteData(edge);
  const api = new RestApi(stack, 'Api', {
    binaryMediaTypes: ['*/*'],
    cloudWatchRole: false,
    defaultIntegration: new LambdaIntegration(edge),
  });
  api.root.addProxy({ anyMethod: true });
  const trouble = { type: ResponseType.DEFAULT_5XX, statusCode: '500', templates: { 'text/plain': 'come again' } };
  api.addGatewayResponse('Trouble', trouble);

  addEvents(stack, fn, out);
  new CfnOutput(stack, 'EnrollSecretArn', { value: secret.secretArn });
  app.synth();
  return { assembly, out };
}

type MakeFunction = (
  id: string,
  code: string,
  environment: Record<string, string>,
  timeoutSeconds?: number,
) => LambdaFunction;

/** Adds a consumer of events with its rules, and a function that runs on schedules. */
function addEvents(stack: Stack, fn: MakeFunction, out: string): void {
  const deadLetters = new Queue(stack, 'DeadLetters');
  const queue = new Queue(stack, 'Queue', {
    visibilityTimeout: Duration.seconds(1), // tests wait for retries
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: 50 },
  });
  const consumer = fn('Consumer', CONSUMER, { OUT: out }, 1);
  consumer.addEventSource(new SqsEventSource(queue, { batchSize: 5, reportBatchItemFailures: true }));
  new Rule(stack, 'Wanted', {
    eventPattern: { source: ['aws.ecs'], detail: { kind: ['wanted'] } },
    targets: [new SqsQueue(queue)],
  });
  new Rule(stack, 'Off', { eventPattern: { source: ['aws.ecs'] }, targets: [new SqsQueue(queue)], enabled: false });
  const bus = new EventBus(stack, 'Bus', { eventBusName: 'tiny' });
  new Rule(stack, 'Ours', {
    eventBus: bus,
    eventPattern: { source: [{ prefix: 'my.' }] as unknown as string[] },
    targets: [new SqsQueue(queue)],
  });

  const sweep = fn('Sweep', SWEEP, { BUS: bus.eventBusName });
  bus.grantPutEventsTo(sweep);
  const account = ['autoscaling:CompleteLifecycleAction', 'ec2:DescribeInstances', 'ecs:ListClusters'];
  sweep.addToRolePolicy(new PolicyStatement({ actions: account, resources: ['*'] }));
  sweep.configureAsyncInvoke({ retryAttempts: 1 });
  new Rule(stack, 'EveryMinute', {
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new LambdaTarget(sweep, { retryAttempts: 0, deadLetterQueue: deadLetters })],
  });
  new Rule(stack, 'EveryTwoHours', {
    schedule: Schedule.rate(Duration.hours(2)),
    targets: [new LambdaTarget(sweep, { event: RuleTargetInput.fromObject({ full: sweep.functionName }) })],
  });
}
