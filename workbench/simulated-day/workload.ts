import { LIFETIMES, type Lifetime, type Random } from '../world/index.ts';

/** A planned start of a task. */
export interface Start {
  readonly atMs: number; // since the start of the day
  readonly host: number; // index
  readonly family: string;
  /** As drawn from the distribution. */
  readonly lifetimeMs: number;
}

/** Lifetime distributions by the name in the command's option. */
export const WORKLOADS: Readonly<Record<string, Lifetime>> = {
  '10s': LIFETIMES.TenSecondJob,
  sysdig2019: LIFETIMES.Sysdig2019,
  sysdig2025: LIFETIMES.Sysdig2025,
  ci: LIFETIMES.CI,
};

const LONGEST_SECONDS = 3600;

/** Equally many lives in each range of the picture's axis, one second to one hour. */
export const EVEN_LIVES: Lifetime = {
  name: '1 s … 1 h, log-uniform',
  sample: (random) => 1000 * LONGEST_SECONDS ** random.next(),
};

const HOUR_MS = 3_600_000;

/**
 * One start in the previous 300 s keeps a host hot. At this rate 93.6 % of starts find a hot host, as in the fleet of
 * docs/spec/performance.md §4.6, with fewer idle hosts.
 */
export const STARTS_PER_HOST_HOUR = 33;

const FAMILIES = ['api', 'batch-resize', 'migrate', 'report', 'cron-sync'] as const;

/** Draws the starts of a day, sorted by time: independent, evenly spread over time and hosts. */
export function startsOf(tasks: number, hosts: number, lifetime: Lifetime, random: Random): Start[] {
  const periodMs = (tasks / (hosts * STARTS_PER_HOST_HOUR)) * HOUR_MS;
  const starts = Array.from({ length: tasks }, () => ({
    atMs: random.between(0, periodMs),
    host: random.integer(0, hosts - 1),
    family: random.pick(FAMILIES),
    lifetimeMs: lifetime.sample(random),
  }));
  return starts.sort((a, b) => a.atMs - b.atMs);
}
