import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { type LaunchTemplate, OperatingSystemType } from 'aws-cdk-lib/aws-ec2';
import {
  Capability,
  CfnTaskDefinition,
  type ContainerDefinition,
  ContainerImage,
  Ec2Service,
  Ec2TaskDefinition,
  Secret as EcsSecret,
  type FargateTaskDefinition,
  type ICluster,
  LinuxParameters,
  type LogDriver,
  LogDrivers,
  NetworkMode,
  PidMode,
  type TaskDefinition,
} from 'aws-cdk-lib/aws-ecs';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { AGENT_CONTAINER, agentScript, OSQUERY_IMAGE, SECRET_VARIABLE } from './agent-script.ts';
import {
  AGENT_MEMORY_MIB,
  commandOf,
  DAEMON_CAPABILITIES,
  DAEMON_DEPLOYMENT,
  DAEMON_MOUNTS,
  SIDECAR_CAPABILITIES,
} from './containers.ts';
import { userDataScript } from './user-data-script.ts';

/** What hosts need of a Mayfly. */
export interface EnrollsHosts {
  readonly flagfile: string;
  readonly enrollSecret: ISecret;
  /** Whether instances add their identity document. */
  readonly attests: boolean;
}

/** Settings of an agent in a container. */
export interface AgentContainerProps {
  /**
   * An image with osquery and bash.
   * @default - osquery's own image of Docker Hub, which is for x86_64 only
   */
  readonly image?: ContainerImage;
  /**
   * Where the container's log goes.
   * @default - a log group in CloudWatch, kept for a month
   */
  readonly logging?: LogDriver;
}

/**
 * Adds the script that enrolls an instance to the user data, and lets its role read the enroll secret.
 *
 * @throws if the instances run Windows, or a launch template has no user data or no role
 */
export function enrollInstances(group: AutoScalingGroup | LaunchTemplate, mayfly: EnrollsHosts): void {
  const { flagfile, enrollSecret, attests } = mayfly;
  const { path } = group.node;
  if (group.osType === OperatingSystemType.WINDOWS)
    throw new Error(
      `addTo: ${path} runs Windows, and the script is for bash: use the property flagfile of the construct`,
    );
  if (!group.userData) throw new Error(`addTo: ${path} has no user data: give it some, such as UserData.forLinux()`);
  if (!group.role) throw new Error(`addTo: ${path} has no role: give it one, which may then read the enroll secret`);
  const { secretArn: enrollSecretArn, env } = enrollSecret;
  group.userData.addCommands(userDataScript({ flagfile, enrollSecretArn, region: env.region, attest: attests }));
  Grant.addToPrincipal({
    grantee: group,
    actions: ['secretsmanager:GetSecretValue'],
    resourceArns: [enrollSecretArn],
  });
  enrollSecret.encryptionKey?.grantDecrypt(group);
}

/** Runs an agent on every instance of a cluster: an ECS service of the type DAEMON, in the stack of the cluster. */
export class EcsDaemon extends Construct {
  readonly service: Ec2Service;

  constructor(cluster: ICluster, mayfly: EnrollsHosts, props: AgentContainerProps) {
    super(cluster, 'MayflyDaemon');
    const taskDefinition = new Ec2TaskDefinition(this, 'TaskDefinition', {
      networkMode: NetworkMode.HOST,
      pidMode: PidMode.HOST,
      volumes: DAEMON_MOUNTS.map(({ volume, hostPath }) => ({ name: volume, host: { sourcePath: hostPath } })),
    });
    const script = agentScript('instance', { flagfile: mayfly.flagfile, attest: mayfly.attests });
    const container = addAgent(taskDefinition, script, mayfly, { ...props, capabilities: DAEMON_CAPABILITIES });
    container.addMountPoints(
      ...DAEMON_MOUNTS.map(({ volume, path }) => ({ sourceVolume: volume, containerPath: path, readOnly: false })),
    );
    this.service = new Ec2Service(this, 'Service', {
      cluster,
      taskDefinition,
      daemon: true,
      minHealthyPercent: DAEMON_DEPLOYMENT.minimumHealthyPercent,
      maxHealthyPercent: DAEMON_DEPLOYMENT.maximumPercent,
      circuitBreaker: DAEMON_DEPLOYMENT.deploymentCircuitBreaker,
    });
  }
}

/** Adds an agent to a task on Fargate: a host of its own, named by the task's id. */
export function addSidecar(
  taskDefinition: FargateTaskDefinition,
  mayfly: EnrollsHosts,
  props: AgentContainerProps,
): ContainerDefinition {
  const resource = taskDefinition.node.defaultChild;
  // The containers of the task see each other's processes. CDK allows no other mode on Fargate.
  if (resource instanceof CfnTaskDefinition) resource.pidMode = PidMode.TASK;
  const script = agentScript('task', { flagfile: mayfly.flagfile, attest: false });
  return addAgent(taskDefinition, script, mayfly, { ...props, capabilities: SIDECAR_CAPABILITIES, essential: false });
}

interface AgentOptions extends AgentContainerProps {
  readonly capabilities: readonly (typeof DAEMON_CAPABILITIES | typeof SIDECAR_CAPABILITIES)[number][];
  readonly essential?: boolean;
}

/** Adds the container. CDK lets the execution role read the secret. */
function addAgent(
  taskDefinition: TaskDefinition,
  script: string,
  { enrollSecret }: EnrollsHosts,
  { image = ContainerImage.fromRegistry(OSQUERY_IMAGE), logging, capabilities, essential }: AgentOptions,
): ContainerDefinition {
  const linuxParameters = new LinuxParameters(taskDefinition, 'MayflyLinuxParameters');
  linuxParameters.addCapabilities(...capabilities.map((name) => Capability[name]));
  return taskDefinition.addContainer(AGENT_CONTAINER, {
    image,
    ...commandOf(script),
    essential,
    memoryReservationMiB: AGENT_MEMORY_MIB,
    secrets: { [SECRET_VARIABLE]: EcsSecret.fromSecretsManager(enrollSecret) },
    linuxParameters,
    logging: logging ?? LogDrivers.awsLogs({ streamPrefix: 'mayfly', logRetention: RetentionDays.ONE_MONTH }),
  });
}
