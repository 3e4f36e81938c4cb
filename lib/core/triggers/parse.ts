import { createHash } from 'node:crypto';
import { CAMPAIGN_EVENT, parseCampaign } from '../campaigns/campaign-event.ts';
import type { DetectedBy } from '../ledger/clocks.ts';
import { isWarmPoolMove } from '../policy/ending.ts';
import { fieldsOf, instanceIdOf, instantOf, nameOf, namesOf, textOf } from './fields.ts';
import type { LifecycleAction } from './lifecycle-hook.ts';
import { readTask } from './parse-task.ts';
import type { Envelope, Malformed, ParsedEvent } from './parsed-event.ts';

/** States of an instance that ends or has ended. @see EC2 User Guide, "Instance lifecycle" */
const ENDED = new Set(['shutting-down', 'terminated']);

/** Auto Scaling's own form of a token. @see Auto Scaling API Reference, CompleteLifecycleAction */
const ACTION_TOKEN = /^[0-9A-Za-z-]{36}$/;

type Reader = (envelope: Envelope, raw: unknown, detectedBy: DetectedBy) => ParsedEvent;

/** Source and detail type → reader, for events that Mayfly handles beyond the policy's rules. */
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
 * Parses one EventBridge event; never throws. Only indispensable fields are required: an event without one is `malformed`, and
 * an event that needs no action is `ignored`, each with the reason.
 *
 * @param detectedBy `event` if EventBridge delivered it, `sweep` if the reconciler made it
 * @param receivedAtMs replaces a missing time, epoch ms; must be the same for every copy of the event
 * @example
 * parseEvent({ source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification', time: '2025-03-01T12:00:00Z',
 *   detail: { 'instance-id': 'i-0abc', state: 'terminated' } });
 * // { kind: 'end', event: { instanceId: 'i-0abc', state: 'terminated', detectedBy: 'event', … } }
 */
export function parseEvent(input: unknown, detectedBy: DetectedBy = 'event', receivedAtMs?: number): ParsedEvent {
  const envelope = readEnvelope(input, receivedAtMs);
  if ('kind' in envelope) return envelope;
  const isCampaign = envelope.type.endsWith(` ${CAMPAIGN_EVENT}`); // of any source: IAM decides who may ask
  const read = READERS.get(envelope.type) ?? (isCampaign ? readCampaign : readOther);
  return read(envelope, input, detectedBy);
}

function readEnvelope(input: unknown, receivedAtMs: number | undefined): Envelope | Malformed {
  const event = fieldsOf(input);
  const [source, detailType] = [nameOf(event.source), nameOf(event['detail-type'])];
  if (source === undefined) return malformed('source: names none');
  if (detailType === undefined) return malformed('detail-type: names none');
  const occurredAtMs = instantOf(event.time) ?? receivedAtMs;
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

function readCampaign({ id, occurredAtMs, detail }: Envelope): ParsedEvent {
  const parsed = parseCampaign(detail);
  return 'why' in parsed ? malformed(parsed.why) : { kind: 'campaign', event: { id, occurredAtMs, ...parsed } };
}

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
  // A launch into a warm pool: the instance is stopped soon, and has another event when it starts.
  if (detail.Destination === 'WarmPool') return { kind: 'ignored', eventId: id, why: 'launch into a warm pool' };
  const known = [
    ['auto_scaling_group', groupIn(envelope)],
    ['availability_zone', textOf(fieldsOf(detail.Details)['Availability Zone'])],
  ];
  const identity = Object.fromEntries(known.filter(([, value]) => value));
  return { kind: 'launch', event: { instanceId, identity, occurredAtMs, detectedBy, raw } };
}

// The ARN in `resources` of a Spot warning has the zone instead of the Region, and no account: use the detail.
function readNotice(kind: 'interruption' | 'rebalance', envelope: Envelope, raw: unknown): ParsedEvent {
  const { id, occurredAtMs } = envelope;
  const instanceId = instanceIn(envelope);
  if (instanceId === undefined) return noInstance('instance-id');
  return { kind: 'notice', event: { id, kind, instanceId, notice: `${kind} ${occurredAtMs}`, occurredAtMs, raw } };
}

/**
 * Reads a terminate hook. An action without hook and group cannot be completed, but its instance can be queried. Rejecting the
 * event would hold the instance for the whole heartbeat.
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
 * The instance that an event names, in the field of EC2 or of Auto Scaling, or else the first in `resources`, as an ARN of any
 * form or as a bare id.
 */
function instanceIn({ detail, resources }: Envelope): string | undefined {
  const ids = resources.map((resource) => /(^|\/)(i-[0-9a-f]{8,17})$/.exec(resource)?.[2]);
  return (
    instanceIdOf(detail['instance-id']) ?? instanceIdOf(detail.EC2InstanceId) ?? ids.find((id) => id !== undefined)
  );
}

/** The Auto Scaling group that an event names; group names may contain any printable character. */
const groupIn = ({ detail, resources }: Envelope): string | undefined =>
  nameOf(detail.AutoScalingGroupName) ??
  resources.map((resource) => /:autoScalingGroupName\/(.+)$/s.exec(resource)?.[1]).find((name) => name !== undefined);
