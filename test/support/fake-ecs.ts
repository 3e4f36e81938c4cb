import type { ContainerInstanceLookup } from '../../lib/core/triggers/container-hosts.ts';
import type { TaskDefinitions } from '../../lib/core/triggers/task-definitions.ts';

/** ECS as far as Mayfly asks it: which instance stands behind a container instance, which containers are essential. */
export class FakeEcs implements ContainerInstanceLookup, TaskDefinitions {
  /** Container-instance ARN → EC2 or `mi-` instance id; every other ARN is MISSING. */
  readonly known = new Map<string, string>();
  /** Task definition ARN → container name → whether it is essential; every other ARN is unknown. */
  readonly definitions = new Map<string, Readonly<Record<string, boolean>>>();
  /** ARNs that were described as task definitions, a call each. */
  readonly described: string[] = [];
  /** Every call about container instances that was made. */
  readonly calls: { readonly cluster: string; readonly arns: readonly string[] }[] = [];
  /** The name of the error that calls fail with, instead of an answer. */
  failure: string | undefined;

  /** The call is refused as when the account's bucket of 20 a second is empty. */
  throttle(): void {
    this.fail('ThrottlingException');
  }

  /** Every call from now on is refused with this error of ECS. */
  fail(name: string): void {
    this.failure = name;
  }

  async instancesOf(cluster: string, arns: readonly string[]): Promise<ReadonlyMap<string, string>> {
    this.calls.push({ cluster, arns });
    this.#refuse();
    return new Map(arns.flatMap((arn) => (this.known.has(arn) ? [[arn, this.known.get(arn) ?? '']] : [])));
  }

  async essentialContainers(arn: string): Promise<ReadonlySet<string> | undefined> {
    this.described.push(arn);
    this.#refuse();
    const containers = this.definitions.get(arn);
    return containers && new Set(Object.keys(containers).filter((name) => containers[name]));
  }

  #refuse(): void {
    if (this.failure) throw new Error(this.failure);
  }
}
