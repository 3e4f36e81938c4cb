import { fileURLToPath } from 'node:url';
import { ArnFormat, Aws, Duration, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { DomainName, RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IVpcEndpoint, LaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import type { ContainerDefinition, Ec2Service, FargateTaskDefinition, ICluster } from 'aws-cdk-lib/aws-ecs';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { EventBus, Match } from 'aws-cdk-lib/aws-events';
import { Grant, type PolicyDocument } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { AlarmTopic, type AlarmTopicChoice } from './alarm-topic.ts';
import { Alarms } from './alarms.ts';
import { type AttestMode, addAttestation } from './attestation.ts';
import { checkFrontProps, checkProps } from './check-props.ts';
import type { CustomDomain } from './custom-domain.ts';
import { Dashboard } from './dashboard.ts';
import { Variable } from './environment.ts';
import { deadLetterQueue, EventRoute } from './event-route.ts';
import type { ExpectAgents } from './expect-agents.ts';
import { flagfile } from './flagfile.ts';
import { Front } from './front.ts';
import {
  type AgentContainerProps,
  addSidecar,
  EcsDaemon,
  type EnrollsHosts,
  enrollInstances,
} from './hosts/enroll-hosts.ts';
import { MayflyTable } from './mayfly-table.ts';
import { addOutputs } from './outputs.ts';
import { nameMetrics } from './own-metrics.ts';
import { PolicySeed } from './policy-seed.ts';
import { Reconciler } from './reconciler.ts';
import { ResultStreams } from './result-streams.ts';
import { ResultTables } from './result-tables.ts';
import { ANNOUNCE, LISTEN, ROW_ACCESS } from './row-access.ts';
import type { Runner } from './runner.ts';
import { type ExistingSecrets, Secrets } from './secrets.ts';
import { ServiceFront } from './service-front.ts';
import { type RequestLimit, TlsApi } from './tls-api.ts';

export interface MayflyProps {
  /**
   * Folder with the functions' bundles, one `<name>/index.js` each.
   * @default - `dist/lambdas` of this package, where `npm run bundle` writes them
   */
  readonly bundles?: string;
  /**
   * What happens to the table, the results bucket and the secrets when the stack is deleted.
   * @default RemovalPolicy.RETAIN - ledger, answers and the secrets of the fleet outlive the stack
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Names of additional enroll secrets, such as one for each team. Profiles and `hosts-where` can match on the name of the
   * secret that a host presented. Each is a separate secret in Secrets Manager with its own rotation.
   * @default - only the secret named `default`
   */
  readonly enrollSecrets?: readonly string[];
  /**
   * Secrets that exist already, such as those that a former stack kept (docs/moving.md).
   * @default - all are generated
   */
  readonly secrets?: ExistingSecrets;
  /**
   * A table that exists already, with Mayfly's keys and index; it keeps its own settings (docs/moving.md).
   * @default - a new one
   */
  readonly table?: ITable;
  /**
   * A bucket that exists already, for answers, agent logs and bodies that could not be parsed; it keeps its own settings.
   * @default - a new one
   */
  readonly resultsBucket?: IBucket;
  /**
   * How long the new results bucket keeps answers, agent logs and quarantine; whole days. The ledger has a time of its own
   * (`ledger_keeps` of the policy).
   * @default - for ever
   */
  readonly resultsKeptFor?: Duration;
  /**
   * How often the reconciler looks for workloads whose events were lost; whole minutes.
   * @default - every minute
   */
  readonly reconcileEvery?: Duration;
  /**
   * How long an EC2 instance may run without an enrolled node before it becomes the fleet issue `no-agent`. Instances with
   * the tag `mayfly:ignore` = `true` never do.
   * @default - 5 minutes
   */
  readonly noAgentAfter?: Duration;
  /**
   * Where agents are expected, for a partial rollout: by tag, VPC or ECS cluster; an instance has to match each part that is
   * there. Other instances never become the fleet issue `no-agent`, and have the verdict `ignored` instead of `missed`.
   * @default - on every instance
   */
  readonly expectAgents?: ExpectAgents;
  /**
   * Percent. An alarm fires when a smaller share of the workloads judged in 15 minutes was seen.
   * @default 99 - one miss fires among few workloads, not among hundreds; each miss is also an event on the bus
   */
  readonly coverageObjective?: number;
  /**
   * Whether hosts prove which instance they are, with the instance identity document in their enroll secret file
   * (docs/hosts.md). `required`: only hosts with a document get the name of an instance. `preferred`: they take precedence.
   * @default 'off'
   */
  readonly attest?: AttestMode;
  /**
   * Accounts whose instances may enroll by their identity document.
   * @default - the account of the stack
   */
  readonly attestAccounts?: readonly string[];
  /**
   * Certificates or public keys (PEM) that sign identity documents, by Region; they override the built-in ones.
   * @default - those that AWS publishes
   */
  readonly attestationCertificates?: Readonly<Record<string, string>>;
  /**
   * What agents connect to: `Front.serverless()`, or `Front.service(…)`, which answers within a second (docs/fronts.md).
   * @default Front.serverless() - the properties of the gateway below apply only to it
   */
  readonly front?: Front;
  /**
   * Request limit of the gateway, for agents and strangers together. Requests beyond it are refused, and agents retry.
   * @default - 1,000 requests a second, bursts of 2,000: enough for 10,000 hosts that poll every 10 s (docs/decisions/0020)
   */
  readonly agentRequests?: RequestLimit;
  /**
   * Maximum number of agent requests handled at a time. The rest of the account's concurrency stays available to the event
   * functions. AWS requires 100 unreserved executions, which a new account does not have.
   * @default - no limit
   */
  readonly agentConcurrency?: number;
  /**
   * A host name of your own, with its certificate. Endpoints have no path prefix there, so a fleet moves to Mayfly, or from
   * one stack to another, by `--tls_hostname` or DNS alone (docs/recipes.md).
   * @default - the name that AWS gives the API, with the path prefix `/prod`
   */
  readonly domainName?: CustomDomain;
  /**
   * Whether hosts can also use the name that AWS gives the API. It must be false, or unset, with a truststore.
   * @default true - unless `domainName` has a truststore
   */
  readonly defaultEndpoint?: boolean;
  /**
   * Interface endpoints of `execute-api`: the API becomes private, and only they reach it.
   * @default - the API is public
   */
  readonly vpcEndpoints?: readonly IVpcEndpoint[];
  /**
   * Resource policy of the API, such as allowed address ranges.
   * @default - every client may call it; with `vpcEndpoints`, only clients of those endpoints
   */
  readonly resourcePolicy?: PolicyDocument;
  /**
   * ARN of a regional web ACL of AWS WAF. Its custom responses, if any, must not be JSON (docs/recipes.md).
   * @default - none
   */
  readonly webAclArn?: string;
  /**
   * Where alarms go when they fire and when they end: a topic, `true` for a new one, or an e-mail address, which is
   * subscribed to a new one (docs/recipes.md).
   * @default - nowhere
   */
  readonly alarmTopic?: AlarmTopicChoice;
  /**
   * Whether each missed workload is published to the alarm topic too.
   * @default false - only alarms
   */
  readonly notifyMisses?: boolean;
}

/** Only events of this account: other accounts may send events to a bus, but their hosts and hooks are not ours. */
const OWN = { account: [Aws.ACCOUNT_ID] };

/** A tenth of API Gateway's limit for all APIs of an account in a Region. */
const AGENT_REQUESTS: RequestLimit = { perSecond: 1_000, burst: 2_000 };

const BUNDLES = fileURLToPath(new URL('../../dist/lambdas', import.meta.url));

/**
 * All of Mayfly in one construct, for any stack: lifecycle events become queries, agents poll them, answers are stored.
 */
export class Mayfly extends Construct {
  /** Host name of the TLS API, for `--tls_hostname`. */
  readonly hostname: string;
  /** Prefix of every endpoint's path; empty on a domain of your own. */
  readonly pathPrefix: string;
  /** The REST API of the agents; undefined with `Front.service`. */
  readonly api: RestApi | undefined;
  /** The load balancer of the agents; undefined with `Front.serverless`. */
  readonly loadBalancer: ApplicationLoadBalancer | undefined;
  /** The custom domain of `domainName`. */
  readonly domain: DomainName | undefined;
  /** The enroll secret named `default`. */
  readonly enrollSecret: ISecret;
  /** Additional enroll secrets, by name. */
  readonly namedSecrets: ReadonlyMap<string, ISecret>;
  /** The key that signs node keys. */
  readonly nodeKeySecret: ISecret;
  /** The flagfile for every host, one flag a line. */
  readonly flagfile: string;
  /** Put your own events here; the policy's rules match them. */
  readonly bus: EventBus;
  /** Name of the table, which also holds the policy. */
  readonly tableName: string;
  /** Holds answers, agent logs and bodies that could not be parsed. */
  readonly resultsBucket: IBucket;
  /** Glue database and Athena workgroup for the results bucket (docs/reference/results.md). */
  readonly resultTables: ResultTables;
  /** Finds workloads whose events were lost. */
  readonly reconciler: Reconciler;
  /** Their actions publish to the alarm topic; without one, add your own to each. */
  readonly alarms: readonly Alarm[];
  /** The topic of `alarmTopic`, for subscriptions. */
  readonly alarmTopic: ITopic | undefined;
  /** The CloudWatch dashboard: verdicts, time to answer, queues, fleet issues, cost. */
  readonly dashboardName: string;
  /** Whether instances that `addTo` and `addDaemonTo` enroll add their identity document. */
  private readonly attests: boolean;

  constructor(scope: Construct, id: string, props: MayflyProps = {}) {
    super(scope, id);
    checkProps(props);
    checkFrontProps(props);
    nameMetrics(this);
    const { bundles = BUNDLES, removalPolicy = RemovalPolicy.RETAIN } = props;

    const table = new MayflyTable(this, 'Table', { removalPolicy, existing: props.table });
    const secrets = new Secrets(this, 'Secrets', {
      removalPolicy,
      names: props.enrollSecrets,
      existing: props.secrets,
    });
    const streams = new ResultStreams(this, 'ResultStreams', {
      removalPolicy,
      existing: props.resultsBucket,
      keptFor: props.resultsKeptFor,
    });
    this.resultsBucket = streams.bucket;
    this.resultTables = new ResultTables(this, 'ResultTables', {
      bucket: streams.bucket,
      keptFor: props.resultsKeptFor,
    });

    const front = this.defineFront(bundles, props);
    const agents: Runner = front.kind === 'service' ? front : front.fn;
    table.grant(agents, ROW_ACCESS['tls-api']);
    secrets.grantRead(agents);
    streams.grantPut(agents);
    addAttestation(agents, props);

    const deadLetters = deadLetterQueue(this);
    const ecsTaskState = new EventRoute(this, 'EcsTaskState', {
      bundles,
      deadLetters,
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
    table.grant(ecsTaskState.fn, ROW_ACCESS['ecs-task-state']);
    grantDescribeContainerInstances(ecsTaskState);
    grantDescribeTaskDefinition(ecsTaskState);

    const ec2Launch = new EventRoute(this, 'Ec2Launch', {
      bundles,
      deadLetters,
      name: 'ec2-launch',
      description:
        'Mayfly: queues queries for new EC2 instances and for Spot interruptions, and ends the nodes of terminated instances',
      events: {
        InstanceState: {
          ...OWN,
          source: ['aws.ec2'],
          detailType: ['EC2 Instance State-change Notification'],
          detail: { state: ['running', 'shutting-down', 'terminated'] },
        },
        InstanceLaunched: { ...OWN, source: ['aws.autoscaling'], detailType: ['EC2 Instance Launch Successful'] },
        // Not in the last-gasp queue: two minutes' notice must not pass behind hooks that are being held.
        SpotInterruption: { ...OWN, source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] },
        Rebalance: { ...OWN, source: ['aws.ec2'], detailType: ['EC2 Instance Rebalance Recommendation'] },
      },
    });
    table.grant(ec2Launch.fn, ROW_ACCESS['ec2-launch']);
    grantDescribeInstances(ec2Launch);

    const lastGasp = new EventRoute(this, 'LastGasp', {
      bundles,
      deadLetters,
      name: 'last-gasp',
      description: 'Mayfly: holds instances with a lifecycle hook until their last answers are stored',
      events: {
        TerminateHook: {
          ...OWN,
          source: ['aws.autoscaling'],
          detailType: ['EC2 Instance-terminate Lifecycle Action'],
        },
      },
      // It holds a hook for at most two minutes (docs/decisions/0013). A failed event must come back soon: Lambda recommends
      // six times the timeout, but that exceeds every heartbeat, and a repeat is harmless. Batches of hooks wait in one
      // invocation, which leaves concurrency for the polls that they wait for.
      waiting: {
        timeout: Duration.seconds(150),
        visibilityTimeout: Duration.seconds(160),
        gathers: Duration.seconds(1),
      },
    });
    table.grant(lastGasp.fn, ROW_ACCESS['last-gasp']);
    grantLifecycleHooks(lastGasp);

    const finding = new EventRoute(this, 'Finding', {
      bundles,
      deadLetters,
      name: 'finding',
      description: 'Mayfly: queries the hosts of GuardDuty findings',
      // From any account: an administrator account gets its members' findings, and may know some of their hosts.
      events: { Finding: { source: ['aws.guardduty'], detailType: ['GuardDuty Finding'] } },
    });
    table.grant(finding.fn, ROW_ACCESS.finding);
    grantDescribeContainerInstances(finding);

    this.bus = new EventBus(this, 'Bus', {
      // CDK's own default has the stack's id instead of its name: two stacks of one class would share a bus.
      eventBusName: Names.uniqueResourceName(this, {}),
      description: 'Mayfly: requests for queries, and other events for the rules',
    });
    const queryRequest = new EventRoute(this, 'QueryRequest', {
      bundles,
      deadLetters,
      name: 'query-request',
      description: 'Mayfly: queues the queries requested on its bus',
      events: {},
      // All events except Mayfly's own.
      requests: {
        bus: this.bus,
        events: { Request: { ...OWN, source: Match.anythingBut('mayfly') } },
      },
    });
    table.grant(queryRequest.fn, ROW_ACCESS['query-request']);
    grantDescribeContainerInstances(queryRequest);

    this.reconciler = new Reconciler(this, 'Reconciler', {
      bundles,
      every: props.reconcileEvery ?? Duration.minutes(1),
      noAgentAfter: props.noAgentAfter ?? Duration.minutes(5),
      expectAgents: props.expectAgents,
    });
    table.grant(this.reconciler.fn, ROW_ACCESS.reconcile);
    table.grantReview(this.reconciler.fn);
    this.bus.grantPutEventsTo(this.reconciler.fn);
    this.reconciler.fn.addEnvironment(Variable.bus, this.bus.eventBusName);
    for (const fn of [this.reconciler.fn, agents])
      fn.addEnvironment(Variable.sweepEvery, String(this.reconciler.every.toSeconds()));

    new PolicySeed(this, 'PolicySeed', { bundles, table });

    this.tableName = table.tableName;
    this.hostname = front.hostname;
    this.pathPrefix = front.pathPrefix;
    this.api = front.kind === 'serverless' ? front.api : undefined;
    this.loadBalancer = front.kind === 'service' ? front.loadBalancer : undefined;
    this.domain = front.kind === 'serverless' ? front.domain : undefined;
    this.enrollSecret = secrets.enrollSecret;
    this.namedSecrets = secrets.namedSecrets;
    this.nodeKeySecret = secrets.nodeKeySecret;
    this.flagfile = flagfile(front);
    this.attests = props.attest !== undefined && props.attest !== 'off';
    const routes = [ecsTaskState, ec2Launch, lastGasp, finding, queryRequest];
    if (front.kind === 'service') {
      table.grantRows(agents, LISTEN);
      const functions = [this.reconciler.fn, ...routes.map(({ fn }) => fn)];
      writeHints(table, [agents, ...functions]);
      // The bound that they record for a query depends on how often agents poll.
      for (const fn of functions) fn.addEnvironment(Variable.distributedInterval, String(front.intervalSeconds));
    }
    const watched = { routes, deadLetters, front, streams, reconciler: this.reconciler, table };
    this.alarms = new Alarms(this, 'Alarms', { ...watched, coverageObjective: props.coverageObjective ?? 99 }).all;
    this.dashboardName = new Dashboard(this, 'Dashboard', { ...watched, alarms: this.alarms }).name;
    this.alarmTopic = this.publishAlarms(props);
    addOutputs(this);
  }

  /**
   * Enrolls the instances of an Auto Scaling group or a launch template: their user data configures osquery, which their image
   * has to contain, and their role may read the enroll secret (docs/hosts.md).
   *
   * @throws if they run Windows, or a launch template has no user data or no role
   */
  addTo(group: AutoScalingGroup | LaunchTemplate): void {
    enrollInstances(group, this.enrolling());
  }

  /** Runs an agent on every instance of an ECS cluster: a service of the type DAEMON, in the stack of the cluster. */
  addDaemonTo(cluster: ICluster, props: AgentContainerProps = {}): Ec2Service {
    return new EcsDaemon(cluster, this.enrolling(), props).service;
  }

  /**
   * Adds an agent to a task on Fargate, and `pidMode: task`. The task becomes a host named by its id.
   *
   * @returns its container; containers that depend on its start start after it and stop before it
   */
  addSidecarTo(taskDefinition: FargateTaskDefinition, props: AgentContainerProps = {}): ContainerDefinition {
    return addSidecar(taskDefinition, this.enrolling(), props);
  }

  private enrolling(): EnrollsHosts {
    const { flagfile, enrollSecret, attests } = this;
    return { flagfile, enrollSecret, attests };
  }

  private defineFront(bundles: string, props: MayflyProps): TlsApi | ServiceFront {
    const { front = Front.serverless() } = props;
    if (front.kind === 'service') return new ServiceFront(this, 'ServiceFront', front.service);
    return new TlsApi(this, 'TlsApi', {
      bundles,
      requests: props.agentRequests ?? AGENT_REQUESTS,
      concurrency: props.agentConcurrency,
      access: props,
    });
  }

  private publishAlarms({ alarmTopic, notifyMisses }: MayflyProps): ITopic | undefined {
    if (alarmTopic === undefined) {
      if (notifyMisses) throw new Error('notifyMisses is true: it needs an alarmTopic to publish to');
      return undefined;
    }
    const { alarms, bus } = this;
    return new AlarmTopic(this, 'AlarmTopic', { choice: alarmTopic, alarms, missesOf: notifyMisses ? bus : undefined })
      .topic;
  }
}

/** Everything that queues queries or ends nodes writes hints for held reads. */
function writeHints(table: MayflyTable, runners: readonly Runner[]): void {
  for (const runner of runners) {
    table.grantRows(runner, ANNOUNCE);
    runner.addEnvironment(Variable.wakeHints, 'on');
  }
}

/** A task event names the container instance, but not its EC2 instance. */
function grantDescribeContainerInstances(route: EventRoute): void {
  const anyInstance = Stack.of(route).formatArn({ service: 'ecs', resource: 'container-instance', resourceName: '*' });
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ecs:DescribeContainerInstances'], resourceArns: [anyInstance] });
  acknowledgeWildcard(
    route,
    anyInstance,
    'Clusters and their instances are not known at deployment: read access to any container instance of this account and Region.',
  );
}

/** A task event does not say which containers are essential. */
function grantDescribeTaskDefinition(route: EventRoute): void {
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ecs:DescribeTaskDefinition'], resourceArns: ['*'] });
  acknowledgeWildcard(route, '*', 'ecs:DescribeTaskDefinition has no resource-level permissions; it only reads.');
}

/** An instance event lacks image, tags and addresses. */
function grantDescribeInstances(route: EventRoute): void {
  Grant.addToPrincipal({ grantee: route.fn, actions: ['ec2:DescribeInstances'], resourceArns: ['*'] });
  acknowledgeWildcard(route, '*', 'ec2:DescribeInstances has no resource-level permissions; it only reads.');
}

/** The function completes hooks whose names begin with `mayfly`; the owners of the groups add them. */
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
    'Groups are not known at deployment: hooks of any group of this account and Region. The function selects them by name.',
  );
  acknowledgeWildcard(
    route,
    '*',
    'autoscaling:DescribeLifecycleHooks has no resource-level permissions; it only reads.',
  );
}
