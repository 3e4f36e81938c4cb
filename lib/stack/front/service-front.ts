import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  Cluster,
  ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
  UlimitName,
} from 'aws-cdk-lib/aws-ecs';
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  type ApplicationTargetGroup,
  SslPolicy,
  TargetGroupLoadBalancingAlgorithmType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IPrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../functions/acknowledge.ts';
import { Variable } from '../functions/environment.ts';
import { metricsNamespace } from '../functions/own-metrics.ts';
import type { Runner } from '../functions/runner.ts';
import { checkDomain } from './custom-domain.ts';

export interface ServiceFrontProps {
  readonly vpc: IVpc;
  /** A certificate of ACM for `domainName`, in the Region of the stack, from an authority that osquery's bundle trusts. */
  readonly certificate: ICertificate;
  /** The host name of the agents' `--tls_hostname`, such as `osquery.example.com`. */
  readonly domainName: string;
  /** Gets the DNS record of the name. @default - no record: point the name at the output `DomainTarget` with a CNAME */
  readonly hostedZone?: IHostedZone;
  /**
   * A prebuilt image, for a deployment without Docker.
   * @default - built at deployment from `dist/service` of this package, where `npm run bundle` writes it
   */
  readonly image?: ContainerImage;
  /** Whether only the VPC and what is connected to it can reach the load balancer. @default false */
  readonly isInternal?: boolean;
  /** Subnets of the tasks. @default - private subnets with egress */
  readonly taskSubnets?: SubnetSelection;
  /** Whether tasks get public addresses, instead of a NAT gateway. @default false */
  readonly hasPublicTasks?: boolean;
  /** CPU units of a task; 1024 are one vCPU. @default 512 */
  readonly cpu?: number;
  /** @default 1024 - a held host takes up to 60 kB */
  readonly memoryLimitMiB?: number;
  /** @default 2 - one for each Availability Zone */
  readonly minTasks?: number;
  /** @default 10 */
  readonly maxTasks?: number;
  /** `distributed_interval` of all agents, seconds. 0 answers 0.5 s sooner in the worst case. @default 1 */
  readonly distributedInterval?: 0 | 1;
}

interface BundledFrontProps extends ServiceFrontProps {
  /** Folder with the bundle of the process and its Dockerfile. */
  readonly bundle: string;
}

const PARTS = {
  name: 'Front.service: domainName',
  certificate: 'Front.service: certificate',
  hostedZone: 'Front.service: hostedZone',
} as const;

/** @throws naming the wrong property of `Front.service` and what is allowed */
function checkService(props: ServiceFrontProps): void {
  const { vpc, domainName, certificate, hostedZone, distributedInterval = 1, minTasks = 2, maxTasks = 10 } = props;
  checkDomain({ name: domainName, certificate, hostedZone, of: PARTS });
  if (typeof vpc?.vpcId !== 'string')
    throw new Error('Front.service: vpc is missing: it has to be a VPC, such as Vpc.fromLookup(…)');
  if (![0, 1].includes(distributedInterval))
    throw new Error(`Front.service: distributedInterval is ${distributedInterval}: it has to be 0 or 1`);
  const tasks = [minTasks, maxTasks];
  if (tasks.some((number) => Token.isUnresolved(number))) return;
  if (!tasks.every((number) => Number.isInteger(number) && number > 0) || minTasks > maxTasks)
    throw new Error(
      `Front.service: minTasks is ${minTasks} and maxTasks ${maxTasks}: they have to be whole numbers above 0, and maxTasks not below minTasks`,
    );
}

const PORT = 8080;
const HEALTH_PATH = '/health';
/** Longer than a hold of 12 s, so that a stopping task answers its held reads in time. */
const DEREGISTRATION = Duration.seconds(20);

/** The long-poll front: the TLS API in containers on Fargate, behind an Application Load Balancer that ends TLS. */
export class ServiceFront extends Construct implements Runner {
  readonly kind = 'service';
  /** Host name without scheme or path, for `--tls_hostname`. */
  readonly hostname: string;
  /** Endpoints have no path prefix. */
  readonly pathPrefix = '';
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly service: FargateService;
  readonly intervalSeconds: number;
  /** From an event to its answer, ms: the guarantee of `mayfly mtta` (`guaranteedBoundMs` in lib/core/ledger/bound.ts). */
  readonly boundMs: number;
  private readonly targets: ApplicationTargetGroup;
  private readonly task: FargateTaskDefinition;

  constructor(scope: Construct, id: string, props: BundledFrontProps) {
    super(scope, id);
    checkService(props);
    this.hostname = props.domainName;
    this.intervalSeconds = props.distributedInterval ?? 1;
    this.boundMs = 1_000 * this.intervalSeconds + 5_790;
    this.task = this.defineTask(props);
    this.service = this.defineService(props);
    this.loadBalancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc: props.vpc,
      internetFacing: !props.isInternal,
      dropInvalidHeaderFields: true,
    });
    const listener = this.loadBalancer.addListener('Https', {
      port: 443,
      protocol: ApplicationProtocol.HTTPS,
      certificates: [props.certificate],
      sslPolicy: SslPolicy.RECOMMENDED_TLS, // TLS 1.2 and 1.3 with ECDHE and AES-GCM, which agents need
      open: true,
    });
    this.targets = listener.addTargets('Tasks', {
      port: PORT,
      protocol: ApplicationProtocol.HTTP,
      targets: [this.service],
      deregistrationDelay: DEREGISTRATION,
      loadBalancingAlgorithmType: TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: { path: HEALTH_PATH, interval: Duration.seconds(10), timeout: Duration.seconds(5) },
    });
    this.scale(props);
    if (props.hostedZone)
      new ARecord(this, 'Record', {
        zone: props.hostedZone,
        recordName: `${props.domainName}.`, // complete: the zone's name is not added
        target: RecordTarget.fromAlias(new LoadBalancerTarget(this.loadBalancer)),
      });
    this.acknowledge();
  }

  get grantPrincipal(): IPrincipal {
    return this.task.taskRole.grantPrincipal;
  }

  addEnvironment(name: string, value: string): void {
    this.task.defaultContainer?.addEnvironment(name, value);
  }

  /** Requests that agents sent. */
  metricRequests(period: Duration): Metric {
    return this.loadBalancer.metrics.requestCount({ period, statistic: Stats.SUM });
  }

  /** 5xx of the tasks and of the load balancer itself. */
  metricsServerErrors(period: Duration): { readonly tasks: Metric; readonly balancer: Metric } {
    const of = (metricName: string): Metric =>
      new Metric({
        namespace: 'AWS/ApplicationELB',
        metricName,
        dimensionsMap: { LoadBalancer: this.loadBalancer.loadBalancerFullName },
        statistic: Stats.SUM,
        period,
      });
    return { tasks: of('HTTPCode_Target_5XX_Count'), balancer: of('HTTPCode_ELB_5XX_Count') };
  }

  /** Tasks that fail their health checks. */
  metricUnhealthy(period: Duration): Metric {
    return this.targets.metrics.unhealthyHostCount({ period, statistic: Stats.MAXIMUM });
  }

  private defineTask(props: BundledFrontProps): FargateTaskDefinition {
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: props.cpu ?? 512,
      memoryLimitMiB: props.memoryLimitMiB ?? 1024,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    task.addContainer('Front', {
      image: props.image ?? builtImage(props.bundle),
      portMappings: [{ containerPort: PORT }],
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'front' }),
      readonlyRootFilesystem: true,
      stopTimeout: Duration.seconds(30),
      ulimits: [{ name: UlimitName.NOFILE, softLimit: 65_536, hardLimit: 65_536 }],
      environment: {
        PORT: String(PORT),
        [Variable.distributedInterval]: String(this.intervalSeconds),
        POWERTOOLS_SERVICE_NAME: 'front',
        POWERTOOLS_METRICS_NAMESPACE: metricsNamespace(this),
        POWERTOOLS_LOG_LEVEL: 'INFO',
      },
    });
    return task;
  }

  private defineService(props: ServiceFrontProps): FargateService {
    const { vpc, taskSubnets, hasPublicTasks = false, minTasks = 2 } = props;
    const cluster = new Cluster(this, 'Cluster', { vpc });
    return new FargateService(this, 'Service', {
      cluster,
      taskDefinition: this.task,
      desiredCount: minTasks,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      healthCheckGracePeriod: Duration.seconds(30),
      vpcSubnets: taskSubnets,
      assignPublicIp: hasPublicTasks,
    });
  }

  private scale({ minTasks = 2, maxTasks = 10 }: ServiceFrontProps): void {
    const scaling = this.service.autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: maxTasks });
    const cooldown = { scaleInCooldown: Duration.minutes(5), scaleOutCooldown: Duration.minutes(1) };
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 50, ...cooldown });
    scaling.scaleOnMemoryUtilization('Memory', { targetUtilizationPercent: 60, ...cooldown });
  }

  private acknowledge(): void {
    acknowledge(
      this.loadBalancer,
      {
        id: 'AwsSolutions-ELB2',
        reason:
          'Every host polls all the time, so access logs would cost more than the front. The process logs what matters.',
      },
      { id: 'AwsSolutions-EC23', reason: 'Agents connect from anywhere; they authenticate by secret and node key.' },
    );
    acknowledge(this.task, {
      id: 'AwsSolutions-ECS2',
      reason: 'The environment holds names and ARNs; the process fetches the values of secrets itself.',
    });
    acknowledge(this, {
      id: 'AwsSolutions-ECS4',
      reason: "Container Insights is priced by task; Mayfly's own metrics and those of the load balancer suffice.",
    });
    acknowledgeWildcard(this, '*', 'ecr:GetAuthorizationToken has no resource-level permissions.');
  }
}

/** The image over the bundle. Docker builds it at deployment, not at synthesis. */
function builtImage(bundle: string): ContainerImage {
  if (!existsSync(join(bundle, 'Dockerfile')))
    throw new Error(`No bundle of the long-poll front in ${bundle}: run 'npm run bundle' first, or give an image`);
  return ContainerImage.fromAsset(bundle, { platform: Platform.LINUX_ARM64 });
}
