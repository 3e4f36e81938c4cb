import * as z from 'zod';

const number = z._default(z.number(), 0);
const Line = z.looseObject({
  message: z.string(),
  service: z._default(z.string(), ''),
  kind: z.optional(z.string()),
  outcome: z.optional(z.string()),
  workload: z.optional(z.unknown()),
  isSeeded: z.optional(z.boolean()),
  count: number,
  listed: number,
  found: number,
  caughtUp: number,
});
type Line = z.infer<typeof Line>;

/** What the functions' logs say that a run did. */
export interface Reported {
  readonly enrollments: number;
  readonly launches: number;
  readonly taskEvents: number;
  readonly staleEvents: number;
  readonly instanceEvents: number;
  readonly asks: number;
  readonly answers: number;
  readonly sightings: number;
  readonly verdicts: number;
  readonly lookUps: number;
  readonly policyLoads: number;
  readonly policyWrites: number;
  /** Environments of the function that handles events about tasks. */
  readonly taskEnvironments: number;
}

type Counts = { -readonly [Name in keyof Reported]: Reported[Name] };

const COUNT: Readonly<Record<string, (counts: Counts, line: Line) => void>> = {
  node_enrolled: (counts) => {
    counts.enrollments += 1;
  },
  event_handled: (counts, { kind, outcome = '' }) => {
    if (kind === 'launch') counts.launches += 1;
    else if (kind === 'container-instance') counts.instanceEvents += 1;
    else if (kind === 'task') countTaskEvent(counts, outcome);
  },
  answers_stored: (counts) => {
    counts.answers += 1;
  },
  answer_timed: (counts) => {
    counts.sightings += 1;
  },
  verdicts_recorded: (counts, { count }) => {
    counts.verdicts += count;
  },
  sweep_done: (counts, { listed, found, caughtUp }) => {
    counts.taskEvents += found + caughtUp;
    counts.lookUps = Math.max(counts.lookUps, listed); // later sweeps know the same tasks
  },
  policy_loaded: (counts, { service }) => {
    counts.policyLoads += 1;
    if (service === 'ecs-task-state') counts.taskEnvironments += 1;
  },
  policy_deployed: (counts, { isSeeded }) => {
    if (isSeeded) counts.policyWrites += 1;
  },
};

function countTaskEvent(counts: Counts, outcome: string): void {
  if (outcome === 'stale') counts.staleEvents += 1;
  else counts.taskEvents += 1;
  if (outcome === 'queued' || outcome === 'superseded') counts.asks += 1;
}

/** Counts operations by the lines that functions write to their logs. */
export class LogTally {
  readonly #counts: Counts = {
    enrollments: 0,
    launches: 0,
    taskEvents: 0,
    staleEvents: 0,
    instanceEvents: 0,
    asks: 0,
    answers: 0,
    sightings: 0,
    verdicts: 0,
    lookUps: 0,
    policyLoads: 0,
    policyWrites: 0,
    taskEnvironments: 0,
  };

  /** Takes one line; text that is no line of a log counts nothing. */
  add(text: string): void {
    const line = parse(text);
    if (line && Object.hasOwn(COUNT, line.message)) COUNT[line.message]?.(this.#counts, line);
  }

  counted(): Reported {
    return { ...this.#counts };
  }
}

function parse(text: string): Line | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // functions may also write other text
  }
}
