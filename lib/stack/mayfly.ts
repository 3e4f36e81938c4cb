import { fileURLToPath } from 'node:url';
import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, Match } from 'aws-cdk-lib/aws-events';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { Alarms } from './alarms.ts';
import { type AttestMode, addAttestation } from './attestation.ts';
import { Dashboard } from './dashboard.ts';
import { Variable } from './environment.ts';
import { EventRoute } from './event-route.ts';
import { flagfile } from './flagfile.ts';
import { MayflyTable } from './mayfly-table.ts';
import { nameMetrics } from './own-metrics.ts';
import { Reconciler } from './reconciler.ts';
import { ResultStreams } from './result-streams.ts';
import { Secrets } from './secrets.ts';
import { type RequestLimit, TlsApi } from './tls-api.ts';

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
  /**
   * Names of further enroll secrets, such as one a team: profiles and `hosts-where` match on the name of the secret that a
   * host presented. Each is a secret of its own in Secrets Manager, and can be rotated by itself.
   * @default - the one secret, whose name is `default`
   */
  readonly enrollSecrets?: readonly string[];
  /**
   * How often the reconciler looks for what no event told; whole minutes.
   * @default - every minute
   */
  readonly reconcileEvery?: Duration;
  /**
   * How long an EC2 instance may run before it is a finding that no node enrolled from it. Instances with the tag
   * `mayfly:ignore` = `true` never are.
   * @default - 5 minutes
   */
  readonly noAgentAfter?: Duration;
  /**
   * An alarm rings when less of the workloads judged in a quarter of an hour were seen, in percent.
   * @default 99 - one miss among few rings, one among hundreds does not; each is an event on the bus anyway
   */
  readonly coverageObjective?: number;
  /**
   * Whether hosts attest the instance they are, with the instance identity document in their enroll secret file
   * (docs/hosts.md). `required`: only those that do get the name of an instance. `preferred`: they win over those that do not.
   * @default 'off'
   */
  readonly attest?: AttestMode;
  /**
   * Accounts whose instances may enroll by their identity document.
   * @default - the account of the stack
   */
  readonly attestAccounts?: readonly string[];
  /**
   * Certificates or public keys (PEM) that sign identity documents, by Region, where Mayfly brings none or another one.
   * @default - those that AWS publishes
   */
  readonly attestationCertificates?: Readonly<Record<string, string>>;
  /**
   * What the gateway takes of all agents and strangers together; what is beyond is refused, and agents come again.
   * @default - 1,000 requests a second, 2,000 at once: 10,000 hosts that poll every 10 s (docs/decisions/0020)
   */
  readonly agentRequests?: RequestLimit;
  /**
   * How many requests of agents are handled at a time, at most: the rest of the account's concurrency is left to the
   * functions on events. AWS wants 100 left unreserved, which a new account does not have.
   * @default - no limit
   */
  readonly agentConcurrency?: number;
}

/** Events of this account alone: others may send theirs to a bus, and their hosts and hooks are not ours. */
const OWN = { account: [Aws.ACCOUNT_ID] };

/** A tenth of what API Gateway allows an account in all its APIs of a Region. */
const AGENT_REQUESTS: RequestLimit = { perSecond: 1_000, burst: 2_000 };

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
  /** Further ones, by name. */
  readonly namedSecrets: ReadonlyMap<string, Secret>;
  /** The flagfile of every host, one flag a line. */
  readonly flagfile: string;
  /** Put events of your own here: the policy's rules see them. */
  readonly bus: EventBus;
  /** Name of the one table, which holds the policy too. */
  readonly tableName: string;
  /** Where answers, agent logs and unreadable bodies land. */
  readonly resultsBucket: Bucket;
  /** Looks for what no event told. */
  readonly reconciler: Reconciler;
  /** Give each an action: they have none of their own. */
  readonly alarms: readonly Alarm[];
  /** What became of lives, how long answers took, what is stuck and what it costs, in CloudWatch. */
  readonly dashboardName: string;

  constructor(scope: Construct, id: string, props: MayflyProps = {}) {
    super(scope, id);
    nameMetrics(this);
    const { bundles = BUNDLES, removalPolicy = RemovalPolicy.RETAIN } = props;

    const table = new MayflyTable(this, 'Table', { removalPolicy });
    const secrets = new Secrets(this, 'Secrets', props.enrollSecrets);
    const streams = new ResultStreams(this, 'ResultStreams', { removalPolicy });

    const tlsApi = new TlsApi(this, 'TlsApi', {
      bundles,
      requests: props.agentRequests ?? AGENT_REQUESTS,
      concurrency: props.agentConcurrency,
    });
    table.grantServeAgents(tlsApi.fn);
    secrets.grantRead(tlsApi.fn);
    streams.grantPut(tlsApi.fn);
    addAttestation(tlsApi.fn, props);

    const ecsTaskState = new EventRoute(this, 'EcsTaskState', {
      bundles,
      name: 'ecs-task-state',
      description: 'Mayfly: follows ECS tasks and container instances',
      events: {
        TaskStateChange: { ...OWN, source: ['aws.ecs'], detailType: ['ECS Task State Change'] },
        ContainerInstanceStateChange: {
          ...OWN,
          source: ['aws.ecs'],
          detailType: ['ECS Container Instance State Change'],
        },
      },
    });
    table.grantRecordEvents(ecsTaskState.fn);
    grantDescribeContainerInstances(ecsTaskState);
    grantDescribeTaskDefinition(ecsTaskState);

    const ec2Launch = new EventRoute(this, 'Ec2Launch', {
      bundles,
      name: 'ec2-launch',
      description:
        'Mayfly: queues what to ask a new EC2 instance, or one that Spot takes away, and ends the node of one that is gone',
      events: {
        InstanceState: {
          ...OWN,
          source: ['aws.ec2'],
          detailType: ['EC2 Instance State-change Notification'],
          detail: { state: ['running', 'shutting-down', 'terminated'] },
        },
        InstanceLaunched: { ...OWN, source: ['aws.autoscaling'], detailType: ['EC2 Instance Launch Successful'] },
        // Last gasps that hold nobody: their two minutes must not pass in a queue behind hooks that are held.
        SpotInterruption: { ...OWN, source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] },
        Rebalance: { ...OWN, source: ['aws.ec2'], detailType: ['EC2 Instance Rebalance Recommendation'] },
      },
    });
    table.grantRecordEvents(ec2Launch.fn);
    grantDescribeInstances(ec2Launch);

    const lastGasp = new EventRoute(this, 'LastGasp', {
      bundles,
      name: 'last-gasp',
      description: 'Mayfly: holds instances with a lifecycle hook until they have answered for the last time',
      events: {
        TerminateHook: {
          ...OWN,
          source: ['aws.autoscaling'],
          detailType: ['EC2 Instance-terminate Lifecycle Action'],
        },
      },
      // It holds a hook for two minutes at most (docs/decisions/0013). What fails is to come back as soon as may be: six
      // times the timeout, which Lambda asks for, would be after every heartbeat, and a repeat is harmless. Waiting side by
      // side, hooks leave functions for the polls that they wait for.
      waiting: {
        timeout: Duration.seconds(150),
        visibilityTimeout: Duration.seconds(160),
        gathers: Duration.seconds(1),
      },
    });
    table.grantRecordEvents(lastGasp.fn);
    grantLifecycleHooks(lastGasp);

    const finding = new EventRoute(this, 'Finding', {
      bundles,
      name: 'finding',
      description: 'Mayfly: asks the hosts of GuardDuty findings',
      // Of any account: an administrator hears of its members' hosts, and some of them may be known here.
      events: { Finding: { source: ['aws.guardduty'], detailType: ['GuardDuty Finding'] } },
    });
    table.grantRecordEvents(finding.fn);
    grantDescribeContainerInstances(finding);

    this.bus = new EventBus(this, 'Bus', {
      description: 'Mayfly: requests to ask hosts, from whoever may put events here',
    });
    const queryRequest = new EventRoute(this, 'QueryRequest', {
      bundles,
      name: 'query-request',
      description: 'Mayfly: asks what is requested on its bus',
      events: {},
      // All but what Mayfly itself tells there.
      requests: {
        bus: this.bus,
        events: { Request: { ...OWN, source: Match.anythingBut('mayfly') } },
      },
    });
    table.grantRecordEvents(queryRequest.fn);
    grantDescribeContainerInstances(queryRequest);

    this.reconciler = new Reconciler(this, 'Reconciler', {
      bundles,
      every: props.reconcileEvery ?? Duration.minutes(1),
      noAgentAfter: props.noAgentAfter ?? Duration.minutes(5),
    });
    table.grantRecordEvents(this.reconciler.fn);
    table.grantReview(this.reconciler.fn);
    this.bus.grantPutEventsTo(this.reconciler.fn);
    this.reconciler.fn.addEnvironment(Variable.bus, this.bus.eventBusName);
    for (const fn of [this.reconciler.fn, tlsApi.fn])
      fn.addEnvironment(Variable.sweepEvery, String(this.reconciler.every.toSeconds()));

    this.tableName = table.tableName;
    this.hostname = tlsApi.hostname;
    this.pathPrefix = tlsApi.pathPrefix;
    this.enrollSecret = secrets.enrollSecret;
    this.namedSecrets = secrets.namedSecrets;
    this.flagfile = flagfile(tlsApi);
    this.resultsBucket = streams.bucket;
    const routes = [ecsTaskState, ec2Launch, lastGasp, finding, queryRequest];
    const watched = { routes, tlsApi, streams, reconciler: this.reconciler, table };
    this.alarms = new Alarms(this, 'Alarms', { ...watched, coverageObjective: props.coverageObjective ?? 99 }).all;
    this.dashboardName = new Dashboard(this, 'Dashboard', { ...watched, alarms: this.alarms }).name;
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

/** Tasks do not say which of their containers are essential. */
function grantDescribeTaskDefinition(route: EventRoute): void {
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ecs:DescribeTaskDefinition'], resourceArns: ['*'] });
  acknowledgeWildcard(route, '*', 'ecs:DescribeTaskDefinition knows no resources; it reads and nothing else.');
}

/** Image, tags and addresses of an instance are not in its event. */
function grantDescribeInstances(route: EventRoute): void {
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ec2:DescribeInstances'], resourceArns: ['*'] });
  acknowledgeWildcard(route, '*', 'ec2:DescribeInstances knows no resources; it reads and nothing else.');
}

/** Hooks whose names begin with `mayfly` are completed; which groups have one is for their owners to say. */
function grantLifecycleHooks(route: EventRoute): void {
  const anyGroup = Stack.of(route).formatArn({
    service: 'autoscaling',
    resource: 'autoScalingGroup',
    resourceName: '*:autoScalingGroupName/*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const grantee = route.fn;
  Grant.addToPrincipal({ grantee, actions: ['autoscaling:CompleteLifecycleAction'], resourceArns: [anyGroup] });
  Grant.addToPrincipal({ grantee, actions: ['autoscaling:DescribeLifecycleHooks'], resourceArns: ['*'] });
  acknowledgeWildcard(
    route,
    anyGroup,
    'Groups come and go without us: hooks of any group of this account and Region, which wait for us by their name.',
  );
  acknowledgeWildcard(route, '*', 'autoscaling:DescribeLifecycleHooks knows no resources; it reads and nothing else.');
}
