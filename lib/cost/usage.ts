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
export interface Usage {
  readonly gatewayRequests: number;
  readonly invocations: number;
  readonly gbSeconds: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly queueRequests: number;
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
  poll: { readUnits: 0.5 },
  /** Every five minutes a poll is recorded: the node, its directory entry, a look for a wrong alias. */
  presence: { readUnits: 0.5, writeUnits: 3 },
  life: { events: 6, queries: 3, writes: 1, readUnits: 25, writeUnits: 28, lines: 4, logLines: 16 },
} as const;

/** The round trip of a poll, which an agent adds to its interval. */
const ROUND_TRIP_SECONDS = 0.08;
const PRESENCE_SECONDS = 300;
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
/** Lambda's pollers of five queues, each with a receive in 20 s, and three requests for a message. */
const POLLERS = 25;
const EMPTY_RECEIVE_SECONDS = 20;
const REQUESTS_PER_MESSAGE = 3;
const LINE_GB = 5120 / 1e9; // Firehose bills steps of 5 KB
const STORED_LINE_GB = 400 / 1e9; // compressed
const LOG_LINE_GB = 600 / 1e9;
const REPLY_GB = 1_500 / 1e9; // request, reply and TLS
/** A sweep reads its lease, its progress and what is due. */
const SWEEP = { everySeconds: 60, readUnits: 12, writeUnits: 6, seconds: 1 } as const;

/** The heartbeat of the sweeps; with hosts, the fleet; with starts, queues and verdicts, and six clocks by rule and cluster. */
const METRICS = { idle: 1, hosts: 1, starts: 8, clocks: 6, rules: 1 } as const;

/** Estimates a month. Every number scales with the load, except the sweeps, the queues and the front's own reads. */
export function usageOf({ hosts, intervalSeconds, front, startsPerHour, clusters }: Load): Usage {
  const isService = front === 'service';
  const pause = isService ? HOLD_SECONDS : intervalSeconds;
  const polls = (hosts * SECONDS) / (pause + ROUND_TRIP_SECONDS);
  const tableReads = isService ? (hosts * SECONDS) / HELD_READ_SECONDS : polls;
  const presences = (hosts * SECONDS) / PRESENCE_SECONDS;
  const lives = hosts * startsPerHour * HOURS;
  const others = (hosts * SECONDS) / CONFIG_SECONDS + (hosts * HOURS) / LOG_HOURS + lives * EACH.life.writes;
  const sweeps = (SECONDS / SWEEP.everySeconds) * Math.max(1, clusters / 10);
  const events = lives * EACH.life.events;
  const agentRequests = polls + others;
  const agentSeconds = polls * IDLE_POLL_SECONDS + others * WORK_SECONDS;
  const hintUnits = isService ? SECONDS * FRONT.tasks * FRONT.hintReadsPerSecond * EACH.poll.readUnits : 0;
  return {
    gatewayRequests: isService ? 0 : agentRequests,
    invocations: (isService ? 0 : agentRequests) + events + sweeps,
    gbSeconds: FUNCTION_GB * ((isService ? 0 : agentSeconds) + events * WORK_SECONDS + sweeps * SWEEP.seconds),
    readUnits:
      tableReads * EACH.poll.readUnits +
      presences * EACH.presence.readUnits +
      others +
      lives * EACH.life.readUnits +
      sweeps * SWEEP.readUnits +
      hintUnits,
    writeUnits: presences * EACH.presence.writeUnits + lives * EACH.life.writeUnits + sweeps * SWEEP.writeUnits,
    queueRequests: (SECONDS / EMPTY_RECEIVE_SECONDS) * POLLERS + events * REQUESTS_PER_MESSAGE,
    streamedGb: lives * EACH.life.lines * LINE_GB,
    storedGb: lives * EACH.life.lines * STORED_LINE_GB,
    loggedGb: lives * EACH.life.logLines * LOG_LINE_GB,
    metrics: metricsOf({ hosts, startsPerHour, clusters }),
    frontHours: isService ? HOURS * FRONT.tasks : 0,
    connections: isService ? hosts : 0,
    servedGb: isService ? agentRequests * REPLY_GB : 0,
  };
}

function metricsOf({ hosts, startsPerHour, clusters }: Pick<Load, 'hosts' | 'startsPerHour' | 'clusters'>): number {
  const starts =
    hosts * startsPerHour === 0 ? 0 : METRICS.starts + METRICS.clocks * (1 + METRICS.rules) * (1 + clusters);
  return METRICS.idle + (hosts > 0 ? METRICS.hosts : 0) + starts;
}
