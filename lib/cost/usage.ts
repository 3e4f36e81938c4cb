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

/** The capacity units of each operation, as counted on the embedded DynamoDB with the default policy; tests count again. */
export const EACH = {
  poll: { readUnits: 0.5, writeUnits: 0 },
  presence: { readUnits: 0.5, writeUnits: 3 },
  request: { readUnits: 0.5, writeUnits: 0 },
  enrollment: { readUnits: 4.5, writeUnits: 28 },
  launch: { readUnits: 4, writeUnits: 18 },
  taskEvent: { readUnits: 3.6, writeUnits: 1.8 },
  staleEvent: { readUnits: 1, writeUnits: 0 },
  learning: { readUnits: 2, writeUnits: 1 },
  ask: { readUnits: 0, writeUnits: 6 },
  hint: { readUnits: 1, writeUnits: 1 },
  delivery: { readUnits: 2.5, writeUnits: 6 },
  sighting: { readUnits: 0.5, writeUnits: 3 },
  verdict: { readUnits: 0, writeUnits: 2 },
  sweep: { readUnits: 12, writeUnits: 6 },
  lookUp: { readUnits: 1, writeUnits: 0 },
  policyLoad: { readUnits: 2.5, writeUnits: 0 },
  policyWrite: { readUnits: 0.5, writeUnits: 18 },
} as const;

/**
 * A task with two containers: what ECS sends about it and about its container instance, one delivery of its queries with their
 * answers, and what is stored.
 */
export const LIFE = { taskEvents: 6, instanceEvents: 2, queries: 3, lookUps: 2, lines: 4, logLines: 16 } as const;

/** How often Mayfly does each operation, caused by agents, events and the clock. */
export interface Operations {
  readonly poll: number;
  /** Times that a host was recorded as alive, every five minutes: its node, its directory entry, and a check for a wrong alias. */
  readonly presence: number;
  /** Configuration and log requests. */
  readonly request: number;
  /** Enrollments; each queues five queries. */
  readonly enrollment: number;
  /** Starts of instances; each queues two queries, which are delivered and answered. */
  readonly launch: number;
  /** Events that are news about a task. */
  readonly taskEvent: number;
  /** Repeated and late events about a task. */
  readonly staleEvent: number;
  /** Each environment of the function learns the instance behind a container instance once in five minutes. */
  readonly learning: number;
  /** Three queries about a task, from when they are queued until they leave the queue. */
  readonly ask: number;
  /** Asks behind the long-poll front, which writes a hint before the queries, and looks at two more reads after it. */
  readonly hint: number;
  /** Deliveries of queries with their answers, which arrive in one request. */
  readonly delivery: number;
  /** Tasks that an answer proved something about. */
  readonly sighting: number;
  readonly verdict: number;
  readonly sweep: number;
  /** Tasks that a sweep compares with the ledger. */
  readonly lookUp: number;
  readonly policyLoad: number;
  readonly policyWrite: number;
  /** Messages in the queues: every event about a task, a container instance or an instance. */
  readonly message: number;
  /** Invocations for messages. Each receives and deletes its messages in one request each. */
  readonly batch: number;
}

/** What AWS meters for these operations. */
export interface Units {
  readonly gatewayRequests: number;
  readonly invocations: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Without empty receives. */
  readonly queueRequests: number;
}

export function unitsOf(counts: Operations): Units {
  const { poll, request, enrollment, delivery, message, batch, sweep } = counts;
  const gatewayRequests = poll + request + enrollment + delivery;
  return {
    gatewayRequests,
    invocations: gatewayRequests + batch + sweep,
    readUnits: capacity(counts, 'readUnits'),
    writeUnits: capacity(counts, 'writeUnits'),
    queueRequests: message + 2 * batch,
  };
}

const COUNTED = Object.keys(EACH) as (keyof typeof EACH)[];

const capacity = (counts: Operations, units: 'readUnits' | 'writeUnits'): number =>
  COUNTED.reduce((sum, operation) => sum + counts[operation] * EACH[operation][units], 0);

/** No operation. */
export const NOTHING: Operations = {
  poll: 0,
  presence: 0,
  request: 0,
  enrollment: 0,
  launch: 0,
  taskEvent: 0,
  staleEvent: 0,
  learning: 0,
  ask: 0,
  hint: 0,
  delivery: 0,
  sighting: 0,
  verdict: 0,
  sweep: 0,
  lookUp: 0,
  policyLoad: 0,
  policyWrite: 0,
  message: 0,
  batch: 0,
};

/** The round trip of a poll, which an agent adds to its interval. */
const ROUND_TRIP_SECONDS = 0.08;
export const PRESENCE_SECONDS = 300;
const CONFIG_SECONDS = 300;
/** Hours between the default policy's scheduled results, each a log request. */
const LOG_HOURS = 1;
/** How long the front holds a read. */
const HOLD_SECONDS = 12;
/** How often the front reads the partition of a host that it holds, while nothing happens. */
export const HELD_READ_SECONDS = 60;
/** Tasks of the front, and how each looks for hints: four shards, five times a second. */
const FRONT = { tasks: 2, hintReadsPerSecond: 20 } as const;
/** Memory of every function that runs for agents, events and sweeps, GB. */
export const FUNCTION_GB = 0.5;
/** Billed duration of one invocation of each kind, seconds. */
export const SECONDS_OF = { idlePoll: 0.005, work: 0.06, sweep: 1 } as const;
/** Lambda's pollers of five queues, each with a receive in 20 s. */
const POLLERS = 25;
const EMPTY_RECEIVE_SECONDS = 20;
const LINE_GB = 5120 / 1e9; // Firehose bills steps of 5 KB
const STORED_LINE_GB = 400 / 1e9; // compressed
const LOG_LINE_GB = 600 / 1e9;
const REPLY_GB = 1_500 / 1e9; // request, reply and TLS
const SWEEP_EVERY_SECONDS = 60;
/** How long an environment caches the instance behind a container instance. */
export const LEARNED_SECONDS = 300;

/** Custom metrics: of the sweeps; of the fleet, if there are hosts; of queues and verdicts, if tasks start; and six clocks for each rule and cluster. */
const METRICS = { idle: 1, hosts: 1, starts: 8, clocks: 6, rules: 1 } as const;

/** Estimates a month. Every number scales with the load, except the sweeps, the queues and the front's own reads. */
export function usageOf({ hosts, intervalSeconds, front, startsPerHour, clusters }: Load): Usage {
  const isService = front === 'service';
  const pause = isService ? HOLD_SECONDS : intervalSeconds;
  const polls = (hosts * SECONDS) / (pause + ROUND_TRIP_SECONDS);
  const lives = hosts * startsPerHour * HOURS;
  const requests = (hosts * SECONDS) / CONFIG_SECONDS + (hosts * HOURS) / LOG_HOURS;
  const messages = lives * (LIFE.taskEvents + LIFE.instanceEvents);
  const sweeps = (SECONDS / SWEEP_EVERY_SECONDS) * Math.max(1, clusters / 10);
  const others: Operations = {
    ...NOTHING,
    presence: (hosts * SECONDS) / PRESENCE_SECONDS,
    request: requests,
    taskEvent: lives * LIFE.taskEvents,
    learning: Math.min(lives * LIFE.instanceEvents, (hosts * SECONDS) / LEARNED_SECONDS),
    ask: lives,
    hint: isService ? lives : 0,
    delivery: lives,
    sighting: lives,
    verdict: lives,
    sweep: sweeps,
    lookUp: lives * LIFE.lookUps,
    message: messages,
    batch: messages, // most events come alone
  };
  const units = unitsOf({ ...others, poll: polls });
  // The front reads the partitions of the hosts that it holds once a minute.
  const { readUnits } = unitsOf({ ...others, poll: isService ? (hosts * SECONDS) / HELD_READ_SECONDS : polls });
  const agentSeconds = polls * SECONDS_OF.idlePoll + (requests + lives) * SECONDS_OF.work;
  const hintUnits = isService ? FRONT.tasks * hintUnitsIn(SECONDS) : 0;
  return {
    gatewayRequests: isService ? 0 : units.gatewayRequests,
    invocations: units.invocations - (isService ? units.gatewayRequests : 0),
    gbSeconds: FUNCTION_GB * ((isService ? 0 : agentSeconds) + messages * SECONDS_OF.work + sweeps * SECONDS_OF.sweep),
    readUnits: readUnits + hintUnits,
    writeUnits: units.writeUnits,
    queueRequests: (SECONDS / EMPTY_RECEIVE_SECONDS) * POLLERS + units.queueRequests,
    streamedGb: lives * LIFE.lines * LINE_GB,
    storedGb: lives * LIFE.lines * STORED_LINE_GB,
    loggedGb: lives * LIFE.logLines * LOG_LINE_GB,
    metrics: metricsOf({ hosts, startsPerHour, clusters }),
    frontHours: isService ? HOURS * FRONT.tasks : 0,
    connections: isService ? hosts : 0,
    servedGb: isService ? units.gatewayRequests * REPLY_GB : 0,
  };
}

/** Read units that one task of the front takes to read hints for this many seconds. */
export const hintUnitsIn = (seconds: number): number => seconds * FRONT.hintReadsPerSecond * EACH.poll.readUnits;

function metricsOf({ hosts, startsPerHour, clusters }: Pick<Load, 'hosts' | 'startsPerHour' | 'clusters'>): number {
  const starts =
    hosts * startsPerHour === 0 ? 0 : METRICS.starts + METRICS.clocks * (1 + METRICS.rules) * (1 + clusters);
  return METRICS.idle + (hosts > 0 ? METRICS.hosts : 0) + starts;
}
