import type { Ledger } from '../ledger/ledger.ts';
import { lives } from '../nodes/node.ts';
import type { Aliases, NodeRegistry } from '../nodes/registry.ts';
import type { FindingSubject } from '../policy/guardduty-finding.ts';

interface Deps {
  readonly ledger: Ledger;
  readonly aliases: Aliases;
  readonly registry: NodeRegistry;
  readonly now: () => number; // epoch ms
}

/** Whom a finding leads to. */
export interface FindingHosts {
  /** Host → the names under which the finding has it: instance ids, task ARNs. */
  readonly known: ReadonlyMap<string, readonly string[]>;
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
  const known = new Map<string, string[]>();
  const unknown: string[] = [];
  for (const { kind, name, account } of subjects) {
    const whose = account === '' ? name : `${name} of account ${account}`;
    const instance = kind === 'instance' ? name : tasks.get(name)?.handling?.host;
    if (instance === undefined) {
      unknown.push(`${whose}: ${tasks.has(name) ? 'the task runs on no host that is known' : 'unknown here'}`);
      continue;
    }
    const { host, why } = await hostBehind(instance, deps);
    if (host === undefined) unknown.push(`${whose}: ${why}`);
    else known.set(host, [...(known.get(host) ?? []), name]);
  }
  return { known, unknown };
}

/** @param name of an instance or host */
async function hostBehind(name: string, { ledger, aliases, registry, now }: Deps) {
  const host = (await aliases.hostOf(name)) ?? name;
  const node = await registry.find(host);
  const ended = node?.endedAtMs !== undefined;
  if (lives(node, now())) return { host };
  if (ended) return { why: 'the host is gone' };
  const [instance] = await ledger.read([name]);
  if (!instance) return { why: 'the host is unknown here' };
  return instance.stopped ? { why: 'the host is gone' } : { host };
}
