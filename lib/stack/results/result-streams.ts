import { Effect, Grant, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { LogGroup, LogStream, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../functions/acknowledge.ts';
import { Variable } from '../functions/environment.ts';
import type { Runner } from '../functions/runner.ts';
import { ANSWERS } from './result-tables.ts';

export interface ResultStreamsProps {
  readonly removalPolicy: RemovalPolicy;
  /** A bucket of another stack or Mayfly, which keeps its own settings. @default - a new one */
  readonly existing?: IBucket;
  /** How long a new bucket keeps its objects. @default - forever */
  readonly keptFor?: Duration;
}

/** How long the results of Athena queries are kept; a query can be run again. */
const ANSWERS_KEPT_FOR = Duration.days(7);

/**
 * Three Firehose streams into one bucket, gzipped NDJSON by date: answers to queries (`results/`), the agents' own
 * scheduled results and status lines (`logs/`), and bodies that could not be parsed (`quarantine/`).
 */
export class ResultStreams extends Construct {
  readonly bucket: IBucket;
  readonly streams: {
    readonly results: CfnDeliveryStream;
    readonly logs: CfnDeliveryStream;
    readonly quarantine: CfnDeliveryStream;
  };
  /** Firehose's messages about failed deliveries; one log stream for each delivery stream. */
  private readonly errorLog: LogGroup;

  constructor(scope: Construct, id: string, props: ResultStreamsProps) {
    super(scope, id);
    if (props.existing !== undefined && typeof props.existing?.bucketArn !== 'string')
      throw new Error(
        `resultsBucket is ${JSON.stringify(props.existing)}: it has to be a bucket, such as Bucket.fromBucketName(…)`,
      );
    if (props.existing && props.keptFor)
      throw new Error(
        'resultsKeptFor applies only to a new bucket: resultsBucket keeps its own settings, so add a lifecycle rule to it',
      );
    this.bucket = props.existing ?? this.newBucket(props);

    this.errorLog = new LogGroup(this, 'DeliveryErrors', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });

    const role = this.deliveryRole();
    this.streams = {
      results: this.stream('Results', 'results', role),
      logs: this.stream('Logs', 'logs', role),
      quarantine: this.stream('Quarantine', 'quarantine', role),
    };
  }

  private newBucket({ removalPolicy, keptFor }: ResultStreamsProps): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy,
      autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY, // a bucket with objects cannot be deleted
      lifecycleRules: [
        { id: 'answers-of-athena', prefix: `${ANSWERS}/`, expiration: ANSWERS_KEPT_FOR },
        { id: 'all', expiration: keptFor, abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
    });
    acknowledge(bucket, {
      id: 'AwsSolutions-S1',
      reason:
        'Only Firehose writes here, and IAM controls readers. CloudTrail data events, which an account enables for all its buckets, record reads.',
    });
    return bucket;
  }

  /** Lets `fn` put records into the three streams. */
  grantPut(fn: Runner): void {
    const { results, logs, quarantine } = this.streams;
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['firehose:PutRecordBatch'],
      resourceArns: [results.attrArn, logs.attrArn, quarantine.attrArn],
    });
    fn.addEnvironment(Variable.resultsStream, results.ref);
    fn.addEnvironment(Variable.logsStream, logs.ref);
    fn.addEnvironment(Variable.quarantineStream, quarantine.ref);
  }

  /** An L1 construct: the L2's role would get `s3:GetObject*`, `s3:List*` and `s3:DeleteObject*` on the whole bucket. */
  private stream(id: string, prefix: string, role: Role): CfnDeliveryStream {
    const { logStreamName } = new LogStream(this, `${id}Errors`, {
      logGroup: this.errorLog,
      logStreamName: prefix,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stream = new CfnDeliveryStream(this, id, {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'AWS_OWNED_CMK' },
      extendedS3DestinationConfiguration: {
        bucketArn: this.bucket.bucketArn,
        roleArn: role.roleArn,
        prefix: `${prefix}/!{timestamp:yyyy/MM/dd/HH}/`,
        errorOutputPrefix: `errors/${prefix}/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/`,
        compressionFormat: 'GZIP',
        fileExtension: '.ndjson.gz',
        bufferingHints: { intervalInSeconds: 60, sizeInMBs: 64 },
        cloudWatchLoggingOptions: { enabled: true, logGroupName: this.errorLog.logGroupName, logStreamName },
      },
    });
    stream.node.addDependency(role); // Firehose checks its access to the bucket when the stream is created
    // On deletion, the stream is then deleted before the bucket is emptied, so that it cannot write into the bucket afterwards.
    if (this.bucket.node.tryFindChild('AutoDeleteObjectsCustomResource')) stream.node.addDependency(this.bucket);
    return stream;
  }

  /** @see Amazon Data Firehose, "Grant Firehose access to an Amazon S3 destination" */
  private deliveryRole(): Role {
    const role = new Role(this, 'DeliveryRole', {
      assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
        resources: [this.bucket.bucketArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
        resources: [this.bucket.arnForObjects('*')],
      }),
    );
    this.bucket.encryptionKey?.grantEncryptDecrypt(role);
    role.addToPolicy(new PolicyStatement({ actions: ['logs:PutLogEvents'], resources: [this.errorLog.logGroupArn] }));
    acknowledgeWildcard(
      role,
      this.bucket.arnForObjects('*'),
      'Firehose names objects by date, under results/, logs/, quarantine/ and errors/. The bucket holds nothing else but the answers of Athena.',
    );
    return role;
  }
}
