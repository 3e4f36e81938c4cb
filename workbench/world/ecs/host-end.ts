import type { SimulatedAutoScaling, TerminateHook } from '../aws/auto-scaling.ts';
import type { SimulatedEc2 } from '../aws/ec2.ts';
import type { SimulatedHost } from '../host/host.ts';
import type { Clock } from '../simulation/clock.ts';
import { type Delays, draw } from '../simulation/delays.ts';
import type { Random } from '../simulation/random.ts';
import type { StopCause } from './task-life.ts';

/** How long before the interruption Spot sends its warning (docs/spec/aws-events.md §4). */
const SPOT_NOTICE_MS = 120_000;

/** What precedes a host's end; without any of these the host ends at once. */
export interface HostEnd {
  /** A rebalance recommendation comes first. */
  readonly rebalance?: boolean;
  /** Spot reclaims the host at most two minutes after its warning, even if a hook still waits. */
  readonly spot?: boolean;
  /** Its Auto Scaling group holds the instance at this hook. */
  readonly hook?: TerminateHook;
}

export interface HostEndContext {
  readonly ec2: SimulatedEc2;
  readonly autoScaling: SimulatedAutoScaling;
  readonly clock: Clock;
  readonly random: Random;
  readonly delays: Delays;
  /** Aborts when the simulation ends. */
  readonly signal: AbortSignal;
  /** Ends the host's tasks; ECS gives them up `afterMs` milliseconds from now. */
  loseTasks(host: SimulatedHost, cause: StopCause, afterMs: number): void;
  /** Makes ECS notice that the host's agent is disconnected. */
  disconnect(host: SimulatedHost): void;
  /** Makes ECS give up the host. */
  abandon(host: SimulatedHost, instance: 'terminated' | 'stopped'): void;
}

/**
 * Takes a host from its first warning to `terminated`, or to `stopped` if its hook sends it to a warm pool, and makes
 * ECS notice. The host powers off at the first of the two state changes. This is the worst case that AWS allows:
 * nothing delays an instance that is `shutting-down`.
 *
 * @throws {Stopped} when the simulation ends first
 */
export async function endHost(host: SimulatedHost, how: HostEnd, context: HostEndContext): Promise<void> {
  await announceEnd(host, how, context);
  const { clock, delays, ec2, random, signal } = context;
  const stops = how.hook?.destination === 'WarmPool';
  const end = stops ? 'stopped' : 'terminated';
  const disconnectMs = draw(random, delays.disconnect);
  const shutDownMs = Math.max(disconnectMs, draw(random, delays.shutDown));
  const giveUpMs = draw(random, delays.giveUp);
  ec2.enter(host, stops ? 'stopping' : 'shutting-down');
  host.powerOff();
  // Code, text and missing exit codes follow tasks that users published: the API reference does not specify them.
  const cause = { code: 'TerminationNotice', reason: `Host EC2 (instance ${host.instanceId}) ${end}.` };
  context.loseTasks(host, cause, shutDownMs + giveUpMs);
  await clock.sleep(disconnectMs, signal);
  context.disconnect(host);
  await clock.sleep(shutDownMs - disconnectMs, signal);
  ec2.enter(host, end);
  await clock.sleep(giveUpMs, signal);
  context.abandon(host, end);
}

/** Sends the warnings of the end, then waits until the host has to end. */
async function announceEnd(host: SimulatedHost, { rebalance, spot, hook }: HostEnd, context: HostEndContext) {
  const { autoScaling, clock, delays, ec2, random, signal } = context;
  if (rebalance) {
    ec2.recommendRebalance(host);
    await clock.sleep(draw(random, delays.rebalance), signal);
  }
  if (!spot) return hook && autoScaling.hold(host, hook);
  const reclaimAtMs = clock.now() + SPOT_NOTICE_MS;
  ec2.warnOfInterruption(host);
  if (!hook) return clock.sleep(SPOT_NOTICE_MS, signal);
  await clock.sleep(draw(random, delays.react), signal);
  await autoScaling.hold(host, hook, reclaimAtMs);
}
