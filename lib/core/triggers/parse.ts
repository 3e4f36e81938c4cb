import { createHash } from 'node:crypto';
import type { DetectedBy } from '../ledger/clocks.ts';
import { isWarmPoolMove } from '../policy/ending.ts';
import { fieldsOf, instanceIdOf, instantOf, nameOf, namesOf, textOf } from './fields.ts';
import type { LifecycleAction } from './lifecycle-hook.ts';
import { readTask } from './parse-task.ts';
import type { Envelope, Malformed, ParsedEvent } from './parsed-event.ts';

/** States in which an instance is gone for good, or will be in a moment. @see EC2 User Guide, "Instance lifecycle" */
const ENDED = new Set(['shutting-down', 'terminated']);

/** Auto Scaling's own form of a token. @see Auto Scaling API Reference, CompleteLifecycleAction */
const ACTION_TOKEN = /^[0-9A-Za-z-]{36}$/;

type Reader = (envelope: Envelope, raw: unknown, detectedBy: DetectedBy) => ParsedEvent;

/** The events that we subscribe to and act on beside the policy's rules, by source and detail type. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['aws.ecs ECS Task State Change', readTask],
  ['aws.ecs ECS Container Instance State Change', readContainerInstance],
  ['aws.ec2 EC2 Instance State-change Notification', readInstanceState],
  ['aws.autoscaling EC2 Instance Launch Successful', readGroupLaunch],
  ['aws.ec2 EC2 Spot Instance Interruption Warning', (envelope, raw) => readNotice('interruption', envelope, raw)],
  ['aws.ec2 EC2 Instance Rebalance Recommendation', (envelope, raw) => readNotice('rebalance', envelope, raw)],
  ['aws.autoscaling EC2 Instance-terminate Lifecycle Action', readHookAction],
]);

/**
 * Reads one EventBridge event; never throws. A field is demanded only where nothing can be done without it: what lacks such a
 * one is `malformed`, and what we do not act on is `ignored`, each with the reason.
 *
 * @param detectedBy whether EventBridge delivered it, or the reconciler made it from what it listed
 * @param heardAtMs stands for the time of an event that names none, epoch ms; the same for every copy
 */
export function parseEvent(input: unknown, detectedBy: DetectedBy = 'event', heardAtMs?: number): ParsedEvent {
  const envelope = readEnvelope(input, heardAtMs);
  if ('kind' in envelope) return envelope;
  const read = READERS.get(envelope.type) ?? readOther;
  return read(envelope, input, detectedBy);
}

function readEnvelope(input: unknown, heardAtMs: number | undefined): Envelope | Malformed {
  const event = fieldsOf(input);
  const [source, detailType] = [nameOf(event.source), nameOf(event['detail-type'])];
  if (source === undefined) return malformed('source: names none');
  if (detailType === undefined) return malformed('detail-type: names none');
  const occurredAtMs = instantOf(event.time) ?? heardAtMs;
  if (occurredAtMs === undefined) return malformed('time: not a date');
  return {
    id: nameOf(event.id) ?? `unnamed-${createHash('sha256').update(JSON.stringify(input)).digest('hex').slice(0, 32)}`,
    type: `${source} ${detailType}`,
    account: nameOf(event.account) ?? '',
    region: nameOf(event.region) ?? '',
    occurredAtMs,
    resources: namesOf(event.resources),
    detail: fieldsOf(event.detail),
  };
}

const malformed = (why: string): Malformed => ({ kind: 'malformed', why });

const readOther: Reader = ({ id, occurredAtMs }, raw) => ({ kind: 'other', event: { id, occurredAtMs, raw } });

function readContainerInstance({ id, occurredAtMs, detail, resources }: Envelope, raw: unknown): ParsedEvent {
  const arn =
    nameOf(detail.containerInstanceArn) ??
    resources.find((name) => /^arn:[^:]*:ecs:[^:]*:[^:]*:container-instance\//.test(name));
  if (arn === undefined) return malformed('detail.containerInstanceArn: names no container instance');
  const instance = instanceIdOf(detail.ec2InstanceId);
  return { kind: 'container-instance', arn, instance, event: { id, occurredAtMs, raw } };
}

function readInstanceState(envelope: Envelope, raw: unknown, detectedBy: DetectedBy): ParsedEvent {
  const { id, occurredAtMs, detail } = envelope;
  const instanceId = instanceIn(envelope);
  const state = nameOf(detail.state);
  if (instanceId === undefined) return noInstance('instance-id');
  if (state === undefined) return malformed(`detail.state: names no state (of ${instanceId})`);
  if (ENDED.has(state)) return { kind: 'end', event: { id, instanceId, state, occurredAtMs, detectedBy, raw } };
  if (state !== 'running') return { kind: 'ignored', eventId: id, why: `instance state ${state.slice(0, 64)}` };
  return { kind: 'launch', event: { instanceId, identity: {}, occurredAtMs, detectedBy, raw } };
}

function readGroupLaunch(envelope: Envelope, raw: unknown, detectedBy: DetectedBy): ParsedEvent {
  const { id, occurredAtMs, detail } = envelope;
  const instanceId = instanceIn(envelope);
  if (instanceId === undefined) return { kind: 'ignored', eventId: id, why: 'launch without an instance' };
  // Into a warm pool: the instance is about to be stopped again, and starts later with an event of its own.
  if (detail.Destination === 'WarmPool') return { kind: 'ignored', eventId: id, why: 'launch into a warm pool' };
  const known = [
    ['auto_scaling_group', groupIn(envelope)],
    ['availability_zone', textOf(fieldsOf(detail.Details)['Availability Zone'])],
  ];
  const identity = Object.fromEntries(known.filter(([, value]) => value));
  return { kind: 'launch', event: { instanceId, identity, occurredAtMs, detectedBy, raw } };
}

// The `resources` of a Spot warning hold the zone where the Region belongs, and no account: the detail is what counts.
function readNotice(kind: 'interruption' | 'rebalance', envelope: Envelope, raw: unknown): ParsedEvent {
  const { id, occurredAtMs } = envelope;
  const instanceId = instanceIn(envelope);
  if (instanceId === undefined) return noInstance('instance-id');
  return { kind: 'notice', event: { id, kind, instanceId, notice: `${kind} ${occurredAtMs}`, occurredAtMs, raw } };
}

/**
 * A terminate hook. One that does not name itself cannot be completed, but its instance can be asked: what is refused here
 * would hold the instance for the whole heartbeat.
 */
function readHookAction(envelope: Envelope, raw: unknown): ParsedEvent {
  const { id, occurredAtMs, detail } = envelope;
  if (isWarmPoolMove(detail)) return { kind: 'ignored', eventId: id, why: 'a move into a warm pool' };
  const instanceId = instanceIn(envelope);
  const [group, hook] = [groupIn(envelope), nameOf(detail.LifecycleHookName)];
  const given = nameOf(detail.LifecycleActionToken);
  const token = given !== undefined && ACTION_TOKEN.test(given) ? given : undefined;
  const action: LifecycleAction | undefined = group && hook ? { group, hook, instanceId, token } : undefined;
  if (instanceId === undefined && action === undefined)
    return malformed('detail: names neither an instance nor a hook of a group');
  const notice = `hook ${token ?? `${group ?? ''} ${hook ?? ''} ${occurredAtMs}`}`;
  return { kind: 'notice', event: { id, kind: 'hook', instanceId, notice, occurredAtMs, action, raw } };
}

const noInstance = (field: string): Malformed => malformed(`detail.${field}: names no instance`);

/**
 * The instance that an event names, in EC2's spelling or Auto Scaling's; else the first of its `resources` that is one: as an
 * ARN, of whatever form, or as a bare id.
 */
function instanceIn({ detail, resources }: Envelope): string | undefined {
  const ids = resources.map((resource) => /(^|\/)(i-[0-9a-f]{8,17})$/.exec(resource)?.[2]);
  return (
    instanceIdOf(detail['instance-id']) ?? instanceIdOf(detail.EC2InstanceId) ?? ids.find((id) => id !== undefined)
  );
}

/** The Auto Scaling group that an event names; names of groups may hold any printable character. */
const groupIn = ({ detail, resources }: Envelope): string | undefined =>
  nameOf(detail.AutoScalingGroupName) ??
  resources.map((resource) => /:autoScalingGroupName\/(.+)$/s.exec(resource)?.[1]).find((name) => name !== undefined);
