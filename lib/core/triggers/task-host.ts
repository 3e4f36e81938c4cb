import type { Decorations } from '../decorations.ts';
import { type HostDeps, resolveHost } from '../hosts/resolve-host.ts';
import { instanceDecorations } from '../ledger/instance-decorations.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Poller, WorkloadRecord } from '../ledger/workload.ts';
import type { NodeDirectory } from '../nodes/directory.ts';
import { isEnrolled } from '../nodes/node.ts';
import { pollerOf } from '../nodes/poller.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { Profile } from '../policy/policy.ts';
import { moveWaiting } from '../queue/move.ts';
import type { ContainerHosts } from './container-hosts.ts';
import { sidecarHostOf } from './sidecar.ts';
import type { TaskEvent } from './task.ts';

export interface TaskHostDeps extends HostDeps {
  readonly hosts: ContainerHosts;
  readonly ledger: HostDeps['ledger'] & Pick<Ledger, 'read'>;
  /** `distributed_interval` of all agents behind the long-poll front. @default - agents connect to the other front */
  readonly heldEverySeconds?: number;
}

interface EndDeps {
  readonly registry: Pick<NodeRegistry, 'end'>;
  readonly directory: Pick<NodeDirectory, 'remove'>;
  readonly now: () => number; // epoch ms
}

/** The host of a task, and the agent that can answer there. */
export interface TaskHost {
  readonly host?: string;
  /** Its instance id, if the host has another name. */
  readonly alias?: string;
  /** The name its queries are queued under: its host, or its container instance while the host is unknown. */
  readonly waitsFor?: string;
  /** The agent enrolled there. */
  readonly poller?: Poller;
  /** Until when that agent polls fast, as last read. */
  readonly hotUntilMs?: number;
  /** Its host, if that is the agent in the task itself. */
  readonly sidecar?: string;
  /** Whether the host was terminated, or the sidecar has ended with its task, so that no agent can answer. */
  readonly hasEnded: boolean;
  /** Whether an agent is, or was, enrolled there. */
  readonly isEnrolled: boolean;
  readonly instanceFacts?: Decorations;
}

export async function taskHostOf(
  task: TaskEvent['task'],
  { handling: before, containers, stopped }: WorkloadRecord,
  profiles: readonly Profile[],
  deps: TaskHostDeps,
): Promise<TaskHost> {
  const { hosts, ledger, now, heldEverySeconds } = deps;
  const { clusterArn, containerInstanceArn } = task;
  const runsOn = await hosts.instanceOf(clusterArn, containerInstanceArn);
  const sidecar = sidecarHostOf({ ...task, containers });
  // ECS may have deleted the container instance; the earlier handling still knows the instance.
  const name = runsOn ?? sidecar ?? before?.instanceFacts?.instance_id ?? before?.host;
  const [found, [instance] = []] = await Promise.all([
    name === undefined ? undefined : resolveHost(name, deps),
    runsOn === undefined ? undefined : ledger.read([runsOn]),
  ]);
  const node = found?.node;
  const poller = isEnrolled(node, now()) ? pollerOf(node, profiles, { nowMs: now(), heldEverySeconds }) : undefined;
  const isGone = node?.endedAtMs !== undefined || instance?.stopped === true;
  return {
    host: found?.host,
    alias: found?.alias,
    // An unknown container instance may become known in a moment, because events arrive in any order.
    waitsFor: found?.host ?? containerInstanceArn,
    poller,
    hotUntilMs: node?.hotUntilMs,
    sidecar,
    hasEnded: isGone || (sidecar !== undefined && stopped),
    isEnrolled: poller !== undefined || isGone,
    instanceFacts: instanceBehind(runsOn, instance, before?.instanceFacts),
  };
}

/** Decorations of the instance of a task: at first only its id, because image and tags are learned a little later. */
function instanceBehind(
  runsOn: string | undefined,
  instance: WorkloadRecord | undefined,
  before: Decorations | undefined,
): Decorations | undefined {
  if (before?.ami_id || !runsOn) return before;
  return instance ? instanceDecorations(instance) : { instance_id: runsOn };
}

/** Ends the node of a sidecar: its key is rejected from now on, and selectors no longer find it. */
export async function endSidecar(host: string, { registry, directory, now }: EndDeps): Promise<void> {
  await registry.end(host, now());
  await directory.remove(host);
}

/**
 * Moves queries queued under a container instance's ARN to its host, if that is known by now. The function that learns a
 * container instance from its event does the same. Both write first and then read, so that one of them moves the queries.
 */
export async function joinHost(containerInstanceArn: string, deps: TaskHostDeps): Promise<void> {
  const instance = await deps.hosts.lookAgain(containerInstanceArn);
  if (instance) await moveWaiting(containerInstanceArn, (await resolveHost(instance, deps)).host, deps);
}
