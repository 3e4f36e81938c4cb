import { AGENT_CONTAINER, type AgentSettings, agentScript, OSQUERY_IMAGE, SECRET_VARIABLE } from './agent-script.ts';

/**
 * What an agent beside Docker needs beyond root: the processes, files and sockets of others, namespaces of containers
 * (`pid_with_namespace`), and the audit trail.
 */
export const DAEMON_CAPABILITIES = ['AUDIT_CONTROL', 'DAC_READ_SEARCH', 'SYS_ADMIN', 'SYS_PTRACE'] as const;
/** Fargate allows no other; it shows the programs and sockets of the other containers of the task. */
export const SIDECAR_CAPABILITIES = ['SYS_PTRACE'] as const;

/** MiB that ECS reserves for an agent; osquery's watchdog keeps it below about 200. */
export const AGENT_MEMORY_MIB = 128;

/** Paths of the host that the daemon mounts. Without the database, each restart would enroll as a second agent. */
export const DAEMON_MOUNTS = [
  { volume: 'database', path: '/var/osquery', hostPath: '/var/lib/mayfly-osquery' },
  { volume: 'docker', path: '/var/run/docker.sock', hostPath: '/var/run/docker.sock' },
] as const;

/** What a printed container needs in addition. */
export interface ContainerSettings extends AgentSettings {
  readonly enrollSecretArn: string;
  /** @default OSQUERY_IMAGE */
  readonly image?: string;
  /** A log group of CloudWatch. @default - Docker's log on the host; none on Fargate */
  readonly logGroup?: string;
}

/** The command of an agent's container. */
export const commandOf = (script: string) => ({ entryPoint: ['/bin/bash', '-c'], command: [script] });

function containerOf(script: string, settings: ContainerSettings, capabilities: readonly string[]) {
  const { enrollSecretArn, image = OSQUERY_IMAGE, logGroup } = settings;
  const options = {
    'awslogs-group': logGroup,
    'awslogs-region': enrollSecretArn.split(':')[3],
    'awslogs-stream-prefix': 'mayfly',
  };
  return {
    name: AGENT_CONTAINER,
    image,
    memoryReservation: AGENT_MEMORY_MIB,
    ...commandOf(script),
    secrets: [{ name: SECRET_VARIABLE, valueFrom: enrollSecretArn }],
    linuxParameters: { capabilities: { add: [...capabilities] } },
    logConfiguration: logGroup === undefined ? undefined : { logDriver: 'awslogs', options },
  };
}

/**
 * The task definition of a daemon on ECS, for `aws ecs register-task-definition --cli-input-json`. osquery reads the host's
 * `/proc` only in the host's PID namespace, and the names of the host's interfaces only in its network namespace; Docker gives a
 * container on that network the host's name.
 */
export function daemonTaskDefinition(settings: ContainerSettings & { readonly executionRoleArn: string }) {
  const script = agentScript('instance', settings);
  return {
    family: AGENT_CONTAINER,
    requiresCompatibilities: ['EC2'],
    networkMode: 'host',
    pidMode: 'host',
    executionRoleArn: settings.executionRoleArn,
    containerDefinitions: [
      {
        ...containerOf(script, settings, DAEMON_CAPABILITIES),
        essential: true,
        mountPoints: DAEMON_MOUNTS.map(({ volume, path }) => ({
          sourceVolume: volume,
          containerPath: path,
          readOnly: false,
        })),
      },
    ],
    volumes: DAEMON_MOUNTS.map(({ volume, hostPath }) => ({ name: volume, host: { sourcePath: hostPath } })),
  };
}

/** The old agent stops before the new one starts, because both use one database. */
export const DAEMON_DEPLOYMENT = {
  minimumHealthyPercent: 0,
  maximumPercent: 100,
  deploymentCircuitBreaker: { enable: true, rollback: true },
} as const;

/** The service of that task definition in a cluster, for `aws ecs create-service --cli-input-json`. */
export const daemonService = (cluster: string) => ({
  cluster,
  serviceName: AGENT_CONTAINER,
  taskDefinition: AGENT_CONTAINER,
  schedulingStrategy: 'DAEMON',
  deploymentConfiguration: DAEMON_DEPLOYMENT,
});

/** The container that a task definition for Fargate gets. If the agent fails, the task goes on. */
export const sidecarContainer = (settings: ContainerSettings) => ({
  ...containerOf(agentScript('task', settings), settings, SIDECAR_CAPABILITIES),
  essential: false,
});
