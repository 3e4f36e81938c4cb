import type { SimulatedHost } from '../host/host.ts';
import type { Clock } from '../simulation/clock.ts';
import { AwsApiError, apiOf, membersOf } from './api.ts';
import type { EventFeed } from './event-feed.ts';
import { ApiMeter, type Rate } from './meter.ts';
import { type Page, Registry } from './registry.ts';

/** The states of a simulated instance. @see EC2 API reference, InstanceState */
const STATE_CODES = { running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const;
export type InstanceState = keyof typeof STATE_CODES;

/** Token buckets. A call that lists everything has a smaller one. @see Amazon EC2 API request throttling */
const RATES = {
  describe: { burst: 100, perSecond: 20 },
  'describe everything': { burst: 50, perSecond: 10 },
} satisfies Record<string, Rate>;

/** Bounds of MaxResults. @see EC2 API reference, DescribeInstances */
const PAGE = { least: 5, most: 1000 };

interface Instance {
  readonly host: SimulatedHost;
  readonly launchedAtMs: number;
  state: InstanceState;
}

/** One instance as DescribeInstances returns it. A terminated instance has no address. */
interface DescribedInstance {
  readonly InstanceId: string;
  readonly ImageId: string;
  readonly InstanceType: string;
  readonly LaunchTime: Date;
  readonly State: { readonly Name: InstanceState; readonly Code: number };
  readonly PrivateIpAddress?: string;
  readonly NetworkInterfaces: readonly { readonly MacAddress: string; readonly PrivateIpAddress: string }[];
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly Placement: { readonly AvailabilityZone: string };
}

export interface DescribeInstancesOutput {
  readonly Reservations: readonly {
    readonly ReservationId: string;
    readonly OwnerId: string;
    readonly Instances: readonly DescribedInstance[];
  }[];
  readonly NextToken?: string;
}

export interface Ec2Options {
  readonly account: string;
  readonly region: string;
  readonly clock: Clock;
  readonly feed: EventFeed;
  /** Whether the API refuses calls beyond AWS's rates. */
  readonly throttling: boolean;
}

/** EC2 for simulated hosts: its events and DescribeInstances. */
export class SimulatedEc2 {
  private readonly instances: Registry<Instance>;
  private readonly meter: ApiMeter;

  constructor(private readonly options: Ec2Options) {
    this.instances = new Registry(options.clock);
    this.meter = new ApiMeter({
      clock: options.clock,
      rates: options.throttling ? RATES : undefined,
      refusal: () => new AwsApiError('RequestLimitExceeded', 'Request limit exceeded.', 503),
    });
  }

  /** Answers DescribeInstances; any other operation throws an error that names it. */
  readonly api = apiOf('EC2', { DescribeInstances: (input) => this.describeInstances(input) });

  /** Number of calls per operation. */
  get calls(): ReadonlyMap<string, number> {
    return this.meter.calls;
  }

  /** Refuses the next `times` calls of an operation with `RequestLimitExceeded`. */
  throttleNext(operation: string, times = 1): void {
    this.meter.throttleNext(operation, times);
  }

  /** Makes a host an instance that starts running now. */
  launch(host: SimulatedHost): void {
    const { clock } = this.options;
    this.instances.add(host.instanceId, { host, launchedAtMs: clock.now(), state: 'running' });
    this.announce(host, 'running');
  }

  /** The state of a host's instance; `undefined` before its launch and from an hour after its end. */
  stateOf(host: SimulatedHost): InstanceState | undefined {
    return this.instances.get(host.instanceId)?.state;
  }

  /** Moves an instance to its next state. */
  enter(host: SimulatedHost, state: InstanceState): void {
    const instance = this.instances.get(host.instanceId);
    if (!instance) throw new Error(`${host.instanceId} was never launched`);
    instance.state = state;
    if (state === 'terminated') this.instances.end(host.instanceId);
    this.announce(host, state);
  }

  recommendRebalance(host: SimulatedHost): void {
    this.publish('EC2 Instance Rebalance Recommendation', this.arnOf(host), { 'instance-id': host.instanceId });
  }

  /**
   * Publishes the two-minute Spot interruption warning. Its ARN has the availability zone where other ARNs have region
   * and account (docs/spec/aws-events.md §4).
   */
  warnOfInterruption(host: SimulatedHost): void {
    const arn = `arn:aws:ec2:${host.availabilityZone}:instance/${host.instanceId}`;
    const detail = { 'instance-id': host.instanceId, 'instance-action': 'terminate' };
    this.publish('EC2 Spot Instance Interruption Warning', arn, detail);
  }

  /**
   * DescribeInstances, with one reservation per instance. Supports the filters `instance-id` and `instance-state-name`,
   * without wildcards. An unknown filter value matches nothing.
   *
   * @throws {AwsApiError} for a request EC2 refuses; one unknown id fails the whole call
   */
  describeInstances(input: unknown = {}): DescribeInstancesOutput {
    const request = membersOf('DescribeInstances', input, [
      'Filters',
      'IncludeManagedResources', // the simulation has no managed resources
      'InstanceIds',
      'MaxResults',
      'NextToken',
    ]);
    const { Filters, InstanceIds, MaxResults, NextToken } = request;
    const narrowed = [Filters, InstanceIds, MaxResults].some((member) => member !== undefined);
    this.meter.spend('DescribeInstances', narrowed ? 'describe' : 'describe everything');
    const wanted = filterOf(Filters);
    const { items, nextToken } = InstanceIds
      ? this.named(InstanceIds, MaxResults)
      : this.instances.page(wanted, limitOf(MaxResults), NextToken, () => badValue('nextToken', NextToken));
    const { account } = this.options;
    return {
      Reservations: items.filter(wanted).map((instance) => ({
        ReservationId: instance.host.reservationId,
        OwnerId: account,
        Instances: [described(instance)],
      })),
      NextToken: nextToken,
    };
  }

  private named(ids: unknown, maxResults: unknown): Page<Instance> {
    if (maxResults !== undefined) {
      const message = 'The parameter instancesSet cannot be used with the parameter maxResults';
      throw new AwsApiError('InvalidParameterCombination', message);
    }
    const asked = Array.isArray(ids) ? ids.map(String) : [];
    const missing = asked.filter((id) => !this.instances.get(id));
    if (missing.length > 0) {
      const message = `The instance IDs '${missing.join(', ')}' do not exist`;
      throw new AwsApiError('InvalidInstanceID.NotFound', message);
    }
    return { items: asked.flatMap((id) => this.instances.get(id) ?? []) };
  }

  private announce(host: SimulatedHost, state: InstanceState): void {
    const detail = { 'instance-id': host.instanceId, state };
    this.publish('EC2 Instance State-change Notification', this.arnOf(host), detail);
  }

  private publish(detailType: string, resource: string, detail: object): void {
    this.options.feed.publish('aws.ec2', detailType, resource, detail);
  }

  private arnOf(host: SimulatedHost): string {
    const { account, region } = this.options;
    return `arn:aws:ec2:${region}:${account}:instance/${host.instanceId}`;
  }
}

function described({ host, launchedAtMs, state }: Instance): DescribedInstance {
  const address = state === 'terminated' ? undefined : host.privateIp;
  return {
    InstanceId: host.instanceId,
    ImageId: host.amiId,
    InstanceType: host.instanceType,
    LaunchTime: new Date(Math.floor(launchedAtMs / 1000) * 1000),
    State: { Name: state, Code: STATE_CODES[state] },
    ...(address ? { PrivateIpAddress: address } : {}),
    NetworkInterfaces: address ? [{ MacAddress: host.macAddress, PrivateIpAddress: address }] : [],
    Tags: Object.entries(host.tags).map(([Key, Value]) => ({ Key, Value })),
    Placement: { AvailabilityZone: host.availabilityZone },
  };
}

const FILTERS: Readonly<Record<string, (instance: Instance) => string>> = {
  'instance-id': ({ host }) => host.instanceId,
  'instance-state-name': ({ state }) => state,
};

/** An instance matches if every filter lists a value of the instance. */
function filterOf(filters: unknown): (instance: Instance) => boolean {
  const tests = (Array.isArray(filters) ? filters : []).map((filter: unknown) => {
    const { Name, Values } = Object(filter);
    const value = FILTERS[String(Name)];
    if (!value) throw new Error(`the simulated DescribeInstances does not know the filter ${Name}`);
    return (instance: Instance) => Array.isArray(Values) && Values.includes(value(instance));
  });
  return (instance) => tests.every((passes) => passes(instance));
}

/** Without MaxResults, one page holds everything. */
function limitOf(maxResults: unknown): number {
  if (maxResults === undefined) return Infinity;
  const limit = Number(maxResults);
  if (!(limit >= PAGE.least && limit <= PAGE.most)) throw badValue('maxResults', maxResults);
  return limit;
}

function badValue(parameter: string, value: unknown): AwsApiError {
  return new AwsApiError('InvalidParameterValue', `Value ( ${value} ) for parameter ${parameter} is invalid.`);
}
