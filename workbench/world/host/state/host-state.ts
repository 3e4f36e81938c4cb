import type { Container } from './container.ts';

export interface Image {
  /** 64 hexadecimal digits, without `sha256:`. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly bytes: number;
}

/** The part of a host that the tables read. */
export interface HostView {
  /** On Fargate a host is one task: its agent sees the task's processes and neither Docker nor the metadata service. */
  readonly launchType: 'EC2' | 'FARGATE';
  readonly clock: { now(): number };
  readonly instanceId: string; // such as `i-0abc123def4567890`
  readonly hostname: string;
  readonly privateIp: string;
  readonly instanceType: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly accountId: string; // 12 digits
  readonly amiId: string;
  readonly architecture: 'x86_64' | 'aarch64';
  readonly cpus: number; // virtual processors
  readonly memoryBytes: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly bootedAtMs: number; // epoch milliseconds
  /** The SMBIOS product UUID; on EC2 it starts with `ec2`. */
  readonly uuid: string;
  /** Whether osquery can read the SMBIOS. In most containers it cannot. */
  readonly smbios: boolean;
  readonly macAddress: string;
  readonly reservationId: string;
  /** The id of the Docker Engine. */
  readonly dockerId: string;
  /** Running containers, and exited ones until they are removed, oldest first. */
  containers(): readonly Container[];
  running(): readonly Container[];
  /** By image reference. */
  images(): ReadonlyMap<string, Image>;
}

/** The facts about the osquery process that its own tables show. */
export interface OsqueryFacts {
  readonly version: string;
  readonly instanceUuid: string;
  /** `osquery_info.config_hash`; empty before the first configuration. */
  readonly configHash: string;
  readonly configValid: boolean;
  readonly startedAtMs: number;
}

/** The state that every table reads. */
export interface HostState {
  readonly host: HostView;
  readonly osquery: OsqueryFacts | null;
}
