/** What a container is started with. */
export interface ContainerSpec {
  /** The id that Fargate gives it: `<task id>-<digits>`. Docker gives the others an id of 64 hexadecimal digits. */
  readonly fargateId?: string;
  /** Docker's name, without the leading `/` that its tables show. */
  readonly name: string;
  readonly image: string;
  /** The main process: path and arguments. */
  readonly command: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly ContainerPort[];
  readonly mounts?: readonly ContainerMount[];
  /** Connections the main process holds to other hosts. */
  readonly connections?: readonly { readonly remoteAddress: string; readonly remotePort: number }[];
  /** Further processes, children of the main process. */
  readonly children?: readonly (readonly string[])[];
  readonly network?: 'bridge' | 'host' | 'none';
  readonly privileged?: boolean;
  /** Numeric user id of every process. 0 is root. */
  readonly uid?: number;
}

export interface ContainerPort {
  readonly containerPort: number;
  readonly hostPort?: number;
  readonly protocol?: 'tcp' | 'udp';
}

export interface ContainerMount {
  readonly type: 'bind' | 'volume';
  readonly source: string;
  readonly destination: string;
  readonly readOnly?: boolean;
}

/** A process of a container, with its pids on the host. */
export interface ContainerProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: readonly string[];
}

/** A container as Docker knows it: running, then exited until it is removed. */
export interface Container {
  /** The `runtimeId` of ECS: 64 hexadecimal digits of Docker, or Fargate's id. */
  readonly id: string;
  readonly spec: ContainerSpec;
  /** 64 hexadecimal digits, without `sha256:`. */
  readonly imageId: string;
  readonly startedAtMs: number;
  /** The main process first. */
  readonly processes: readonly [ContainerProcess, ...ContainerProcess[]];
  /** The containerd shim, the parent of the main process. */
  readonly shimPid: number;
  readonly ipAddress: string;
  readonly macAddress: string;
  /** Its kernel namespace numbers, keyed by the column names of docker_containers. */
  readonly namespaces: Readonly<Record<string, string>>;
  readonly exit: { readonly code: number; readonly atMs: number } | null;
}

/** A duration in Docker's words: "5 seconds", "About a minute", "3 hours". */
export function dockerDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(seconds / 3600);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  return `${Math.floor(hours / 24)} days`;
}

/** The status text of `docker ps`. It is the only place in Docker's tables that shows an exit code. */
export function dockerStatus(container: Container, nowMs: number): string {
  const { exit, startedAtMs } = container;
  if (!exit) return `Up ${dockerDuration(nowMs - startedAtMs)}`;
  return `Exited (${exit.code}) ${dockerDuration(nowMs - exit.atMs)} ago`;
}

/** A timestamp as Docker writes it, with nanoseconds. */
export function dockerTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000000Z');
}

/** The cgroup path of the container's processes: below the ECS task if the container has one; version 1 on Fargate. */
export function cgroupPath(container: Container): string {
  const taskArn = container.spec.labels?.['com.amazonaws.ecs.task-arn'];
  const scope = `docker-${container.id}.scope`;
  if (container.spec.fargateId) return `/ecs/${taskArn?.split('/').at(-1)}/${container.id}`;
  if (!taskArn) return `/system.slice/${scope}`;
  return `/ecstasks.slice/ecstasks-${taskArn.split('/').at(-1)}.slice/${scope}`;
}
