import type { Node } from './node.ts';

/** Reads nodes by host. */
export interface NodeReader {
  find(host: string, consistent?: boolean): Promise<Node | undefined>;
}

/** Who is enrolled: enrollments, their end, and revocations by an operator. */
export interface NodeRegistry extends NodeReader {
  /** Writes an enrollment; false if the node it replaces has changed since it was read. */
  enroll(node: Node, replaces: Node | undefined): Promise<boolean>;
  /**
   * Ends a node at once, because its instance is gone for good: its key stops working, and a concurrent claim or enrollment
   * fails. Idempotent; does nothing if there is no node.
   */
  end(host: string, nowMs: number): Promise<void>;
  /** Ends a node for an operator; false if there is none. Its name stays closed for 90 days. */
  revoke(host: string, nowMs: number): Promise<boolean>;
  /** Deletes a revoked node, so that its host may enroll again; false if there is none. */
  readmit(host: string): Promise<boolean>;
}

/** What Mayfly learns about a node after its enrollment. Every method does nothing if the host has no node. */
export interface NodeState {
  /** Renews `lastSeenMs` and the expiry of the record. */
  recordPoll(host: string, nowMs: number): Promise<void>;
  /** Makes the agent poll fast until `untilMs`; never shortens the time. */
  accelerate(host: string, untilMs: number): Promise<void>;
  /** Records which EC2 instance a node runs on, if its host has another name. */
  recordInstance(host: string, instanceId: string): Promise<void>;
  /** Records the tags of the node's instance. */
  setTags(host: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Records that another agent on the same hardware enrolled with this host's identifier and got this name. */
  recordSecondAgent(host: string, name: string, nowMs: number): Promise<void>;
  /** Records that the agent whose identifier this one shares is alive, so this one keeps its own name. */
  endContest(host: string): Promise<void>;
  /** Records that the agent can reach Docker. */
  recordDockerAccess(host: string, nowMs: number): Promise<void>;
}

/** The evidence for an alias: a signed identity document, AWS's own facts, or only the agent's word. */
export type AliasSource = 'attestation' | 'aws' | 'agent';

/** Another name of a host. */
export interface Alias {
  readonly host: string;
  readonly source: AliasSource;
  /** When it was learned, epoch ms; 0 if unknown. */
  readonly sinceMs: number;
}

/** Aliases of hosts: instance ids and container-instance ARNs. `resolve-host.ts` decides how far to trust one. */
export interface Aliases {
  find(alias: string, consistent?: boolean): Promise<Alias | undefined>;
  /** The host of an alias; undefined if the alias is unknown. */
  hostOf(alias: string, consistent?: boolean): Promise<string | undefined>;
  /** @param source @default 'agent' */
  learn(alias: string, host: string, nowMs: number, source?: AliasSource): Promise<void>;
  /** Removes an alias if it still names this host. */
  forget(alias: string, host: string): Promise<void>;
}
