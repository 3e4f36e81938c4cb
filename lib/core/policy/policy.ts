/**
 * The compiled policy: its rules (which queries, for which target, on which trigger) and the configurations of agents.
 * Written as a folder of YAML, compiled and checked by lib/policy-compiler, stored as one versioned JSON document.
 */
export interface Policy {
  readonly rules: readonly PolicyRule[];
  /** The first match wins; the last profile has no `match` and matches every node. */
  readonly profiles: readonly Profile[];
  readonly limits: Limits;
  /** How long a start on a host keeps its agent polling every 5 s, in seconds; 0 disables this. */
  readonly heatSeconds: number;
  /** How long the ledger keeps a workload after the last sign of it, in seconds. */
  readonly ledgerKeepsSeconds: number;
  /** What operators may ask without a rule. @default - every SELECT */
  readonly adHoc?: AdHoc;
}

/** Which ad-hoc queries are allowed. */
export interface AdHoc {
  readonly allow: boolean;
  /** Tables that ad-hoc queries may not name. */
  readonly forbidTables: readonly string[];
}

/** What triggers a rule. */
export type Trigger =
  /** An event of EventBridge, matched by an event pattern. */
  | { readonly event: EventPattern }
  /** A node enrolls; each query is queued once for each enrollment. `true` matches every node. */
  | { readonly enrollment: NodeMatch | true }
  /** A row of a node's result log: a glob for the name of the scheduled query, and a pattern for the columns. */
  | { readonly log: { readonly query: string; readonly columns?: EventPattern; readonly action?: readonly string[] } }
  /** A request by this name: from the CLI, or as an event `Mayfly Query Request` on Mayfly's bus. */
  | { readonly request: string };

/** A pattern in EventBridge's language; `lib/core/policy/event-pattern.ts` compiles it. */
export type EventPattern = Readonly<Record<string, unknown>>;

/** How the hosts to query are found from a trigger. */
export type Target =
  | 'ecs-task-host' // the host behind the task's container instance
  | 'ec2-instance' // the instance the event names: detail.instance-id, detail.EC2InstanceId, …
  | 'finding-host' // the hosts that a GuardDuty finding names: by its instance, its task or its attack sequence
  | 'same-node' // the node that enrolled or logged the row
  | { readonly host: string } // JMESPath on the trigger that yields one host identifier, instance id or alias
  | { readonly 'hosts-where': NodeMatch }; // every enrolled node with these attributes

/** Conditions on a node's attributes; all must hold. Texts are globs (`*`, `?`), lists are alternatives. */
export interface NodeMatch {
  readonly hostIdentifier?: readonly string[];
  readonly hostname?: readonly string[];
  readonly platform?: readonly string[];
  readonly osqueryVersion?: readonly string[];
  readonly vendor?: readonly string[];
  /** Name of the enroll secret it used. */
  readonly secret?: readonly string[];
  /** Tags of its EC2 instance. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  readonly profile?: readonly string[];
  /** Seen at most this many seconds ago. */
  readonly seenWithinSeconds?: number;
}

/** A query of a rule. */
export interface PolicyQuery {
  readonly name: string;
  /** SQL with `:name` placeholders, which become quoted literals of the values from `bind`. */
  readonly sql: string;
  /** Placeholder → JMESPath on the trigger. */
  readonly bind: Readonly<Record<string, string>>;
  /** A returned row whose `column` names a subject proves a sighting; alive if `alive.column` has one of `alive.oneOf`. */
  readonly evidence?: {
    readonly column: string;
    readonly alive?: { readonly column: string; readonly oneOf: readonly string[] };
  };
  /** osquery's discovery query: SQL that must return a row, or else the node skips the query. */
  readonly discovery?: string;
  /** Platforms that have all of its tables. @default - every platform */
  readonly platforms?: readonly Platform[];
}

/** The platforms that osquery is built for, in its own terms. */
export type Platform = 'linux' | 'darwin' | 'windows';

export interface PolicyRule {
  readonly name: string;
  /** The question the rule answers, in one line. */
  readonly answers: string;
  readonly on: Trigger;
  readonly target: Target;
  readonly priority: number; // 0 is delivered first, 9 last
  readonly expiresSeconds: number;
  /**
   * Whether its queries are last gasps: queued at the first sign that the subject will end (a task's stop signal, a notice
   * about an instance), even if the subject was seen before.
   */
  readonly lastGasp: boolean;
  /** How long the host's agent is accelerated to poll every 5 s, in seconds; 0 for not at all. */
  readonly accelerateSeconds: number;
  readonly queries: readonly PolicyQuery[];
  /** Queued instead if the task has stopped before it was seen; only with target `ecs-task-host`. */
  readonly postMortem: readonly PolicyQuery[];
  readonly postMortemExpiresSeconds: number;
}

/** Limits that protect hosts and queue. Dropped queries are recorded in the ledger and counted. */
export interface Limits {
  readonly queriesPerDelivery: number;
  readonly pendingPerHost: number;
  /** The same query of the same rule with the same SQL is not queued for a host again within this time, in seconds. */
  readonly spacingSeconds: number;
  /** Maximum number of hosts that one trigger reaches through `hosts-where`. */
  readonly hostsPerTrigger: number;
}

/** An agent configuration and the nodes it is for. */
export interface Profile {
  readonly name: string;
  readonly match?: NodeMatch; // absent only on the default profile
  /** The configuration document that is sent to agents. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** One version of the policy as stored in the table. */
export interface PolicyVersion {
  readonly version: number;
  readonly policy: Policy;
  /** SHA-256 of the policy's canonical JSON, in hex. */
  readonly digest: string;
  readonly pushedAtMs: number;
  readonly pushedBy: string;
  readonly message: string;
  /** The YAML files it was compiled from, path → text, for display and editing. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Stores the versions of the policy. */
export interface PolicyStore {
  /** Number of the live version, 0 in an empty table. The cheapest read, eventually consistent. */
  liveNumber(): Promise<number>;
  /** The live version, or undefined in an empty table. */
  current(): Promise<PolicyVersion | undefined>;
  version(version: number): Promise<PolicyVersion | undefined>;
  /** Versions without policy and sources, newest first. */
  history(limit: number): Promise<readonly Omit<PolicyVersion, 'policy' | 'sources'>[]>;
  /**
   * Stores a version, numbered `expected` + 1, and makes it live if `expected` is still the live one (0: none yet).
   *
   * @throws {MayflyError} `POLICY_TOO_LARGE`
   * @returns false if another version was pushed meanwhile; then nothing changed
   */
  push(next: PolicyVersion, expected: number): Promise<boolean>;
}
