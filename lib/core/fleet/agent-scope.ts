import type { Instance } from '../inventory/instance.ts';

/** Which instances should have an agent: those that match each part that is there. */
export interface AgentScope {
  /** Tag → its allowed values. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  /** Ids of VPCs. */
  readonly vpcs?: readonly string[];
  /** Names of ECS clusters of which the instance is a member. */
  readonly clusters?: readonly string[];
}

/** The EC2 instances of an ECS cluster. */
export type ClusterMembers = (cluster: string) => Promise<readonly string[]>;

/** How long the members of clusters are cached: a new instance has some minutes until its agent is expected. */
const CACHED_MS = 3 * 60_000;

/** Decides which instances should have an agent during a partial rollout. */
export class ExpectedInstances {
  readonly #scope: AgentScope;
  readonly #membersOf: ClusterMembers;
  readonly #now: () => number;
  #members: { readonly ids: ReadonlySet<string>; readonly untilMs: number } | undefined;

  constructor(scope: AgentScope, membersOf: ClusterMembers, now: () => number) {
    this.#scope = scope;
    this.#membersOf = membersOf;
    this.#now = now;
  }

  /**
   * Looks up the members of the clusters of the scope, if they are not known.
   *
   * @throws if ECS refuses the call and no members are known from before
   */
  async refresh(): Promise<void> {
    const { clusters } = this.#scope;
    if (!clusters || (this.#members && this.#members.untilMs > this.#now())) return;
    try {
      const ids: string[] = [];
      for (const cluster of clusters) ids.push(...(await this.#membersOf(cluster)));
      this.#members = { ids: new Set(ids), untilMs: this.#now() + CACHED_MS };
    } catch (error) {
      if (!this.#members) throw error;
    }
  }

  /** Whether an agent is expected on the instance. */
  has({ instanceId, tags, vpcId = '' }: Pick<Instance, 'instanceId' | 'tags' | 'vpcId'>): boolean {
    const { tags: wanted = {}, vpcs, clusters } = this.#scope;
    return (
      Object.entries(wanted).every(([tag, values]) => values.includes(tags[tag] ?? '')) &&
      (!vpcs || vpcs.includes(vpcId)) &&
      (!clusters || (this.#members?.ids.has(instanceId) ?? false))
    );
  }
}
