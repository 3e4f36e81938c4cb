import { DynamoHostQueue } from '../../aws/queue/host-queue.ts';
import { everyEntry } from '../../core/nodes/directory.ts';
import { DEFAULT_SECRET } from '../../core/nodes/enroll-secrets.ts';
import type { HostPartition } from '../../core/queue/host-queue.ts';
import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import { type DeploymentFlags, isInAws, nameOf, quoted } from '../deployment/deployment-flags.ts';
import { explained } from '../deployment/explained.ts';
import { readyIn } from '../deployment/local-mayfly.ts';
import { type Parts, withParts } from '../deployment/parts.ts';
import { DeadLetters } from '../dlq/dead-letters.ts';
import { CommandError } from '../errors/command-error.ts';
import { Exit } from '../errors/exit.ts';
import { hostOr } from '../names/hosts-named.ts';
import { NODE_KEY, SecretVersions, secretsOf } from '../secret/secrets.ts';
import { colours, count, hanging, printable, prose, say, sayJson } from '../terminal/print.ts';
import { alarmChecks } from './alarms.ts';
import { type Check, checksOf } from './check.ts';
import { endpointOf, judgeEndpoint, knock } from './endpoint.ts';
import { judgeIssues, judgeNodes, judgePolicy, judgeReconciler } from './fleet-checks.ts';
import { judgeHost } from './host-checks.ts';
import { judgeSecret } from './secret-checks.ts';

const NEEDS =
  'secretsmanager:ListSecretVersionIds on its secrets, sqs:GetQueueAttributes on its queues and cloudwatch:DescribeAlarms';
const DAY_MS = 86_400_000;

/** Checks a Mayfly, and one of its hosts. @throws {Exit} 1 when a check fails */
export async function doctor(host: string | undefined, flags: DeploymentFlags & { json: boolean }): Promise<void> {
  const nowMs = Date.now();
  const checks = (
    await Promise.all([
      ofArea('stack', flags, () => partChecks(flags, nowMs)),
      ofArea('table', flags, () => withDeployment(flags, (deployment) => tableChecks(host, deployment, nowMs))),
    ])
  ).flat();
  const failures = checks.filter(({ level }) => level === 'FAIL').length;
  if (flags.json) sayJson({ ok: failures === 0, checks });
  else print(checks);
  if (failures > 0) throw new Exit(1);
}

/** The checks of one area. A check that throws counts as failed, so that it does not hide the others. */
async function ofArea(
  area: string,
  flags: DeploymentFlags,
  make: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await make();
  } catch (cause) {
    const error = explained(cause, nameOf(flags), flags, `you need ${NEEDS}`);
    const message = error instanceof Error ? error.message : String(error);
    const next = error instanceof CommandError && error.next ? error.next : nextFor(area, flags);
    return [checksOf(area).fail(message, next)];
  }
}

function nextFor(area: string, flags: DeploymentFlags): string {
  if (area === 'path') return 'check DNS, the network and the certificate on the way to it';
  if (!isInAws(flags)) return 'see what it says where it runs';
  const named = flags.stack ? `--stack-name ${quoted(flags.stack)}` : '--stack-name NAME';
  return `check the stack: aws cloudformation describe-stack-events ${named}`;
}

const partChecks = (flags: DeploymentFlags, nowMs: number): Promise<readonly Check[]> =>
  withParts(flags, NEEDS, async (parts) => {
    const checks = await Promise.all([
      ofArea('secret', flags, () => secretChecks(parts, nowMs)),
      ofArea('path', flags, async () => {
        const endpoint = endpointOf(parts, parts.isLocal ? await readyIn(flags.data) : undefined);
        return judgeEndpoint(await knock(endpoint), endpoint, Date.now());
      }),
      ofArea('queues', flags, () => queueChecks(parts)),
      ofArea('alarms', flags, () => alarmChecks(parts)),
    ]);
    return checks.flat();
  });

async function secretChecks(parts: Parts, nowMs: number): Promise<readonly Check[]> {
  const secrets = new SecretVersions(parts);
  const commandOf = (name: string): string => {
    const flag = name === NODE_KEY ? ' --node-key' : name === DEFAULT_SECRET ? '' : ` ${name}`;
    return `${flag}${parts.chosen}`;
  };
  try {
    return await Promise.all(
      secretsOf(parts).map(async (secret) =>
        judgeSecret(secret.name, await secrets.of(secret), commandOf(secret.name), nowMs),
      ),
    );
  } finally {
    secrets.close();
  }
}

async function queueChecks(parts: Parts): Promise<readonly Check[]> {
  const { ok, fail } = checksOf('queues');
  const letters = new DeadLetters(parts);
  try {
    const queues = await letters.queues();
    const total = queues.reduce((sum, { messages }) => sum + messages, 0);
    return [
      total === 0 ? ok('no dead letters') : fail(count(total, 'dead letter'), `npx mayfly dlq list${parts.chosen}`),
    ];
  } finally {
    letters.close();
  }
}

async function tableChecks(named: string | undefined, deployment: Deployment, nowMs: number): Promise<Check[]> {
  const { store, sweeps, directory, fleetIssues, chosen } = deployment;
  const [live, swept, entries, open] = await Promise.all([
    store.current(),
    sweeps.read(),
    everyEntry(directory),
    fleetIssues.open(nowMs),
  ]);
  const checks = [
    judgePolicy(live, chosen),
    judgeReconciler(swept, nowMs),
    ...judgeNodes(entries, live, chosen, nowMs),
    ...judgeIssues(open),
  ];
  if (named === undefined) return checks;
  const host = await hostOr(named, deployment);
  const facts = {
    host,
    live,
    partition: await partitionOf(host, deployment),
    entry: entries.find(({ hostIdentifier }) => hostIdentifier === host),
    issues: open.filter((issue) => issue.host === host),
    denylisted: await denylistedOn(host, deployment, nowMs),
  };
  return [...checks, ...judgeHost(facts, chosen, nowMs)];
}

async function partitionOf(host: string, { table, name }: Deployment): Promise<HostPartition> {
  if (!table) throw new CommandError('REFUSED', `${name} has no table`);
  return new DynamoHostQueue(table).read(host, true);
}

async function denylistedOn(host: string, { ledgerIndex }: Deployment, nowMs: number) {
  const found = [];
  for await (const record of ledgerIndex.between(nowMs - DAY_MS, nowMs))
    if (record.handling?.host === host && record.troubles.includes('denylisted')) found.push(record);
  return found;
}

const INDENT = ' '.repeat(6);

function print(checks: readonly Check[]): void {
  const { green, yellow, red } = colours();
  const paints = { OK: green, WARN: yellow, FAIL: red };
  for (const { area, level, message, next } of checks) {
    say(`${paints[level](level.padEnd(4))}  ${hanging(`${printable(area)}: ${printable(message)}`, INDENT)}`);
    // A command stays on one line, to be copied.
    if (next) say(next.includes('npx ') ? `${INDENT}${printable(next)}` : prose(printable(next), INDENT));
  }
  const of = (level: Check['level']): number => checks.filter((check) => check.level === level).length;
  say(`\n${of('OK')} OK, ${of('WARN')} WARN, ${of('FAIL')} FAIL`);
}
