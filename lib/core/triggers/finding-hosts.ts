import { type HostDeps, type Resolved, resolveHost } from '../hosts/resolve-host.ts';
import type { Sightings, WorkloadReader } from '../ledger/ledger.ts';
import { lives } from '../nodes/node.ts';
import type { FindingSubject } from '../policy/guardduty-finding.ts';

interface Deps extends HostDeps {
  readonly ledger: Sightings & WorkloadReader;
}

/** A host, and the names under which the finding has it: instance ids, task ARNs. */
interface FindingHost extends Resolved {
  readonly names: readonly string[];
}

/** Whom a finding leads to. */
export interface FindingHosts {
  readonly known: readonly FindingHost[];
  /** Why others cannot be asked, a line each. */
  readonly unknown: readonly string[];
}

/**
 * The hosts behind what a finding names, as far as we know them: one with an agent, or an instance that the ledger knows
 * and that has not stopped. A finding about somebody else's host waits in no queue. Which account the finding came
 * through says nothing: an administrator hears of all its members' hosts, and we know some of them.
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
      unknown.push(`${whose}: ${tasks.has(name) ? 'the task runs on no host that is known' : 'unknown here'}`);
      continue;
    }
    const { found, why } = await hostBehind(instance, deps);
    if (found === undefined) unknown.push(`${whose}: ${why}`);
    else known.set(found.host, { ...found, names: [...(known.get(found.host)?.names ?? []), name] });
  }
  return { known: [...known.values()], unknown };
}

/** @param name of an instance or host */
async function hostBehind(name: string, deps: Deps) {
  const found = await resolveHost(name, deps);
  const isEnded = found.node?.endedAtMs !== undefined;
  if (lives(found.node, deps.now())) return { found };
  if (isEnded) return { why: 'the host is gone' };
  const [instance] = await deps.ledger.read([name]);
  if (!instance) return { why: 'the host is unknown here' };
  return instance.stopped ? { why: 'the host is gone' } : { found };
}
