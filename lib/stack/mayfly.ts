import { fileURLToPath } from 'node:url';
import type { DomainName, RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { LaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import type { ContainerDefinition, Ec2Service, FargateTaskDefinition, ICluster } from 'aws-cdk-lib/aws-ecs';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Duration, Names, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { checkFrontProps, checkProps } from './check-props.ts';
import { addAttestation } from './enrollment/attestation.ts';
import { Secrets } from './enrollment/secrets.ts';
import { deadLetterQueue } from './events/event-route.ts';
import { addEventRoutes } from './events/event-routes.ts';
import { Reconciler } from './events/reconciler.ts';
import { Front } from './front/front.ts';
import { ServiceFront } from './front/service-front.ts';
import { type RequestLimit, TlsApi } from './front/tls-api.ts';
import { Variable } from './functions/environment.ts';
import { nameMetrics } from './functions/own-metrics.ts';
import type { Runner } from './functions/runner.ts';
import {
  type AgentContainerProps,
  addSidecar,
  EcsDaemon,
  type EnrollsHosts,
  enrollInstances,
} from './hosts/enroll-hosts.ts';
import { flagfile } from './hosts/flagfile.ts';
import type { MayflyProps } from './mayfly-props.ts';
import { AlarmTopic } from './operations/alarm-topic.ts';
import { Alarms } from './operations/alarms.ts';
import { Dashboard } from './operations/dashboard.ts';
import { addOutputs } from './outputs.ts';
import { ResultStreams } from './results/result-streams.ts';
import { ResultTables } from './results/result-tables.ts';
import { MayflyTable } from './table/mayfly-table.ts';
import { PolicySeed } from './table/policy-seed.ts';
import { ANNOUNCE, LISTEN, ROW_ACCESS } from './table/row-access.ts';

/** A tenth of API Gateway's limit for all APIs of an account in a Region. */
const AGENT_REQUESTS: RequestLimit = { perSecond: 1_000, burst: 2_000 };

// Relative to this file, and to the bundle of the construct in dist/stack as well.
const BUNDLES = fileURLToPath(new URL('../../dist/lambdas', import.meta.url));
const SERVICE_BUNDLE = fileURLToPath(new URL('../../dist/service', import.meta.url));

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
    this.bus = defineBus(this);
    const routes = addEventRoutes(this, { bundles, deadLetters, table, bus: this.bus });

    this.reconciler = this.defineReconciler(bundles, table, props);
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
    if (front.kind === 'service') connectFront(front, table, [this.reconciler.fn, ...routes.map(({ fn }) => fn)]);
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
    if (front.kind === 'service')
      return new ServiceFront(this, 'ServiceFront', { ...front.service, bundle: SERVICE_BUNDLE });
    return new TlsApi(this, 'TlsApi', {
      bundles,
      requests: props.agentRequests ?? AGENT_REQUESTS,
      concurrency: props.agentConcurrency,
      access: props,
    });
  }

  private defineReconciler(bundles: string, table: MayflyTable, props: MayflyProps): Reconciler {
    const reconciler = new Reconciler(this, 'Reconciler', {
      bundles,
      every: props.reconcileEvery ?? Duration.minutes(1),
      noAgentAfter: props.noAgentAfter ?? Duration.minutes(5),
      expectAgents: props.expectAgents,
    });
    table.grant(reconciler.fn, ROW_ACCESS.reconcile);
    table.grantReview(reconciler.fn);
    this.bus.grantPutEventsTo(reconciler.fn);
    reconciler.fn.addEnvironment(Variable.bus, this.bus.eventBusName);
    return reconciler;
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

const defineBus = (scope: Construct): EventBus =>
  new EventBus(scope, 'Bus', {
    // CDK's own default has the stack's id instead of its name: two stacks of one class would share a bus.
    eventBusName: Names.uniqueResourceName(scope, {}),
    description: 'Mayfly: requests for queries, and other events for the rules',
  });

/** Connects the long-poll front with the functions: everything that queues queries or ends nodes writes hints for held reads. */
function connectFront(front: ServiceFront, table: MayflyTable, functions: readonly LambdaFunction[]): void {
  table.grantRows(front, LISTEN);
  for (const runner of [front, ...functions]) {
    table.grantRows(runner, ANNOUNCE);
    runner.addEnvironment(Variable.wakeHints, 'on');
  }
  // The bound that they record for a query depends on how often agents poll.
  for (const fn of functions) fn.addEnvironment(Variable.distributedInterval, String(front.intervalSeconds));
}
