/**
 * An enrolled agent: facts from its enrollment and its polls. Kept small because every poll reads it: under 1 KB, except for a
 * while after a burst, when `taken` is long.
 */
export interface Node {
  readonly host: string;
  /** Epoch seconds of the enrollment. Node keys contain it and stop working when it changes. */
  readonly epoch: number;
  /** The previous enrollment. Its key stays valid until `previousUntilMs`, because agents may enroll many times in a row. */
  readonly previousEpoch?: number;
  readonly previousUntilMs?: number;
  readonly enrolledAtMs: number;
  readonly lastSeenMs: number; // at most 5 minutes behind
  /** Until then the agent polls every 5 s. */
  readonly hotUntilMs: number;
  /** The number of claims on the host's queue so far. */
  readonly rev: number;
  /** Queries that are claimed and not yet delivered: query id → epoch ms until which other polls do not see them. */
  readonly taken: Readonly<Record<string, number>>;
  readonly identity: NodeIdentity;
  /** The EC2 instance it runs on, if its host has another name. */
  readonly instanceId?: string;
  /** The name of its enroll secret. @default - the secret that always exists */
  readonly secret?: string;
  /** The known tags of its instance; @see tagsIn */
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether a signed identity document proves which instance it is. */
  readonly attested?: boolean;
  /** Names of other agents on the same hardware that enrolled under its identifier. */
  readonly secondAgents?: readonly string[];
  /** When another agent on the same hardware last enrolled under its identifier. Until its next poll, this agent may be gone. */
  readonly contestedAtMs?: number;
  /** The host whose identifier it shares, until it is clear whether that host's agent is alive. */
  readonly contests?: string;
  /** When one of its answers first showed that it can reach Docker. */
  readonly seesContainersAtMs?: number;
  /** When its instance was terminated. Its key stops working then, and the same hardware cannot enroll again. */
  readonly endedAtMs?: number;
  /** When an operator revoked it. It has ended, and its host cannot enroll under this name again. */
  readonly revokedAtMs?: number;
  /** When the record expires, whether or not TTL has removed it. */
  readonly expiresAtMs: number;
}

/** What an agent reports about itself. Untrusted text: it decorates results and never reaches SQL. */
export interface NodeIdentity {
  readonly hostname: string;
  /** `system_info.uuid`: identifies the hardware, as far as SMBIOS can tell. */
  readonly uuid: string;
  /** `osquery_info.instance_id`: identifies the agent's database. */
  readonly agentInstance: string;
  readonly platform: string;
  readonly osqueryVersion: string;
  readonly vendor: string;
}

/** The most second agents in a node's record, because every poll reads it. */
export const MAX_SECOND_AGENTS = 8;
/** A node that has not polled for this long expires; a poll renews it with `lastSeenMs`. */
export const NODE_TTL_MS = 7 * 24 * 3_600_000;
/** How long the name of a revoked node stays closed. */
export const REVOKED_TTL_MS = 90 * 24 * 3_600_000;
/** `lastSeenMs` is written at most this often, so that an idle poll costs no write. */
export const SEEN_EVERY_MS = 5 * 60_000;
/** An agent unseen for this long has stopped polling, however late `lastSeenMs` is written. */
export const SILENT_AFTER_MS = 3 * SEEN_EVERY_MS;
/** Enrolling again within this time is the same enrollment, and the previous key stays valid for this long. */
export const GRACE_MS = 10 * 60_000;

/** Whether a node is enrolled now. Checks the clock, because TTL removes rows days late. */
export const isEnrolled = (node: Node | undefined, nowMs: number): node is Node =>
  node !== undefined && node.expiresAtMs > nowMs && node.endedAtMs === undefined;

/** Whether a key of this epoch opens the node now. */
export function accepts(node: Node | undefined, epoch: number, nowMs: number): boolean {
  if (!isEnrolled(node, nowMs)) return false;
  return node.epoch === epoch || (node.previousEpoch === epoch && (node.previousUntilMs ?? 0) > nowMs);
}

/**
 * Seconds for osquery's `accelerate`; undefined if the host should not poll fast. The agent stores now + n and polls every 5 s
 * until then, so the value is the time left until `hotUntilMs`.
 */
export function accelerateSeconds(node: Pick<Node, 'hotUntilMs'> | undefined, nowMs: number): number | undefined {
  const left = Math.ceil(((node?.hotUntilMs ?? 0) - nowMs) / 1000);
  return left > 0 ? left : undefined;
}
