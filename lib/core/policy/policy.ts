/**
 * The policy as the functions know it: what to ask, of whom, when, and what agents are told. Written as a folder of YAML
 * (lib/policy-compiler compiles it, and refuses what could not work), kept as one versioned JSON document in the table.
 */
export interface Policy {
  readonly rules: readonly PolicyRule[];
  /** First match wins; the last has no `match` and takes everybody. */
  readonly profiles: readonly Profile[];
  readonly limits: Limits;
  /** How long a start on a host keeps its agent polling every 5 s, in seconds; 0 never. */
  readonly heatSeconds: number;
  /** How long the ledger remembers a workload after the last sign of it, in seconds. */
  readonly ledgerKeepsSeconds: number;
}

/** What makes a rule ask. */
export type Trigger =
  /** An event of EventBridge, by its own pattern language. */
  | { readonly event: EventPattern }
  /** A node enrolls, each query once an enrollment; `true` is every node. */
  | { readonly enrollment: NodeMatch | true }
  /** A row of that node's own scheduled results: the scheduled query's name as a glob, and a pattern over the row's columns. */
  | { readonly log: { readonly query: string; readonly columns?: EventPattern; readonly action?: readonly string[] } }
  /** Somebody asks by name: the CLI, or a custom event `Mayfly Query Request` on Mayfly's bus. */
  | { readonly request: string };

/** EventBridge's pattern language; `lib/core/policy/event-pattern.ts` compiles it. */
export type EventPattern = Readonly<Record<string, unknown>>;

/** How a trigger names the hosts that are asked. */
export type Target =
  | 'ecs-task-host' // the host behind the task's container instance
  | 'ec2-instance' // the instance the event names: detail.instance-id, detail.EC2InstanceId, …
  | 'finding-host' // the hosts that a GuardDuty finding is about: of its instance, its task, its attack sequence
  | 'same-node' // the node that enrolled or logged the row
  | { readonly host: string } // JMESPath over the trigger that yields one host identifier, instance id or alias
  | { readonly 'hosts-where': NodeMatch }; // every enrolled node with these attributes

/** Conditions on a node's attributes, all of which must hold; texts are globs (`*`, `?`), lists are alternatives. */
export interface NodeMatch {
  readonly hostIdentifier?: readonly string[];
  readonly hostname?: readonly string[];
  readonly platform?: readonly string[];
  readonly osqueryVersion?: readonly string[];
  readonly vendor?: readonly string[];
  /** Name of the enroll secret that was presented. */
  readonly secret?: readonly string[];
  /** Tags of its EC2 instance. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  readonly profile?: readonly string[];
  /** Seen at most this many seconds ago. */
  readonly seenWithinSeconds?: number;
}

/** A question. */
export interface PolicyQuery {
  readonly name: string;
  /** `:name` placeholders become quoted literals of what `bind` yields. */
  readonly sql: string;
  /** Placeholder → JMESPath over the trigger. */
  readonly bind: Readonly<Record<string, string>>;
  /** Returned rows whose `column` names a subject prove that it was seen; alive if `alive.column` holds one of `alive.oneOf`. */
  readonly evidence?: {
    readonly column: string;
    readonly alive?: { readonly column: string; readonly oneOf: readonly string[] };
  };
  /** SQL that must return a row before the node runs the query. */
  readonly discovery?: string;
  /** Platforms that have all of its tables. @default - every one */
  readonly platforms?: readonly Platform[];
}

/** The platforms that osquery is built for, in its own words. */
export type Platform = 'linux' | 'darwin' | 'windows';

export interface PolicyRule {
  readonly name: string;
  /** The question it answers, in one line. */
  readonly answers: string;
  readonly on: Trigger;
  readonly target: Target;
  readonly priority: number; // 0 is delivered first, 9 last
  readonly expiresSeconds: number;
  /**
   * Asked at the first sign that its subject ends, also of what was seen before: at a task's stop signal, at the notice
   * that an instance will be taken away.
   */
  readonly lastGasp: boolean;
  /** How long the host's agent is asked to poll every 5 s; 0 not at all. */
  readonly accelerateSeconds: number;
  readonly queries: readonly PolicyQuery[];
  /** Asked instead once the task has stopped before anybody looked; only with target `ecs-task-host`. */
  readonly postMortem: readonly PolicyQuery[];
  readonly postMortemExpiresSeconds: number;
}

/** What protects hosts and queue; whatever a limit drops is in the ledger and counted. */
export interface Limits {
  readonly queriesPerDelivery: number;
  readonly pendingPerHost: number;
  /** The same query of the same rule with the same text is not asked of a host again within this. */
  readonly spacingSeconds: number;
  /** Hosts one trigger may reach through `hosts-where`. */
  readonly hostsPerTrigger: number;
}

/** An agent configuration and whom it is for. */
export interface Profile {
  readonly name: string;
  readonly match?: NodeMatch; // absent on the default alone
  /** The document the agent gets, as it is sent. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** One version of the policy as the table holds it. */
export interface PolicyVersion {
  readonly version: number;
  readonly policy: Policy;
  /** SHA-256 of the policy's canonical JSON, in hex. */
  readonly digest: string;
  readonly pushedAtMs: number;
  readonly pushedBy: string;
  readonly message: string;
  /** The YAML files it was compiled from, path → text, so that it can be shown and edited again. */
  readonly sources: Readonly<Record<string, string>>;
}

/** The versions of the policy. */
export interface PolicyStore {
  /** Number of the live version, 0 in an empty table: the cheapest read there is, and possibly a moment old. */
  liveNumber(): Promise<number>;
  /** The live version, or undefined in an empty table. */
  current(): Promise<PolicyVersion | undefined>;
  version(version: number): Promise<PolicyVersion | undefined>;
  /** Without policy and sources, newest first. */
  history(limit: number): Promise<readonly Omit<PolicyVersion, 'policy' | 'sources'>[]>;
  /**
   * Makes a new version, numbered `expected` + 1, the live one if `expected` still is (0: none yet).
   *
   * @throws {MayflyError} `POLICY_TOO_LARGE`
   * @returns false when somebody else has pushed meanwhile; nothing has changed then
   */
  push(next: PolicyVersion, expected: number): Promise<boolean>;
}
