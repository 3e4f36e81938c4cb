import type { Random } from './random.ts';

/** The minimum and the maximum of a delay, in milliseconds. */
export type Range = readonly [number, number];

/** How long the steps in the life of a task and of a host take. Each step draws its own delay. */
export interface Delays {
  /** From an instance's `running` to its registration in the cluster. */
  readonly register: Range;
  /** Attaching a network interface (awsvpc). */
  readonly attach: Range;
  /** From PENDING to the start of the pull. */
  readonly accept: Range;
  /** Pulling an image the host does not have. */
  readonly pull: Range;
  /** Finding that the host has the image. */
  readonly cached: Range;
  /** From the image to the container's first instruction. */
  readonly start: Range;
  /** From a container's change to the agent's report of it. */
  readonly report: Range;
  /** From SIGTERM to the exit of a container that handles SIGTERM. */
  readonly terminate: Range;
  /** From the last container's end to STOPPED. */
  readonly deprovision: Range;
  /** From a state change to the arrival of its event. Events of two changes close together can arrive out of order. */
  readonly deliver: Range;
  /** From a rebalance recommendation to the next step towards the host's end. */
  readonly rebalance: Range;
  /** From a Spot warning to the terminate hook of the instance's Auto Scaling group. */
  readonly react: Range;
  /** From a host's power-off to ECS noticing that its agent is disconnected. */
  readonly disconnect: Range;
  /** From `shutting-down` to `terminated`, or from `stopping` to `stopped`. */
  readonly shutDown: Range;
  /** From `terminated` or `stopped` to ECS giving up the host's tasks. */
  readonly giveUp: Range;
}

/** Delays as observed on EC2: sub-second reports, a few seconds for pulls and network interfaces. */
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

/** The agent kills a container that ignores SIGTERM after `stopTimeout`, 30 s by default. */
export const STOP_TIMEOUT_MS = 30_000;

export function draw(random: Random, [least, most]: Range): number {
  return Math.round(random.between(least, most));
}
