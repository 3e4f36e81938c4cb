import * as z from 'zod/mini';
import { MayflyError } from '../errors.ts';
import type { ToldBy } from '../ledger/clocks.ts';
import { isWarmPoolMove } from '../policy/ending.ts';
import type { InstanceEnd } from './end-instance.ts';
import type { InstanceNotice } from './handle-last-gasp.ts';
import type { LaunchEvent } from './handle-launch.ts';
import type { AnyEvent } from './handle-rules.ts';
import type { TaskEvent } from './task.ts';

/*
 * The events we subscribe to, as far as we read them. Objects are open: AWS adds fields and enum values at any time
 * (docs/spec/aws-events.md §0), so statuses are plain text and unknown keys are dropped. What names a workload or decides about it has
 * to be as documented; what only describes it is left out where it is not, and kept short: an item of the table holds 400 KB.
 */

const MAX_BYTES = 1024; // of an ARN or a name
const MAX_DETAIL_BYTES = 512; // of what only describes: fifty containers with all of it take a third of an item
const MAX_LIST = 50; // ten containers and a few that AWS adds are what a task can have
/** A task gets one with every change of its state; beyond this it is no count, and would hide all that is told later. */
const MAX_VERSION = 1e9;

/** Half a character, which JSON can spell and UTF-8 cannot, becomes U+FFFD: the table takes no other. */
const wellFormed = (value: string): string => Buffer.from(value).toString();
const text = z.pipe(z.string(), z.transform(wellFormed));
const word = text.check(z.refine((value) => Buffer.byteLength(value) <= MAX_BYTES, 'too long'));
/** Part of a key of the table. */
const name = word.check(z.minLength(1, 'not a name'));
/** Cut at whole characters. */
const short = z.pipe(
  z.string(),
  z.transform((value: string) =>
    Buffer.from(value)
      .subarray(0, MAX_DETAIL_BYTES)
      .toString()
      .replace(/\uFFFD$/, ''),
  ),
);
const maybe = z.catch(z.optional(short), undefined);
/** Null and empty stand for absent. */
const maybeName = z
  .pipe(
    z.nullish(text),
    z.transform((value) => value || undefined),
  )
  .check(z.refine((value) => value === undefined || Buffer.byteLength(value) <= MAX_BYTES, 'too long'));
/** An instant as ISO text with any fraction, to epoch ms; what is none is left out. */
const instant = z.pipe(
  z.unknown(),
  z.transform((value) => {
    const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    return Number.isFinite(atMs) ? atMs : undefined;
  }),
);
const maybeList = <T extends z.ZodMiniType>(of: T) =>
  z.catch(z.optional(z.array(of).check(z.maxLength(MAX_LIST))), undefined);

const Envelope = z.object({
  id: word,
  source: text,
  'detail-type': text,
  account: z.catch(word, ''),
  region: z.catch(word, ''),
  time: text,
  resources: z.catch(z.array(z.unknown()), []),
  detail: z.unknown(),
});

const Task = z.object({
  taskArn: name,
  clusterArn: word,
  taskDefinitionArn: word,
  containerInstanceArn: z.optional(maybeName),
  launchType: maybe,
  group: maybe,
  startedBy: maybe,
  availabilityZone: maybe,
  lastStatus: word,
  desiredStatus: word,
  version: z.int().check(z.nonnegative(), z.maximum(MAX_VERSION)),
  createdAt: z.optional(instant),
  pullStartedAt: z.optional(instant),
  startedAt: z.optional(instant),
  executionStoppedAt: z.optional(instant),
  stoppedAt: z.optional(instant),
  stopCode: maybe,
  stoppedReason: maybe,
  containers: z
    .array(
      z.object({
        name: word,
        lastStatus: word,
        runtimeId: z.optional(maybeName),
        image: maybe,
        imageDigest: maybe,
        exitCode: z.catch(z.optional(z.int()), undefined),
        reason: maybe,
        networkInterfaces: maybeList(z.object({ privateIpv4Address: maybe, ipv6Address: maybe })),
      }),
    )
    .check(z.maxLength(MAX_LIST)),
  attachments: maybeList(z.object({ details: maybeList(z.object({ name: maybe, value: maybe })) })),
  tags: maybeList(z.object({ key: maybe, value: maybe })),
});

const ContainerInstance = z.object({
  containerInstanceArn: name,
  ec2InstanceId: z.optional(text.check(z.minLength(1), z.maxLength(255))),
});

const instanceId = text.check(z.minLength(1), z.maxLength(255));
const InstanceState = z.object({ 'instance-id': instanceId, state: text });
const Interruption = z.object({ 'instance-id': instanceId });

const GroupLaunch = z.object({
  EC2InstanceId: text.check(z.maxLength(255)),
  AutoScalingGroupName: word,
  Destination: maybe,
  Details: z.catch(z.optional(z.object({ 'Availability Zone': maybe, 'Subnet ID': maybe })), undefined),
});

/** As Auto Scaling makes it. @see Auto Scaling API Reference, CompleteLifecycleAction */
const actionToken = text.check(z.regex(/^[0-9A-Za-z-]{36}$/));

// Lenient about all but the hook's own names: an action that is refused here would hold its instance for the whole heartbeat.
const HookAction = z.object({
  AutoScalingGroupName: text.check(z.minLength(1)),
  LifecycleHookName: text.check(z.minLength(1)),
  LifecycleActionToken: z.catch(z.optional(actionToken), undefined),
  EC2InstanceId: z.catch(z.optional(instanceId), undefined),
  Origin: z.unknown(),
  Destination: z.unknown(),
});

/** States in which an instance is gone for good, or will be in a moment. @see EC2 User Guide, "Instance lifecycle" */
const ENDED = new Set(['shutting-down', 'terminated']);

/** An event as one of the things we act on. */
export type ParsedEvent =
  | { readonly kind: 'task'; readonly event: TaskEvent }
  | { readonly kind: 'container-instance'; readonly arn: string; readonly instance?: string; readonly event: AnyEvent }
  | { readonly kind: 'launch'; readonly event: LaunchEvent }
  /** An instance will be taken away. */
  | { readonly kind: 'notice'; readonly event: InstanceNotice }
  /** An instance was terminated. */
  | { readonly kind: 'end'; readonly event: InstanceEnd }
  /** Of another source, for the policy's rules alone. */
  | { readonly kind: 'other'; readonly event: AnyEvent }
  | { readonly kind: 'ignored'; readonly why: string };

/**
 * Reads one EventBridge event. What we do not act on is `ignored`, with the reason.
 *
 * @param toldBy whether EventBridge brought it, or the reconciler made it of what it found
 * @throws {MayflyError} `EVENT_MALFORMED`, its message naming the first bad path, for an event that lacks what its
 *   source documents: it belongs in the dead-letter queue, where somebody looks at it
 */
export function parseEvent(input: unknown, toldBy: ToldBy = 'event'): ParsedEvent {
  const envelope = checked(Envelope, input, 'event');
  const occurredAtMs = Date.parse(envelope.time);
  if (!Number.isFinite(occurredAtMs)) throw new MayflyError('EVENT_MALFORMED', 'event: time: not a date');
  switch (`${envelope.source} ${envelope['detail-type']}`) {
    case 'aws.ecs ECS Task State Change': {
      const { containers, attachments, tags, ...task } = checked(Task, envelope.detail, 'detail', 'taskArn');
      const details = (attachments ?? []).flatMap((attachment) => attachment.details ?? []);
      const attached = (wanted: string): string[] =>
        details.flatMap(({ name, value }) => (name === wanted && value ? [value] : []));
      return {
        kind: 'task',
        event: {
          id: envelope.id,
          account: envelope.account,
          region: envelope.region,
          raw: input,
          occurredAtMs,
          toldBy,
          task: {
            ...task,
            macs: attached('macAddress'),
            enis: attached('networkInterfaceId'),
            subnets: attached('subnetId'),
            addresses: attached('privateIPv4Address'),
            tags: Object.fromEntries((tags ?? []).flatMap(({ key, value = '' }) => (key ? [[key, value]] : []))),
            containers: containers.map(({ networkInterfaces, ...container }) => ({
              ...container,
              addresses: (networkInterfaces ?? []).flatMap((card) =>
                [card.privateIpv4Address, card.ipv6Address].filter((address) => address !== undefined),
              ),
            })),
          },
        },
      };
    }
    case 'aws.ecs ECS Container Instance State Change': {
      const detail = checked(ContainerInstance, envelope.detail, 'detail');
      return {
        kind: 'container-instance',
        arn: detail.containerInstanceArn,
        event: { id: envelope.id, occurredAtMs, raw: input },
        ...(detail.ec2InstanceId ? { instance: detail.ec2InstanceId } : {}),
      };
    }
    case 'aws.ec2 EC2 Instance State-change Notification': {
      const detail = checked(InstanceState, withInstance(envelope), 'detail', 'instance-id');
      if (ENDED.has(detail.state)) {
        const { 'instance-id': ended, state } = detail;
        return { kind: 'end', event: { id: envelope.id, instanceId: ended, state, occurredAtMs, toldBy, raw: input } };
      }
      if (detail.state !== 'running') return { kind: 'ignored', why: `instance state ${detail.state}` };
      return launch(detail['instance-id'], {}, occurredAtMs, toldBy, input);
    }
    case 'aws.autoscaling EC2 Instance Launch Successful': {
      const detail = checked(GroupLaunch, envelope.detail, 'detail');
      if (detail.EC2InstanceId === '') return { kind: 'ignored', why: 'launch without an instance' };
      // Into a warm pool: the instance is about to be stopped again, and starts later with an event of its own.
      if (detail.Destination === 'WarmPool') return { kind: 'ignored', why: 'launch into a warm pool' };
      const zone = detail.Details?.['Availability Zone'];
      const identity = {
        auto_scaling_group: detail.AutoScalingGroupName,
        ...(zone ? { availability_zone: zone } : {}),
      };
      return launch(detail.EC2InstanceId, identity, occurredAtMs, toldBy, input);
    }
    // Its `resources` hold the zone where the Region belongs, and no account: the detail is what counts.
    case 'aws.ec2 EC2 Spot Instance Interruption Warning':
    case 'aws.ec2 EC2 Instance Rebalance Recommendation': {
      const detail = checked(Interruption, withInstance(envelope), 'detail', 'instance-id');
      const kind = envelope['detail-type'].includes('Rebalance') ? 'rebalance' : 'interruption';
      const base = { id: envelope.id, occurredAtMs, raw: input };
      const event = { ...base, kind, instanceId: detail['instance-id'], notice: `${kind} ${occurredAtMs}` } as const;
      return { kind: 'notice', event };
    }
    case 'aws.autoscaling EC2 Instance-terminate Lifecycle Action': {
      const detail = checked(HookAction, envelope.detail, 'detail');
      if (isWarmPoolMove(detail)) return { kind: 'ignored', why: 'a move into a warm pool' };
      return { kind: 'notice', event: { ...hookNotice(detail, occurredAtMs), id: envelope.id, raw: input } };
    }
    default:
      return { kind: 'other', event: { id: envelope.id, occurredAtMs, raw: input } };
  }
}

const launch = (
  instanceId: string,
  identity: Record<string, string>,
  occurredAtMs: number,
  toldBy: ToldBy,
  raw: unknown,
): ParsedEvent => ({
  kind: 'launch',
  event: { instanceId, identity, occurredAtMs, toldBy, raw },
});

function hookNotice(detail: z.infer<typeof HookAction>, occurredAtMs: number): Omit<InstanceNotice, 'id' | 'raw'> {
  const { AutoScalingGroupName: group, LifecycleHookName: hook, EC2InstanceId: instance } = detail;
  const token = detail.LifecycleActionToken;
  const of = instance === undefined ? {} : { instanceId: instance };
  return {
    kind: 'hook',
    notice: `hook ${token ?? `${group} ${hook} ${occurredAtMs}`}`,
    occurredAtMs,
    ...of,
    action: { group, hook, ...of, ...(token ? { token } : {}) },
  };
}

/** The detail with the instance that `resources` name, where it does not say itself: as an ARN, of whatever form, or as a bare id. */
function withInstance({ detail, resources }: z.infer<typeof Envelope>): unknown {
  const known = Object(detail) as Record<string, unknown>;
  const ids = resources.map((resource) => /(^|\/)(i-[0-9a-f]{8,17})$/.exec(String(resource))?.[2]);
  return { ...known, 'instance-id': known['instance-id'] ?? ids.find((id) => id !== undefined) };
}

/** @param name of the member that says what the event is about, for whoever reads of the failure */
function checked<T>(schema: z.ZodMiniType<T>, input: unknown, where: string, name?: string): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [where, ...(issue?.path ?? [])].join('.');
  const about = name === undefined ? undefined : (Object(input) as Record<string, unknown>)[name];
  const of = typeof about === 'string' ? ` (of ${about.slice(0, 256)})` : '';
  throw new MayflyError('EVENT_MALFORMED', `${path}: ${issue?.message ?? 'not as documented'}${of}`);
}
