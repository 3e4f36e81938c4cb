import { AwsApiError, apiOf, membersOf } from '../aws/api.ts';
import { ApiMeter, type Rate } from '../aws/meter.ts';
import type { Registry } from '../aws/registry.ts';
import type { Clock } from '../simulation/clock.ts';
import type { ContainerInstance } from './container-instance.ts';
import type { RunTask } from './task.ts';
import type { TaskRecord } from './task-record.ts';

/** ECS's limit on the ids per call and on the items per page. @see ECS API reference */
const MOST = 100;

/** The token buckets of an account and region. @see Request throttling for the Amazon ECS API (docs/spec/aws-events.md §1.7) */
const RATES = {
  'cluster resource read': { burst: 100, perSecond: 20 },
  'cluster read': { burst: 50, perSecond: 20 },
  'task definition read': { burst: 50, perSecond: 20 },
} satisfies Record<string, Rate>;

const CATEGORIES = {
  DescribeContainerInstances: 'cluster resource read',
  DescribeTaskDefinition: 'task definition read',
  DescribeTasks: 'cluster resource read',
  ListClusters: 'cluster read',
  ListContainerInstances: 'cluster resource read',
  ListTasks: 'cluster resource read',
} satisfies Record<string, keyof typeof RATES>;

/** An error as the ECS API answers it: HTTP 400 with `__type` and `message`. */
export class EcsApiError extends AwsApiError {}

export interface Failure {
  readonly arn: string;
  readonly reason: 'MISSING';
}

export interface DescribeContainerInstancesOutput {
  readonly containerInstances: readonly object[];
  readonly failures: readonly Failure[];
}

export interface ListClustersOutput {
  readonly clusterArns: readonly string[];
}

export interface ListContainerInstancesOutput {
  readonly containerInstanceArns: readonly string[];
  readonly nextToken?: string;
}

export interface ListTasksOutput {
  readonly taskArns: readonly string[];
  readonly nextToken?: string;
}

export interface DescribeTasksOutput {
  /** Instants are Dates. */
  readonly tasks: readonly Readonly<Record<string, unknown>>[];
  readonly failures: readonly Failure[];
}

export interface DescribeTaskDefinitionOutput {
  readonly taskDefinition: {
    readonly taskDefinitionArn: string;
    readonly family: string;
    readonly revision: number;
    readonly containerDefinitions: readonly {
      readonly name: string;
      readonly image: string;
      readonly essential: boolean;
    }[];
  };
}

/** What the ECS API reads of a cluster. */
export interface EcsView {
  readonly name: string;
  readonly arn: string;
  readonly clock: Clock;
  /** By ARN. */
  readonly instances: Registry<ContainerInstance>;
  /** By ARN. */
  readonly tasks: Registry<TaskRecord>;
  /** By ARN; the latest content if a definition's content changed. */
  readonly definitions: ReadonlyMap<string, RunTask>;
  /** Whether the API refuses calls beyond AWS's rates. */
  readonly throttling: boolean;
}

/** The ECS API of an account with one cluster. Every operation throws {@link EcsApiError} for a request ECS refuses. */
export class EcsApi {
  readonly meter: ApiMeter;

  constructor(private readonly cluster: EcsView) {
    this.meter = new ApiMeter({
      clock: cluster.clock,
      rates: cluster.throttling ? RATES : undefined,
      refusal: () => new EcsApiError('ThrottlingException', 'Rate exceeded'),
    });
  }

  readonly answer = apiOf('ECS', {
    DescribeContainerInstances: (input) => this.describeContainerInstances(input),
    DescribeTaskDefinition: (input) => this.describeTaskDefinition(input),
    DescribeTasks: (input) => this.describeTasks(input),
    ListClusters: (input) => this.listClusters(input),
    ListContainerInstances: (input) => this.listContainerInstances(input),
    ListTasks: (input) => this.listTasks(input),
  });

  listClusters(input: unknown): ListClustersOutput {
    const { maxResults, nextToken } = this.read('ListClusters', input, ['maxResults', 'nextToken']);
    limitOf(maxResults);
    if (nextToken !== undefined) throw invalidToken();
    return { clusterArns: [this.cluster.arn] };
  }

  /** The members of the cluster. One that left is not listed, although it can be described for one hour. */
  listContainerInstances(input: unknown): ListContainerInstancesOutput {
    const known = ['cluster', 'maxResults', 'nextToken'] as const;
    const { cluster, maxResults, nextToken } = this.read('ListContainerInstances', input, known);
    this.requireCluster(cluster);
    const isMember = (instance: ContainerInstance): boolean => instance.isMember;
    const { items, ...more } = this.cluster.instances.page(isMember, limitOf(maxResults), nextToken, invalidToken);
    return { containerInstanceArns: items.map(({ arn }) => arn), ...more };
  }

  /** Tasks of desired status RUNNING unless the request says otherwise. A stopped task is listed for one hour. */
  listTasks(input: unknown): ListTasksOutput {
    const known = ['cluster', 'containerInstance', 'desiredStatus', 'maxResults', 'nextToken'] as const;
    const request = this.read('ListTasks', input, known);
    const { containerInstance, desiredStatus = 'RUNNING', maxResults, nextToken } = request;
    this.requireCluster(request.cluster);
    if (!['RUNNING', 'PENDING', 'STOPPED'].includes(String(desiredStatus))) {
      throw invalid('desiredStatus must be RUNNING, PENDING or STOPPED.');
    }
    const host = containerInstance === undefined ? undefined : this.arnOf('container-instance', containerInstance);
    const wanted = ({ task, detail }: TaskRecord) =>
      detail.desiredStatus === desiredStatus && (host === undefined || task.instance?.arn === host);
    const { items, ...more } = this.cluster.tasks.page(wanted, limitOf(maxResults), nextToken, invalidToken);
    return { taskArns: items.map(({ task }) => task.arn), ...more };
  }

  /** Takes at most 100 ids or ARNs. Tasks that do not exist are failures with reason MISSING in a successful answer. */
  describeTasks(input: unknown): DescribeTasksOutput {
    const { cluster, tasks } = this.read('DescribeTasks', input, ['cluster', 'include', 'tasks']);
    this.requireCluster(cluster);
    const [found, failures] = this.lookUp('task', idsOf('Tasks', tasks), this.cluster.tasks);
    return { tasks: found.map((task) => task.describe()), failures };
  }

  /** Same limit and failures as {@link describeTasks}. */
  describeContainerInstances(input: unknown): DescribeContainerInstancesOutput {
    const known = ['cluster', 'containerInstances', 'include'] as const;
    const { cluster, containerInstances } = this.read('DescribeContainerInstances', input, known);
    this.requireCluster(cluster);
    const ids = idsOf('Container instance ids', containerInstances);
    const [found, failures] = this.lookUp('container-instance', ids, this.cluster.instances);
    return { containerInstances: found.map((instance) => instance.describe()), failures };
  }

  /** By ARN or `family:revision`. */
  describeTaskDefinition(input: unknown): DescribeTaskDefinitionOutput {
    const { taskDefinition } = this.read('DescribeTaskDefinition', input, ['include', 'taskDefinition']);
    const arn = String(taskDefinition ?? '').startsWith('arn:')
      ? String(taskDefinition)
      : this.cluster.arn.replace(/:cluster\/.*/, `:task-definition/${taskDefinition}`);
    const definition = this.cluster.definitions.get(arn);
    if (!definition) throw new EcsApiError('ClientException', 'Unable to describe task definition.');
    const { containers, family, revision = 1 } = definition;
    const containerDefinitions = containers.map(({ name, image, essential = true }) => ({ name, image, essential }));
    return { taskDefinition: { taskDefinitionArn: arn, family, revision, containerDefinitions } };
  }

  private read<K extends string>(operation: keyof typeof CATEGORIES, input: unknown, known: readonly K[]) {
    this.meter.spend(operation, CATEGORIES[operation]);
    return membersOf(operation, input, known);
  }

  private requireCluster(asked: unknown = 'default'): void {
    if (asked !== this.cluster.name && asked !== this.cluster.arn) {
      throw new EcsApiError('ClusterNotFoundException', 'Cluster not found.');
    }
  }

  private lookUp<T>(kind: string, ids: readonly string[], among: Registry<T>): [found: T[], failures: Failure[]] {
    const found: T[] = [];
    const failures: Failure[] = [];
    for (const id of ids) {
      const arn = this.arnOf(kind, id);
      const one = among.get(arn);
      if (one) found.push(one);
      else failures.push({ arn, reason: 'MISSING' });
    }
    return [found, failures];
  }

  private arnOf(kind: string, id: unknown): string {
    const name = String(id);
    return name.startsWith('arn:') ? name : `${this.cluster.arn.replace(':cluster/', `:${kind}/`)}/${name}`;
  }
}

function idsOf(what: string, ids: unknown): string[] {
  if (!Array.isArray(ids) || ids.length === 0) throw invalid(`${what} must be specified.`);
  if (ids.length > MOST) throw invalid(`${what} can have at most ${MOST} items.`);
  return ids.map(String);
}

function limitOf(maxResults: unknown = MOST): number {
  const limit = Number(maxResults);
  if (!(limit >= 1 && limit <= MOST)) throw invalid(`maxResults must be between 1 and ${MOST}.`);
  return limit;
}

function invalidToken(): EcsApiError {
  return invalid('Invalid token');
}

function invalid(message: string): EcsApiError {
  return new EcsApiError('InvalidParameterException', message);
}
