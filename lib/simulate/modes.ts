import { builtInPolicy } from '../core/policy/built-in.ts';
import type { Policy } from '../core/policy/policy.ts';

/** How agents poll: `idleSeconds` apart, and every 5 s while their host is hot. */
export interface Mode {
  readonly name: string;
  readonly idleSeconds: number;
  /** How long a start keeps its host hot; 0 never. */
  readonly leaseSeconds: number;
}

/** osquery's own: what `accelerate` makes of any interval. */
export const HOT_SECONDS = 5;

const LEASE_SECONDS = 300;

/** What Mayfly is measured with. */
export const MODES = [
  { name: 'event + 60 s', idleSeconds: 60, leaseSeconds: 0 },
  { name: 'event + 10 s', idleSeconds: 10, leaseSeconds: 0 },
  { name: 'event + 5 s', idleSeconds: 5, leaseSeconds: 0 },
  { name: 'event + 60 s idle / 5 s hot', idleSeconds: 60, leaseSeconds: LEASE_SECONDS },
  { name: 'event + 10 s idle / 5 s hot', idleSeconds: 10, leaseSeconds: LEASE_SECONDS },
] as const satisfies readonly Mode[];

/** Intervals of the schedules it is compared with, in seconds. */
export const SCHEDULES: readonly number[] = [60, 30, 10, 5];

/** The built-in policy, told to poll and to heat as the mode says. */
export function policyOf({ idleSeconds, leaseSeconds }: Mode): Policy {
  return {
    ...builtInPolicy,
    heatSeconds: leaseSeconds,
    rules: builtInPolicy.rules.map((rule) => ({
      ...rule,
      accelerateSeconds: Math.min(rule.accelerateSeconds, leaseSeconds),
    })),
    profiles: builtInPolicy.profiles.map((profile) => ({
      ...profile,
      config: {
        ...profile.config,
        options: { ...Object(profile.config.options), distributed_interval: idleSeconds },
      },
    })),
  };
}
