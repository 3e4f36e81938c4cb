import * as z from 'zod/mini';
import { MayflyError } from '../errors.ts';
import type { LaunchEvent } from './handle-launch.ts';
import type { AnyEvent } from './handle-rules.ts';
import type { TaskEvent } from './task.ts';

/*
 * The events we subscribe to, as far as we read them. Objects are open: AWS adds fields and enum values at any time
 * (aws-events.md §0), so statuses are plain text and unknown keys are dropped.
 */

const text = z.string();
const maybe = z.optional(z.string());

const Envelope = z.object({
  id: text,
  source: text,
  'detail-type': text,
  account: z._default(text, ''),
  region: z._default(text, ''),
  time: text,
  detail: z.unknown(),
});

const Task = z.object({
  taskArn: text.check(z.minLength(1), z.maxLength(1024)),
  clusterArn: text.check(z.maxLength(1024)),
  taskDefinitionArn: text,
  containerInstanceArn: z.optional(text.check(z.minLength(1), z.maxLength(1024))),
  launchType: maybe,
  group: maybe,
  startedBy: maybe,
  availabilityZone: maybe,
  lastStatus: text,
  desiredStatus: text,
  version: z.int().check(z.nonnegative()),
  stopCode: maybe,
  stoppedReason: maybe,
  containers: z.array(
    z.object({
      name: text,
      lastStatus: text,
      runtimeId: maybe,
      image: maybe,
      imageDigest: maybe,
      exitCode: z.optional(z.number()),
      reason: maybe,
      networkInterfaces: z.optional(z.array(z.object({ privateIpv4Address: maybe, ipv6Address: maybe }))),
    }),
  ),
  attachments: z.optional(z.array(z.object({ details: z.optional(z.array(z.object({ name: maybe, value: maybe }))) }))),
});

const ContainerInstance = z.object({
  containerInstanceArn: text.check(z.minLength(1), z.maxLength(1024)),
  ec2InstanceId: z.optional(text.check(z.minLength(1), z.maxLength(255))),
});

const InstanceState = z.object({ 'instance-id': text.check(z.minLength(1), z.maxLength(255)), state: text });

const GroupLaunch = z.object({
  EC2InstanceId: text.check(z.maxLength(255)),
  AutoScalingGroupName: text,
  Destination: maybe,
  Details: z.optional(z.object({ 'Availability Zone': maybe, 'Subnet ID': maybe })),
});

/** An event as one of the things we act on. */
export type ParsedEvent =
  | { readonly kind: 'task'; readonly event: TaskEvent }
  | { readonly kind: 'container-instance'; readonly arn: string; readonly instance?: string; readonly event: AnyEvent }
  | { readonly kind: 'launch'; readonly event: LaunchEvent }
  /** Of another source, for the policy's rules alone. */
  | { readonly kind: 'other'; readonly event: AnyEvent }
  | { readonly kind: 'ignored'; readonly why: string };

/**
 * Reads one EventBridge event. What we do not act on is `ignored`, with the reason.
 *
 * @throws {MayflyError} `EVENT_MALFORMED`, its message naming the first bad path, for an event that lacks what its
 *   source documents: it belongs in the dead-letter queue, where somebody looks at it
 */
export function parseEvent(input: unknown): ParsedEvent {
  const envelope = checked(Envelope, input, 'event');
  const occurredAtMs = Date.parse(envelope.time);
  if (!Number.isFinite(occurredAtMs)) throw new MayflyError('EVENT_MALFORMED', 'event: time: not a date');
  switch (`${envelope.source} ${envelope['detail-type']}`) {
    case 'aws.ecs ECS Task State Change': {
      const { containers, attachments, ...task } = checked(Task, envelope.detail, 'detail');
      const details = (attachments ?? []).flatMap((attachment) => attachment.details ?? []);
      return {
        kind: 'task',
        event: {
          id: envelope.id,
          account: envelope.account,
          region: envelope.region,
          raw: input,
          occurredAtMs,
          toldBy: 'event',
          task: {
            ...task,
            macs: details.flatMap(({ name, value }) => (name === 'macAddress' && value ? [value] : [])),
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
      const detail = checked(InstanceState, envelope.detail, 'detail');
      if (detail.state !== 'running') return { kind: 'ignored', why: `instance state ${detail.state}` };
      return launch(detail['instance-id'], {}, occurredAtMs, input);
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
      return launch(detail.EC2InstanceId, identity, occurredAtMs, input);
    }
    default:
      return { kind: 'other', event: { id: envelope.id, occurredAtMs, raw: input } };
  }
}

const launch = (
  instanceId: string,
  identity: Record<string, string>,
  occurredAtMs: number,
  raw: unknown,
): ParsedEvent => ({
  kind: 'launch',
  event: { instanceId, identity, occurredAtMs, toldBy: 'event', raw },
});

function checked<T>(schema: z.ZodMiniType<T>, input: unknown, where: string): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [where, ...(issue?.path ?? [])].join('.');
  throw new MayflyError('EVENT_MALFORMED', `${path}: ${issue?.message ?? 'not as documented'}`);
}
