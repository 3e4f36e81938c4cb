import { grouped } from '../../core/grouped.ts';
import { verdictOf } from '../../core/ledger/verdict.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import { type Deployment, openDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { printable, say } from '../terminal/print.ts';
import type { NameKind } from './words.ts';

const MOST = 100;
const MOST_CAMPAIGNS = 20;
/** The longest description, so that a name and its description fit on one line. */
const MOST_CHARACTERS = 40;
const DAY_MS = 24 * 3_600_000;
/** bash expands the words that it completes, and names come from the network: these characters mean nothing to a shell. */
const PLAIN = /^[a-z0-9][\w.:@%+,-]*$/i;

interface Name {
  readonly name: string;
  readonly description: string;
}

interface Flags extends DeploymentFlags {
  /** Time limit, ms: the process then ends without printing anything, because a person who pressed Tab does not wait longer. */
  readonly within?: number;
}

/** Prints names that begin with a text, each with a description after a tab. */
export async function names(of: NameKind, beginning: string, flags: Flags): Promise<void> {
  const late = flags.within === undefined ? undefined : setTimeout(() => process.exit(0), flags.within);
  try {
    const { deployment, close } = await openDeployment(flags, 'copy');
    try {
      const found = (await READ[of](deployment, beginning)).filter(
        ({ name }) => PLAIN.test(name) && name.startsWith(beginning),
      );
      for (const { name, description } of found.slice(0, MOST))
        say(`${name}\t${printable(description).slice(0, MOST_CHARACTERS)}`);
    } finally {
      await close();
    }
  } finally {
    clearTimeout(late);
  }
}

const READ: Readonly<Record<NameKind, (deployment: Deployment, beginning: string) => Promise<Name[]>>> = {
  hosts,
  workloads,
  queries,
  rows: async (...asked) => {
    const [deployment] = asked;
    const answered = [...(await workloads(...asked)), ...(await queries(deployment))];
    return [...answered, ...(await rules(deployment)), ...(await ruleQueries(deployment))];
  },
  rules,
  'rule-queries': ruleQueries,
  requests,
};

/** Hosts by identifier. Reads pages of the directory until there are enough. */
async function hosts({ directory }: Deployment, beginning: string): Promise<Name[]> {
  const found: Name[] = [];
  let cursor: string | undefined;
  do {
    const { entries, next } = await directory.page(cursor);
    for (const { hostIdentifier: name, hostname: description = '' } of entries)
      if (name.startsWith(beginning)) found.push({ name, description });
    cursor = next;
  } while (cursor !== undefined && found.length < MOST);
  return byName(found);
}

/** Workloads by task id or instance id: the latest of one day, or those that begin with this text. */
async function workloads({ ledgerIndex }: Deployment, beginning: string): Promise<Name[]> {
  const nowMs = Date.now();
  if (beginning !== '') {
    const found = await ledgerIndex.startingWith(beginning, nowMs);
    return found.map((workload) => ({ name: idOf(workload), description: workload }));
  }
  const found: Name[] = [];
  for await (const record of ledgerIndex.newest(nowMs - DAY_MS, nowMs)) {
    if (found.push({ name: idOf(record.workload), description: descriptionOf(record, nowMs) }) === MOST) break;
  }
  return found;
}

const idOf = (workload: string): string => workload.slice(workload.lastIndexOf('/') + 1);

const descriptionOf = (record: WorkloadRecord, nowMs: number): string =>
  `${record.identity.task_family ?? record.kind}, ${verdictOf(record, nowMs).verdict}`;

async function queries({ campaigns }: Deployment): Promise<Name[]> {
  const recent = await campaigns.recent(MOST_CAMPAIGNS);
  return recent.map(({ id: name, sql: description }) => ({ name, description }));
}

const rulesIn = async ({ store }: Deployment) => (await store.current())?.policy.rules ?? [];

async function rules(deployment: Deployment): Promise<Name[]> {
  return byName((await rulesIn(deployment)).map(({ name, answers: description }) => ({ name, description })));
}

/** The queries of all rules. Rules may have queries of the same name. */
async function ruleQueries(deployment: Deployment): Promise<Name[]> {
  const named = (await rulesIn(deployment)).flatMap(({ name: of, queries, postMortem }) =>
    [...new Set([...queries, ...postMortem].map(({ name }) => name))].map((name) => ({ name, of })),
  );
  return ofRules(named);
}

/** The requests that the policy has rules for. */
async function requests(deployment: Deployment): Promise<Name[]> {
  const named = (await rulesIn(deployment)).flatMap(({ name: of, on }) =>
    'request' in on ? [{ name: on.request, of }] : [],
  );
  return ofRules(named);
}

/** Each name once, described by its rules. */
function ofRules(named: readonly { readonly name: string; readonly of: string }[]): Name[] {
  const groups = [...grouped(named, ({ name }) => name)];
  return byName(groups.map(([name, some]) => ({ name, description: some.map(({ of }) => of).join(', ') })));
}

const byName = (names: readonly Name[]): Name[] => [...names].sort((a, b) => (a.name < b.name ? -1 : 1));
