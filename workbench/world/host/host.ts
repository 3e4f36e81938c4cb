import { type Clock, stopper } from '../simulation/clock.ts';
import type { Random } from '../simulation/random.ts';
import { type SqlAnswer, SqlEngine } from './sql-engine.ts';
import type { Container, ContainerProcess, ContainerSpec } from './state/container.ts';
import type { HostState, HostView, Image, OsqueryFacts } from './state/host-state.ts';
import { FARGATE_TABLES, TABLES } from './tables/index.ts';
import type { TableRow } from './tables/table.ts';
import { UNCONSTRAINED } from './tables/table.ts';

/** How long the ECS agent keeps an exited container: 3 hours, its default. */
const CLEANUP_WAIT_MS = 3 * 60 * 60 * 1000;

/** The facts of a host that a simulation may fix. The others, and facts left out, are drawn from `random` or have a default. */
type GivenFacts =
  | 'launchType'
  | 'instanceId'
  | 'hostname'
  | 'privateIp'
  | 'instanceType'
  | 'region'
  | 'availabilityZone'
  | 'accountId'
  | 'amiId'
  | 'architecture'
  | 'cpus'
  | 'memoryBytes'
  | 'tags'
  | 'smbios'
  | 'bootedAtMs';

export interface HostOptions extends Partial<Pick<HostView, GivenFacts>> {
  readonly clock: Clock;
  readonly random: Random;
}

/** The exit code of a killed process. */
const KILLED = 137;

/** One engine serves all hosts of a launch type: a query finishes before another starts. */
const ENGINES = { EC2: new SqlEngine<HostState>(TABLES), FARGATE: new SqlEngine<HostState>(FARGATE_TABLES) };

/** A host with Docker, or a task on Fargate. Its tables show the host's state at the moment of the query. */
export class SimulatedHost implements HostView {
  readonly clock: Clock;
  readonly launchType: 'EC2' | 'FARGATE';
  readonly instanceId: string;
  readonly hostname: string;
  readonly privateIp: string;
  readonly instanceType: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly accountId: string;
  readonly amiId: string;
  readonly architecture: 'x86_64' | 'aarch64';
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly bootedAtMs: number;
  readonly createdAtMs: number;
  /** The SMBIOS product UUID; on EC2 it starts with `ec2`. */
  readonly uuid: string;
  readonly smbios: boolean;
  readonly macAddress: string;
  readonly reservationId: string;
  /** The id of the Docker Engine. */
  readonly dockerId: string;
  private readonly random: Random;
  private readonly all = new Map<string, Container>();
  private readonly imageIds = new Map<string, Image>();
  private lastPid = 2400;
  private readonly power = stopper();

  constructor(options: HostOptions) {
    const { launchType = 'EC2', smbios = launchType === 'EC2' } = options;
    const { region = 'us-east-1', instanceType = 'm8g.xlarge', architecture = 'aarch64' } = options;
    const { accountId = '111122223333', amiId = 'ami-0abc12345def67890' } = options;
    const { cpus = 4, memoryBytes = 16_326_590_464 } = options;
    // The fork's name differs per host, so hosts made from one random source differ too.
    const random = options.random.fork(`host ${options.instanceId ?? options.random.next()}`);
    this.random = random;
    this.clock = options.clock;
    this.createdAtMs = options.clock.now();
    this.launchType = launchType;
    this.instanceId = options.instanceId ?? `i-0${random.hex(16)}`;
    this.privateIp = options.privateIp ?? `10.0.${random.integer(0, 63)}.${random.integer(10, 250)}`;
    this.region = region;
    this.hostname = options.hostname ?? `ip-${this.privateIp.replaceAll('.', '-')}.ec2.internal`;
    this.instanceType = instanceType;
    this.availabilityZone = options.availabilityZone ?? `${this.region}${random.pick(['a', 'b', 'c'])}`;
    this.accountId = accountId;
    this.amiId = amiId;
    this.architecture = architecture;
    this.cpus = cpus;
    this.memoryBytes = memoryBytes;
    this.tags = options.tags ?? { Name: this.hostname.split('.')[0] ?? this.hostname };
    this.bootedAtMs = options.bootedAtMs ?? this.createdAtMs - 600_000;
    this.smbios = smbios;
    this.uuid = `ec2${random.uuid().slice(3)}`;
    this.macAddress = mac(random);
    this.reservationId = `r-0${random.hex(16)}`;
    this.dockerId = random.uuid();
  }

  /** Whether the host is off. */
  get down(): boolean {
    return this.power.signal.aborted;
  }

  /** Aborts when the host powers off. */
  get off(): AbortSignal {
    return this.power.signal;
  }

  /** Powers the host off for good: all its containers and its agent are killed. */
  powerOff(): void {
    for (const { id } of this.running()) this.stopContainer(id, KILLED);
    this.power.abort();
  }

  /** Starts a container now. It runs until {@link stopContainer}. @throws if the host is off */
  startContainer(spec: ContainerSpec): Container {
    if (this.down) throw new Error(`${this.instanceId} is off`);
    const shimPid = this.nextPid();
    const main: ContainerProcess = { pid: this.nextPid(), parentPid: shimPid, command: spec.command };
    const children = (spec.children ?? []).map((command) => ({ pid: this.nextPid(), parentPid: main.pid, command }));
    const container: Container = {
      id: spec.fargateId ?? this.random.hex(64),
      spec,
      imageId: this.pullImage(spec.image),
      startedAtMs: this.clock.now(),
      processes: [main, ...children],
      shimPid,
      ipAddress: spec.network === 'host' ? '' : `172.17.${this.random.integer(0, 255)}.${this.random.integer(2, 254)}`,
      macAddress: spec.network === 'host' ? '' : mac(this.random),
      namespaces: this.namespaces(spec),
      exit: null,
    };
    this.all.set(container.id, container);
    return container;
  }

  /** Ends a running container now. Does nothing if the container has ended or is unknown. */
  stopContainer(id: string, exitCode: number): void {
    const container = this.all.get(id);
    if (!container || container.exit) return;
    this.all.set(id, { ...container, exit: { code: exitCode, atMs: this.clock.now() } });
  }

  /** Running containers, and exited ones until they are removed, oldest first. */
  containers(): Container[] {
    const nowMs = this.clock.now();
    for (const container of this.all.values()) {
      if (container.exit && container.exit.atMs + CLEANUP_WAIT_MS <= nowMs) this.all.delete(container.id);
    }
    return [...this.all.values()];
  }

  running(): Container[] {
    return this.containers().filter((container) => !container.exit);
  }

  container(id: string): Container | undefined {
    return this.containers().find((container) => container.id === id);
  }

  hasImage(image: string): boolean {
    return this.imageIds.has(image);
  }

  images(): ReadonlyMap<string, Image> {
    return this.imageIds;
  }

  /** Runs SQL over the host's current tables; an error if the host is off. */
  query(sql: string, osquery: OsqueryFacts | null = null): SqlAnswer {
    if (this.down) return { ok: false, message: `${this.instanceId} is off` };
    return ENGINES[this.launchType].run(sql, { host: this, osquery });
  }

  /**
   * The values the table sets in its first row, by name, including values that no column shows. `null` if it has no
   * rows.
   */
  firstRow(tableName: string, osquery: OsqueryFacts | null = null): Record<string, string> | null {
    const table = ENGINES[this.launchType].tables.find(({ name }) => name === tableName);
    if (!table) throw new Error(`no table ${tableName} on a simulated host`);
    const first: TableRow | undefined = [...table.rows({ host: this, osquery }, UNCONSTRAINED)][0];
    if (!first) return null;
    const set = Object.entries(first).flatMap(([name, value]) =>
      value == null ? [] : [[name, String(value)] as const],
    );
    return Object.fromEntries(set.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Adds an image to the host and returns its id. */
  pullImage(image: string): string {
    const known = this.imageIds.get(image);
    if (known) return known.id;
    const id = this.random.fork(image).hex(64);
    const bytes = this.random.integer(4_000_000, 400_000_000);
    this.imageIds.set(image, { id, createdAtMs: this.createdAtMs - 86_400_000, bytes });
    return id;
  }

  private nextPid(): number {
    this.lastPid += this.random.integer(1, 12);
    return this.lastPid;
  }

  private namespaces(spec: ContainerSpec): Record<string, string> {
    const own = () => String(4_026_532_000 + this.random.integer(100, 900_000));
    const host = String(4_026_531_840);
    return {
      cgroup_namespace: own(),
      ipc_namespace: own(),
      mnt_namespace: own(),
      net_namespace: spec.network === 'host' ? host : own(),
      pid_namespace: own(),
      user_namespace: '4026531837',
      uts_namespace: own(),
    };
  }
}

/** Hosts that differ by their index, made from one random source. */
export function simulatedHosts(
  count: number,
  { clock, random }: Pick<HostOptions, 'clock' | 'random'>,
): SimulatedHost[] {
  return Array.from(
    { length: count },
    (_, index) => new SimulatedHost({ clock, random: random.fork(`host ${index}`) }),
  );
}

function mac(random: Random): string {
  return `0a:${(random.hex(10).match(/../g) ?? []).join(':')}`;
}
