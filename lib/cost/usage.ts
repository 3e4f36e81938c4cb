/** The load that a fleet causes. */
export interface Load {
  readonly hosts: number;
  /** Seconds between the polls of a host. An agent behind the long-poll front is held instead. */
  readonly intervalSeconds: number;
  readonly front: Front;
  /** Task starts on each host in an hour. */
  readonly startsPerHour: number;
  /** ECS clusters, which a sweep lists every minute. */
  readonly clusters: number;
}

export const FRONTS = ['serverless', 'service'] as const;
type Front = (typeof FRONTS)[number];

/** What AWS meters in a month of 730 hours. */
export interface Usage extends Units {
  readonly gbSeconds: number;
  readonly streamedGb: number;
  readonly storedGb: number;
  readonly loggedGb: number;
  /** Custom metrics that are written in every hour. */
  readonly metrics: number;
  /** Hours of the long-poll front. */
  readonly frontHours: number;
  readonly connections: number;
  readonly servedGb: number;
}

export const HOURS = 730;
const SECONDS = HOURS * 3600;

/**
 * The usage of each operation, as counted on the embedded DynamoDB with the default policy; `test/lib/cost/usage.test.ts`
 * counts again. A life is a task with two containers: six events, one delivery of its queries, their answers, and the review.
 */
export const EACH = {
  poll: { readUnits: 0.5, writeUnits: 0 },
  /** Every five minutes a poll is recorded: the node, its directory entry, a look for a wrong alias. */
  presence: { readUnits: 0.5, writeUnits: 3 },
  /** A life: six events, one delivery of its queries, their answers, and the review. */
  life: { events: 6, queries: 3, writes: 1, lines: 4, logLines: 16 },
  /** A configuration or a log request: the node is read. */
  request: { readUnits: 1, writeUnits: 0 },
  /** An enrollment, which queues queries. */
  enrollment: { readUnits: 5, writeUnits: 13 },
  /** An event about a task or a container instance, with the review of its verdict. */
  event: { readUnits: 3, writeUnits: 2.5 },
  /** A delivery of queries and its answers, which arrive in one request. */
  delivery: { readUnits: 5, writeUnits: 13 },
  /** A sweep reads its lease, its progress and what is due. */
  sweep: { readUnits: 12, writeUnits: 6 },
} as const;

/** What agents, events and the clock make Mayfly do. */
export interface Operations {
  readonly polls: number;
  /** Records that a host is alive. */
  readonly presences: number;
  /** Configuration and log requests. */
  readonly requests: number;
  readonly enrollments: number;
  readonly events: number;
  /** Invocations for events; each receives and deletes its messages in one request each. */
  readonly batches: number;
  readonly deliveries: number;
  readonly sweeps: number;
}

/** What AWS meters for operations. */
export interface Units {
  readonly gatewayRequests: number;
  readonly invocations: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Without empty receives. */
  readonly queueRequests: number;
}

export function unitsOf(counts: Operations): Units {
  const { polls, requests, enrollments, deliveries, events, batches, sweeps } = counts;
  const gatewayRequests = polls + requests + enrollments + deliveries;
  return {
    gatewayRequests,
    invocations: gatewayRequests + batches + sweeps,
    readUnits: capacity(counts, 'readUnits'),
    writeUnits: capacity(counts, 'writeUnits'),
    queueRequests: events + 2 * batches,
  };
}

function capacity(counts: Operations, units: 'readUnits' | 'writeUnits'): number {
  const each = [
    counts.polls * EACH.poll[units],
    counts.presences * EACH.presence[units],
    counts.requests * EACH.request[units],
    counts.enrollments * EACH.enrollment[units],
    counts.events * EACH.event[units],
    counts.deliveries * EACH.delivery[units],
    counts.sweeps * EACH.sweep[units],
  ];
  return each.reduce((sum, some) => sum + some, 0);
}

/** The round trip of a poll, which an agent adds to its interval. */
const ROUND_TRIP_SECONDS = 0.08;
export const PRESENCE_SECONDS = 300;
const CONFIG_SECONDS = 300;
/** Hours between the default policy's scheduled results, each a log request. */
const LOG_HOURS = 1;
/** How long the front holds a read, and how often it reads the partition of a held host. */
const HOLD_SECONDS = 12;
const HELD_READ_SECONDS = 60;
/** Tasks of the front, and how each looks for hints: four shards, five times a second. */
const FRONT = { tasks: 2, hintReadsPerSecond: 20 } as const;
/** Memory of a function, GB, and how long one invocation is billed. */
const FUNCTION_GB = 0.5;
const IDLE_POLL_SECONDS = 0.005;
const WORK_SECONDS = 0.06;
/** Lambda's pollers of five queues, each with a receive in 20 s. */
const POLLERS = 25;
const EMPTY_RECEIVE_SECONDS = 20;
const LINE_GB = 5120 / 1e9; // Firehose bills steps of 5 KB
const STORED_LINE_GB = 400 / 1e9; // compressed
const LOG_LINE_GB = 600 / 1e9;
const REPLY_GB = 1_500 / 1e9; // request, reply and TLS
const SWEEP = { everySeconds: 60, seconds: 1 } as const;

/** The heartbeat of the sweeps; with hosts, the fleet; with starts, queues and verdicts, and six clocks by rule and cluster. */
const METRICS = { idle: 1, hosts: 1, starts: 8, clocks: 6, rules: 1 } as const;

/** Estimates a month. Every number scales with the load, except the sweeps, the queues and the front's own reads. */
export function usageOf({ hosts, intervalSeconds, front, startsPerHour, clusters }: Load): Usage {
  const isService = front === 'service';
  const pause = isService ? HOLD_SECONDS : intervalSeconds;
  const polls = (hosts * SECONDS) / (pause + ROUND_TRIP_SECONDS);
  const lives = hosts * startsPerHour * HOURS;
  const requests = (hosts * SECONDS) / CONFIG_SECONDS + (hosts * HOURS) / LOG_HOURS;
  const events = lives * EACH.life.events;
  const sweeps = (SECONDS / SWEEP.everySeconds) * Math.max(1, clusters / 10);
  const others = {
    presences: (hosts * SECONDS) / PRESENCE_SECONDS,
    requests,
    enrollments: 0,
    events,
    batches: events, // most events come alone
    deliveries: lives * EACH.life.writes,
    sweeps,
  };
  const units = unitsOf({ ...others, polls });
  // The front reads the partitions of the hosts that it holds once a minute.
  const { readUnits } = unitsOf({ ...others, polls: isService ? (hosts * SECONDS) / HELD_READ_SECONDS : polls });
  const agentSeconds = polls * IDLE_POLL_SECONDS + (requests + lives * EACH.life.writes) * WORK_SECONDS;
  const hintUnits = isService ? SECONDS * FRONT.tasks * FRONT.hintReadsPerSecond * EACH.poll.readUnits : 0;
  return {
    gatewayRequests: isService ? 0 : units.gatewayRequests,
    invocations: units.invocations - (isService ? units.gatewayRequests : 0),
    gbSeconds: FUNCTION_GB * ((isService ? 0 : agentSeconds) + events * WORK_SECONDS + sweeps * SWEEP.seconds),
    readUnits: readUnits + hintUnits,
    writeUnits: units.writeUnits,
    queueRequests: (SECONDS / EMPTY_RECEIVE_SECONDS) * POLLERS + units.queueRequests,
    streamedGb: lives * EACH.life.lines * LINE_GB,
    storedGb: lives * EACH.life.lines * STORED_LINE_GB,
    loggedGb: lives * EACH.life.logLines * LOG_LINE_GB,
    metrics: metricsOf({ hosts, startsPerHour, clusters }),
    frontHours: isService ? HOURS * FRONT.tasks : 0,
    connections: isService ? hosts : 0,
    servedGb: isService ? units.gatewayRequests * REPLY_GB : 0,
  };
}

function metricsOf({ hosts, startsPerHour, clusters }: Pick<Load, 'hosts' | 'startsPerHour' | 'clusters'>): number {
  const starts =
    hosts * startsPerHour === 0 ? 0 : METRICS.starts + METRICS.clocks * (1 + METRICS.rules) * (1 + clusters);
  return METRICS.idle + (hosts > 0 ? METRICS.hosts : 0) + starts;
}
