import { type HostDeps, type Resolved, resolveHost } from '../hosts/resolve-host.ts';
import type { Sightings, WorkloadReader } from '../ledger/ledger.ts';
import { isEnrolled } from '../nodes/node.ts';
import type { FindingSubject } from '../policy/guardduty-finding.ts';

interface Deps extends HostDeps {
  readonly ledger: Sightings & WorkloadReader;
}

/** A host, and its names in the finding: instance ids, task ARNs. */
interface FindingHost extends Resolved {
  readonly names: readonly string[];
}

/** The hosts of a finding. */
export interface FindingHosts {
  readonly known: readonly FindingHost[];
  /** Why the other subjects cannot be queried, one line each. */
  readonly unknown: readonly string[];
}

/**
 * Resolves the subjects of a finding to known hosts: those with an agent, and instances in the ledger that have not stopped.
 * No query is queued for a foreign host. The account of the finding does not matter: an administrator account receives
 * findings about the hosts of all its members, of which Mayfly may know some.
 */
export async function findingHosts(subjects: readonly FindingSubject[], deps: Deps): Promise<FindingHosts> {
  const arns = subjects.flatMap(({ kind, name }) => (kind === 'task' ? [name] : []));
  const tasks = new Map((await deps.ledger.read(arns)).map((task) => [task.workload, task]));
  const known = new Map<string, FindingHost>();
  const unknown: string[] = [];
  for (const { kind, name, account } of subjects) {
    const whose = account === '' ? name : `${name} of account ${account}`;
    const instance = kind === 'instance' ? name : tasks.get(name)?.handling?.host;
    if (instance === undefined) {
      unknown.push(`${whose}: ${tasks.has(name) ? 'the host of the task is unknown' : 'unknown here'}`);
      continue;
    }
    const { found, why } = await hostBehind(instance, deps);
    if (found === undefined) unknown.push(`${whose}: ${why}`);
    else known.set(found.host, { ...found, names: [...(known.get(found.host)?.names ?? []), name] });
  }
  return { known: [...known.values()], unknown };
}

/** @param name an instance id or a host identifier */
async function hostBehind(name: string, deps: Deps) {
  const found = await resolveHost(name, deps);
  const isEnded = found.node?.endedAtMs !== undefined;
  if (isEnrolled(found.node, deps.now())) return { found };
  if (isEnded) return { why: 'the host is gone' };
  const [instance] = await deps.ledger.read([name]);
  if (!instance) return { why: 'the host is unknown here' };
  return instance.stopped ? { why: 'the host is gone' } : { found };
}
