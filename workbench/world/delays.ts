import type { Random } from './random.ts';

/** The least and the most of a delay, in milliseconds. */
export type Range = readonly [number, number];

/** How long the steps of a task's and of a host's life take; each is drawn anew for each of them. */
export interface Delays {
  /** From an instance's `running` to its registration in the cluster. */
  readonly register: Range;
  /** Attaching a network interface (awsvpc). */
  readonly attach: Range;
  /** From PENDING to the start of the pull. */
  readonly accept: Range;
  /** Pulling an image the host does not have. */
  readonly pull: Range;
  /** Finding that it has it. */
  readonly cached: Range;
  /** From the image to the container's first instruction. */
  readonly start: Range;
  /** From a change of a container to the agent's report of it. */
  readonly report: Range;
  /** From SIGTERM to the end of a container that heeds it. */
  readonly terminate: Range;
  /** From the last container's end to STOPPED. */
  readonly deprovision: Range;
  /** From a change of state to its event's arrival. Short enough a gap, and events overtake each other. */
  readonly deliver: Range;
  /** From a rebalance recommendation to what it announced. */
  readonly rebalance: Range;
  /** From a Spot warning to the terminate hook of the instance's Auto Scaling group. */
  readonly react: Range;
  /** From a host's last moment to ECS's finding that its agent has gone. */
  readonly disconnect: Range;
  /** From `shutting-down` to `terminated`, or from `stopping` to `stopped`. */
  readonly shutDown: Range;
  /** From there to ECS's giving up the host's tasks. */
  readonly giveUp: Range;
}

/** What one sees on EC2: sub-second reports, a few seconds for pulls and network interfaces. */
export const DELAYS: Delays = {
  register: [1000, 4000],
  attach: [3000, 6000],
  accept: [100, 600],
  pull: [1000, 5000],
  cached: [50, 300],
  start: [200, 800],
  report: [100, 900],
  terminate: [100, 2000],
  deprovision: [500, 3000],
  deliver: [200, 1200],
  rebalance: [20_000, 90_000],
  react: [1000, 6000],
  disconnect: [500, 3000],
  shutDown: [10_000, 40_000],
  giveUp: [500, 5000],
};

/** The agent kills a container that does not heed SIGTERM after `stopTimeout`, by default 30 s. */
export const STOP_TIMEOUT_MS = 30_000;

export function draw(random: Random, [least, most]: Range): number {
  return Math.round(random.between(least, most));
}
