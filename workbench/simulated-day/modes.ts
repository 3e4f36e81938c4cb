import type { Policy } from '../../lib/core/policy/policy.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };

/** How agents poll: every `idleSeconds`, and every 5 s while their host is hot. */
export interface Mode {
  readonly name: string;
  readonly idleSeconds: number;
  /** How long a start keeps its host hot; 0 for not at all. */
  readonly leaseSeconds: number;
  /** Whether the long-poll front holds their reads. Then `idleSeconds` is its interval, and nothing is accelerated. */
  readonly isHeld?: boolean;
  /** Whether hosts lack the tasks' images. The pull then puts PENDING ahead of the container's start. */
  readonly pulls?: boolean;
}

/** osquery's interval during `accelerate`, whatever the configured interval. */
export const HOT_SECONDS = 5;

const LEASE_SECONDS = 300;

/** The shipped default. */
export const SHIPPED: Mode = { name: 'event + 10 s idle / 5 s hot', idleSeconds: 10, leaseSeconds: LEASE_SECONDS };

/** The long-poll front with its default interval. */
export const LONG_POLL: Mode = { name: 'event + long poll', idleSeconds: 1, leaseSeconds: LEASE_SECONDS, isHeld: true };

export const POLL_60: Mode = { name: 'event + 60 s', idleSeconds: 60, leaseSeconds: 0 };

/** The modes that the simulation measures. */
export const MODES = [
  POLL_60,
  { name: 'event + 10 s', idleSeconds: 10, leaseSeconds: 0 },
  { name: 'event + 5 s', idleSeconds: 5, leaseSeconds: 0 },
  { name: 'event + 1 s', idleSeconds: 1, leaseSeconds: 0 },
  { name: 'event + 60 s idle / 5 s hot', idleSeconds: 60, leaseSeconds: LEASE_SECONDS },
  SHIPPED,
  // With so short a lease nearly every start finds its host cold, so this mode shows what PENDING does for the first
  // start.
  { name: 'event + 10 s, cold, armed at PENDING', idleSeconds: 10, leaseSeconds: 10, pulls: true },
  LONG_POLL,
] as const satisfies readonly Mode[];

/** Intervals of the schedules for comparison, in seconds. */
export const SCHEDULES: readonly number[] = [300, 60, 30, 10, 5];

/** Returns the built-in policy with the mode's polling and lease. */
export function policyOf({ idleSeconds, leaseSeconds, pulls = false }: Mode): Policy {
  return {
    ...builtIn.policy,
    heatSeconds: leaseSeconds,
    rules: builtIn.policy.rules.map((rule) => ({
      ...rule,
      // A last gasp keeps its host hot as long as its answer is useful. With `pulls` starts must find cold hosts, so it
      // is 0.
      accelerateSeconds: pulls && rule.lastGasp ? 0 : Math.min(rule.accelerateSeconds, leaseSeconds),
    })),
    profiles: builtIn.policy.profiles.map((profile) => ({
      ...profile,
      config: {
        ...profile.config,
        options: { ...Object(profile.config.options), distributed_interval: idleSeconds },
      },
    })),
  };
}
