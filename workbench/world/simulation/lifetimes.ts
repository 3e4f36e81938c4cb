import type { Random } from './random.ts';

/** How long the containers of a workload live. */
export interface Lifetime {
  readonly name: string;
  /** Draws one lifetime, in milliseconds. */
  sample(random: Random): number;
}

/** The share of containers that live up to `upToSeconds` and longer than the bin before. */
interface Bin {
  readonly upToSeconds: number;
  readonly weight: number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The shortest lifetime drawn. */
const SHORTEST_SECONDS = 1;

/**
 * Sysdig's survey of 2019, 2 million containers. Its percentages add up to 102. The last bin, over two weeks, ends at
 * four weeks.
 */
const SYSDIG_2019: readonly Bin[] = [
  { upToSeconds: 10, weight: 22 },
  { upToSeconds: MINUTE, weight: 17 },
  { upToSeconds: 5 * MINUTE, weight: 15 },
  { upToSeconds: 10 * MINUTE, weight: 9 },
  { upToSeconds: 30 * MINUTE, weight: 10 },
  { upToSeconds: HOUR, weight: 4 },
  { upToSeconds: 6 * HOUR, weight: 6 },
  { upToSeconds: DAY, weight: 3 },
  { upToSeconds: 7 * DAY, weight: 8 },
  { upToSeconds: 14 * DAY, weight: 4 },
  { upToSeconds: 28 * DAY, weight: 4 },
];

/**
 * Sysdig's report of 2025 gives one figure: 60 % live a minute or less. We split both sides of that minute as in 2019.
 */
const SYSDIG_2025: readonly Bin[] = (() => {
  const short = SYSDIG_2019.filter((bin) => bin.upToSeconds <= MINUTE);
  const long = SYSDIG_2019.filter((bin) => bin.upToSeconds > MINUTE);
  const scale = (bins: readonly Bin[], share: number) => {
    const total = bins.reduce((sum, bin) => sum + bin.weight, 0);
    return bins.map((bin) => ({ ...bin, weight: (bin.weight / total) * share }));
  };
  return [...scale(short, 60), ...scale(long, 40)];
})();

/** A histogram that is log-uniform inside each bin. */
function histogram(name: string, bins: readonly Bin[]): Lifetime {
  const total = bins.reduce((sum, bin) => sum + bin.weight, 0);
  return {
    name,
    sample(random) {
      let rest = random.next() * total;
      let fromSeconds = SHORTEST_SECONDS;
      for (const bin of bins) {
        if (rest < bin.weight) return 1000 * fromSeconds * (bin.upToSeconds / fromSeconds) ** (rest / bin.weight);
        rest -= bin.weight;
        fromSeconds = bin.upToSeconds;
      }
      return 1000 * fromSeconds;
    },
  };
}

/** A lognormal distribution, given its median and its 80th percentile (standard score 0.8416). */
function lognormal(name: string, medianSeconds: number, p80Seconds: number): Lifetime {
  const sigma = Math.log(p80Seconds / medianSeconds) / 0.8416;
  return {
    name,
    sample: (random) => 1000 * Math.max(SHORTEST_SECONDS, medianSeconds * Math.exp(sigma * random.normal())),
  };
}

/** Every container lives exactly this long. */
function fixedLifetime(name: string, seconds: number): Lifetime {
  return { name, sample: () => seconds * 1000 };
}

/** The workloads we measure Mayfly with; figures and sources are in docs/spec/performance.md §2. */
export const LIFETIMES = {
  Sysdig2019: histogram('Sysdig2019', SYSDIG_2019),
  Sysdig2025: histogram('Sysdig2025', SYSDIG_2025),
  /** CircleCI: median 3.3 min, 80 % under 10 min. */
  CI: lognormal('CI', 198, 600),
  /** The job of the QueryCon demo: `sleep 10`. */
  TenSecondJob: fixedLifetime('10 s job', 10),
} as const satisfies Record<string, Lifetime>;
