import { fileURLToPath } from 'node:url';
import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { Alarms } from './alarms.ts';
import { EventRoute } from './event-route.ts';
import { flagfile } from './flagfile.ts';
import { MayflyTable } from './mayfly-table.ts';
import { ResultStreams } from './result-streams.ts';
import { Secrets } from './secrets.ts';
import { TlsApi } from './tls-api.ts';

export interface MayflyProps {
  /**
   * Folder with the functions' bundles, `<name>/index.js` each.
   * @default - `dist/lambdas` of this package, where `npm run bundle` puts them
   */
  readonly bundles?: string;
  /**
   * What becomes of the table and of the bucket of results when the stack goes.
   * @default RemovalPolicy.RETAIN - the ledger and the answers outlive the stack
   */
  readonly removalPolicy?: RemovalPolicy;
}

const BUNDLES = fileURLToPath(new URL('../../dist/lambdas', import.meta.url));

/**
 * Mayfly, whole: lifecycle events become queries, agents poll them away, answers are stored. One construct in any stack.
 */
export class Mayfly extends Construct {
  /** Host name of the TLS API, for `--tls_hostname`. */
  readonly hostname: string;
  /** What precedes the path of every endpoint. */
  readonly pathPrefix: string;
  /** What hosts enroll with. */
  readonly enrollSecret: Secret;
  /** The flagfile of every host, one flag a line. */
  readonly flagfile: string;
  /** Put events of your own here: the policy's rules see them. */
  readonly bus: EventBus;
  /** Name of the one table, which holds the policy too. */
  readonly tableName: string;
  /** Where answers, agent logs and unreadable bodies land. */
  readonly resultsBucket: Bucket;
  /** Give each an action: they have none of their own. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: MayflyProps = {}) {
    super(scope, id);
    const { bundles = BUNDLES, removalPolicy = RemovalPolicy.RETAIN } = props;

    const table = new MayflyTable(this, 'Table', { removalPolicy });
    const secrets = new Secrets(this, 'Secrets');
    const streams = new ResultStreams(this, 'ResultStreams', { removalPolicy });

    const tlsApi = new TlsApi(this, 'TlsApi', { bundles });
    table.grantServeAgents(tlsApi.fn);
    secrets.grantRead(tlsApi.fn);
    streams.grantPut(tlsApi.fn);

    const ecsTaskState = new EventRoute(this, 'EcsTaskState', {
      bundles,
      name: 'ecs-task-state',
      description: 'Mayfly: follows ECS tasks and container instances',
      events: {
        TaskStateChange: { source: ['aws.ecs'], detailType: ['ECS Task State Change'] },
        ContainerInstanceStateChange: { source: ['aws.ecs'], detailType: ['ECS Container Instance State Change'] },
      },
    });
    table.grantRecordEvents(ecsTaskState.fn);
    grantDescribeContainerInstances(ecsTaskState);

    const ec2Launch = new EventRoute(this, 'Ec2Launch', {
      bundles,
      name: 'ec2-launch',
      description: 'Mayfly: queues what to ask a new EC2 instance',
      events: {
        InstanceRunning: {
          source: ['aws.ec2'],
          detailType: ['EC2 Instance State-change Notification'],
          detail: { state: ['running'] },
        },
        InstanceLaunched: { source: ['aws.autoscaling'], detailType: ['EC2 Instance Launch Successful'] },
      },
    });
    table.grantRecordEvents(ec2Launch.fn);

    this.bus = new EventBus(this, 'Bus', {
      description: 'Mayfly: requests to ask hosts, from whoever may put events here',
    });
    const ruleEvents = new EventRoute(this, 'RuleEvents', {
      bundles,
      name: 'rule-events',
      description: 'Mayfly: asks what the policy says about all other events, and about requests on its bus',
      events: {
        SpotInterruption: { source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] },
        Rebalance: { source: ['aws.ec2'], detailType: ['EC2 Instance Rebalance Recommendation'] },
        Finding: { source: ['aws.guardduty'], detailType: ['GuardDuty Finding'] },
      },
      requests: { bus: this.bus, events: { Request: { account: [Aws.ACCOUNT_ID] } } },
    });
    table.grantRecordEvents(ruleEvents.fn);
    grantDescribeContainerInstances(ruleEvents);

    this.tableName = table.tableName;
    this.hostname = tlsApi.hostname;
    this.pathPrefix = tlsApi.pathPrefix;
    this.enrollSecret = secrets.enrollSecret;
    this.flagfile = flagfile(tlsApi);
    this.resultsBucket = streams.bucket;
    this.alarms = new Alarms(this, 'Alarms', { routes: [ecsTaskState, ec2Launch, ruleEvents], tlsApi, streams }).all;
  }
}

/** Tasks name a container instance, never the host behind it. */
function grantDescribeContainerInstances(route: EventRoute): void {
  const anyInstance = Stack.of(route).formatArn({ service: 'ecs', resource: 'container-instance', resourceName: '*' });
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ecs:DescribeContainerInstances'], resourceArns: [anyInstance] });
  acknowledgeWildcard(
    route,
    anyInstance,
    'Clusters and their instances come and go without us: any container instance of this account and Region, to describe only.',
  );
}
