import type { ContainerInstanceLookup } from '../../lib/core/triggers/container-hosts.ts';
import type { TaskDefinitions } from '../../lib/core/triggers/task-definitions.ts';

/** The parts of ECS that Mayfly uses: the instance of a container instance, and which containers are essential. */
export class FakeEcs implements ContainerInstanceLookup, TaskDefinitions {
  /** Container-instance ARN → EC2 or `mi-` instance id; other ARNs are MISSING. */
  readonly known = new Map<string, string>();
  /** Task definition ARN → container name → whether it is essential; other ARNs are unknown. */
  readonly definitions = new Map<string, Readonly<Record<string, boolean>>>();
  /** The task definition ARNs that were described, one call each. */
  readonly described: string[] = [];
  /** All calls about container instances. */
  readonly calls: { readonly cluster: string; readonly arns: readonly string[] }[] = [];
  /** Name of the error with which calls fail. */
  failure: string | undefined;

  /** Makes calls fail with throttling, as when the account's bucket of 20 a second is empty. */
  throttle(): void {
    this.fail('ThrottlingException');
  }

  /** Makes every later call fail with this ECS error. */
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
