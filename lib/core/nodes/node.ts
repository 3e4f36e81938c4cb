/**
 * An enrolled agent: what its enrollment said and what its polls keep current. Kept small, as every poll reads it: under 1 KB, more only
 * for a while after a burst, when `taken` names what was handed out last.
 */
export interface Node {
  readonly host: string;
  /** Epoch seconds of the enrollment; node keys carry it and die with it. */
  readonly epoch: number;
  /** The enrollment before, whose key stays good until `previousUntilMs`: agents enroll again in storms. */
  readonly previousEpoch?: number;
  readonly previousUntilMs?: number;
  readonly enrolledAtMs: number;
  readonly lastSeenMs: number; // at most 5 minutes behind
  /** While this lies ahead the agent is asked to poll every 5 s. */
  readonly hotUntilMs: number;
  /** Counts claims on the host's queue. */
  readonly rev: number;
  /** Queries a claim has taken and not yet delivered: query id → epoch ms until which they are hidden. */
  readonly taken: Readonly<Record<string, number>>;
  readonly identity: NodeIdentity;
  /** The EC2 instance it said it is, where its host goes by another name. */
  readonly instanceId?: string;
  /** The name of the enroll secret it presented. @default - the one that is always there */
  readonly secret?: string;
  /** Those of its instance, as far as they are known: @see tagsIn */
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether a signed identity document said which instance it is, and not only the agent. */
  readonly attested?: boolean;
  /** Other agents of the same machine that enrolled under its identifier, by the names they were given. */
  readonly twins?: readonly string[];
  /** When another agent of the same machine last enrolled under its identifier: until it is seen again it may be gone. */
  readonly contestedAtMs?: number;
  /** The host whose identifier it came with, until that one has shown that it lives, or is gone. */
  readonly contests?: string;
  /** When an answer of it first showed that it reaches Docker. */
  readonly seesContainersAtMs?: number;
  /** When its instance was terminated: its key is dead from then on, and the same machine enrolls no more. */
  readonly endedAtMs?: number;
  /** When an operator revoked it: it has ended, and its machine enrolls no more under this name. */
  readonly revokedAtMs?: number;
  /** When the record stops counting, whether or not TTL has removed it. */
  readonly expiresAtMs: number;
}

/** Who an agent says it is. Hostile text: it decorates results and never reaches SQL. */
export interface NodeIdentity {
  readonly hostname: string;
  /** `system_info.uuid`: the machine, as far as SMBIOS can tell. */
  readonly uuid: string;
  /** `osquery_info.instance_id`: the agent's database. */
  readonly agentInstance: string;
  readonly platform: string;
  readonly osqueryVersion: string;
  readonly vendor: string;
}

/** So many other agents of one machine a node remembers: it is read by every poll. */
export const MOST_TWINS = 8;
/** A node that has not polled for this long is forgotten; one that does is renewed with `lastSeenMs`. */
export const NODE_TTL_MS = 7 * 24 * 3_600_000;
/** How long the name of a revoked node stays closed. */
export const REVOKED_TTL_MS = 90 * 24 * 3_600_000;
/** `lastSeenMs` is written at most this often: an idle poll costs no write. */
export const SEEN_EVERY_MS = 5 * 60_000;
/** An agent that polls is never this long unseen, however late its `lastSeenMs` is written. */
export const SILENT_AFTER_MS = 3 * SEEN_EVERY_MS;
/** Enrolling again within this time is the same enrollment, and the key before stays good as long. */
export const GRACE_MS = 10 * 60_000;

/** Whether there is such a node, by the clock: TTL removes its row days late. */
export const lives = (node: Node | undefined, nowMs: number): node is Node =>
  node !== undefined && node.expiresAtMs > nowMs && node.endedAtMs === undefined;

/** Whether a key of this epoch opens the node now. */
export function accepts(node: Node | undefined, epoch: number, nowMs: number): boolean {
  if (!lives(node, nowMs)) return false;
  return node.epoch === epoch || (node.previousEpoch === epoch && (node.previousUntilMs ?? 0) > nowMs);
}

/**
 * Seconds for osquery's `accelerate`, or undefined when the host is cold. The agent stores now + n and polls every
 * 5 s until then, so the value is what is left of the heat.
 */
export function accelerateSeconds(node: Pick<Node, 'hotUntilMs'> | undefined, nowMs: number): number | undefined {
  const left = Math.ceil(((node?.hotUntilMs ?? 0) - nowMs) / 1000);
  return left > 0 ? left : undefined;
}
