import type { Policy } from '../../lib/core/policy/policy.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };

/** How agents poll: `idleSeconds` apart, and every 5 s while their host is hot. */
export interface Mode {
  readonly name: string;
  readonly idleSeconds: number;
  /** How long a start keeps its host hot; 0 never. */
  readonly leaseSeconds: number;
  /** Whether no host has any task's image: the pull gives PENDING a lead before there is a container to see. */
  readonly pulls?: boolean;
}

/** osquery's own: what `accelerate` makes of any interval. */
export const HOT_SECONDS = 5;

const LEASE_SECONDS = 300;

/** What ships. */
export const SHIPPED: Mode = { name: 'event + 10 s idle / 5 s hot', idleSeconds: 10, leaseSeconds: LEASE_SECONDS };

export const POLL_60: Mode = { name: 'event + 60 s', idleSeconds: 60, leaseSeconds: 0 };

/** What Mayfly is measured with. */
export const MODES = [
  POLL_60,
  { name: 'event + 10 s', idleSeconds: 10, leaseSeconds: 0 },
  { name: 'event + 5 s', idleSeconds: 5, leaseSeconds: 0 },
  { name: 'event + 1 s', idleSeconds: 1, leaseSeconds: 0 },
  { name: 'event + 60 s idle / 5 s hot', idleSeconds: 60, leaseSeconds: LEASE_SECONDS },
  SHIPPED,
  // So short a heat that nearly every start finds its host cold: what PENDING does for the first one.
  { name: 'event + 10 s, cold, armed at PENDING', idleSeconds: 10, leaseSeconds: 10, pulls: true },
] as const satisfies readonly Mode[];

/** Intervals of the schedules it is compared with, in seconds. */
export const SCHEDULES: readonly number[] = [300, 60, 30, 10, 5];

/** The built-in policy, told to poll and to heat as the mode says. */
export function policyOf({ idleSeconds, leaseSeconds, pulls = false }: Mode): Policy {
  return {
    ...builtIn.policy,
    heatSeconds: leaseSeconds,
    rules: builtIn.policy.rules.map((rule) => ({
      ...rule,
      // A last gasp heats for as long as its answer is of use: where starts are to find hosts cold, not at all.
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
