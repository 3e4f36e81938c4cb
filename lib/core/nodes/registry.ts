import type { Node } from './node.ts';

/** Who is enrolled, and by which other names a host is known. */
export interface NodeRegistry {
  find(host: string, consistent?: boolean): Promise<Node | undefined>;
  /** Writes an enrollment; false when the node it replaces is no longer the one that is there. */
  enroll(node: Node, replaces: Node | undefined): Promise<boolean>;
  /** Renews `lastSeenMs` and the record's life. */
  recordPoll(host: string, nowMs: number): Promise<void>;
  /** Makes the host's agent poll fast until then; never shortens, and does nothing where no node is. */
  accelerate(host: string, untilMs: number): Promise<void>;
  /** Notes which EC2 instance a node is, where its host goes by another name. */
  recordInstance(host: string, instanceId: string): Promise<void>;
  /** Notes the tags of the instance that a node is. */
  setTags(host: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Notes that another agent of the same machine enrolled under the host's identifier, and got this name. */
  recordTwin(host: string, twin: string, nowMs: number): Promise<void>;
  /** Notes that the host whose identifier this agent came with lives: it keeps the name it was given. */
  renewTwin(host: string): Promise<void>;
  /** Notes that the agent reaches Docker. */
  recordDockerAccess(host: string, nowMs: number): Promise<void>;
  /**
   * Ends a node at once: its instance is gone for good, its key opens nothing, and whoever is claiming its queries or
   * enrolling it at this moment fails. Nothing where no node is; safe to repeat.
   */
  end(host: string, nowMs: number): Promise<void>;
  /** Ends a node on an operator's word; false where there is none. Its name stays closed for 90 days. */
  revoke(host: string, nowMs: number): Promise<boolean>;
  /** Forgets a node that was revoked, so that its machine may enroll again; false where there is none. */
  readmit(host: string): Promise<boolean>;
}

/** On whose word a name belongs to a host: a signed identity document, AWS's own facts, or the agent alone. */
export type AliasSource = 'attestation' | 'aws' | 'agent';

/** Another name of a host. */
export interface Alias {
  readonly host: string;
  readonly source: AliasSource;
  /** When it was learned, epoch ms; 0 where it is not known. */
  readonly sinceMs: number;
}

/** Other names of hosts: instance ids, container-instance ARNs. `resolve-host.ts` decides how far to trust one. */
export interface Aliases {
  find(alias: string, consistent?: boolean): Promise<Alias | undefined>;
  /** The host that an alias names, or undefined where it is unknown. */
  hostOf(alias: string, consistent?: boolean): Promise<string | undefined>;
  /** @param source @default 'agent' */
  learn(alias: string, host: string, nowMs: number, source?: AliasSource): Promise<void>;
  /** Removes an alias, unless it names another host by now. */
  forget(alias: string, host: string): Promise<void>;
}
