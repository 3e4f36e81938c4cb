import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { everyEntry } from '../../core/nodes/directory.ts';
import { isEnrolled } from '../../core/nodes/node.ts';
import { REQUEST } from '../../core/policy/compiled-policy.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { type BusFlags, putEvent } from '../deployment/bus.ts';
import { type Deployment, livePolicyOf, withDeployment } from '../deployment/deployment.ts';
import { CommandError } from '../errors/command-error.ts';
import { count, hanging, note, printable, prose, say, sayJson } from '../terminal/print.ts';
import { hostsOfRequest, namesOf, type RuleHosts, untilFollowedMs } from './hosts.ts';

interface RequestFlags extends BusFlags {
  readonly detail: Readonly<Record<string, unknown>>;
  readonly key?: string;
  readonly json: boolean;
}

/** Puts a request on the bus, and shows how many hosts each rule queries. */
export async function request(name: string, flags: RequestFlags): Promise<void> {
  const { id, rules } = await sent(name, flags);
  if (flags.json) return sayJson(asJson(id, rules));
  say(`accepted as ${id}`);
  for (const { rule, hosts, isLimited, why } of rules) {
    const limit = isLimited ? ', as many as hosts_per_trigger allows' : '';
    say(hanging(`${rule} asks ${count(hosts, 'host')}${why ? ` (${printable(why)})` : limit}`, '  '));
  }
  if (rules.some(({ hosts }) => hosts > 0)) say(prose(whereAnswersAre(id)));
}

const asJson = (eventId: string, rules: readonly RuleHosts[]): unknown => ({
  eventId,
  rules: rules.map(({ rule, hosts, isLimited, why }) => ({ rule, hosts, limited: isLimited, why: why ?? null })),
});

/** Results also have a line for each host that never answered: `linesOfGivenUp`. */
const whereAnswersAre = (id: string): string =>
  `answers are the results with the decoration event_id ${id}; a result with givenUp is a host that did not answer`;

const requestsOf = ({ rules }: Policy): string[] => [
  ...new Set(rules.flatMap(({ on }) => ('request' in on ? [on.request] : []))),
];

/**
 * Puts one request on Mayfly's bus. Waits first until every function uses the live policy: functions cache it for 30 s.
 *
 * @returns the event's id, and the hosts that each rule queries
 */
async function sent(
  name: string,
  flags: RequestFlags,
): Promise<{ readonly id: string; readonly rules: readonly RuleHosts[] }> {
  const { detail, key } = flags;
  const event = { detail: { ...detail, request: name } };
  const { live, nodes, enrolled } = await withDeployment(flags, async (deployment) => {
    const live = await livePolicyOf(deployment);
    const names = namesOf(live.policy, { name, event });
    return { live, nodes: await everyEntry(deployment.directory), enrolled: await enrolledOf(names, deployment) };
  });
  const waited = requestsOf(live.policy);
  if (!waited.includes(name)) {
    const known =
      waited.length > 0 ? `there are rules for: ${waited.join(', ')}` : 'no rule has a request as its trigger';
    throw new CommandError('NOT_FOUND', `no rule of the live policy is for a request "${name}"; ${known}`);
  }
  const waitMs = untilFollowedMs(live, Date.now());
  if (waitMs > 0) {
    note(`Version ${live.version} is in use everywhere in ${Math.ceil(waitMs / 1000)} s: waiting …`);
    await setTimeout(waitMs);
  }
  const id = await putEvent(flags, REQUEST, { ...detail, request: name, idempotencyKey: key ?? randomUUID() });
  return { id, rules: hostsOfRequest(live.policy, { name, event }, { nodes, enrolled, nowMs: Date.now() }) };
}

/** The names under which a node has enrolled, itself or through an alias. */
async function enrolledOf(
  names: readonly string[],
  { registry, aliases }: Pick<Deployment, 'registry' | 'aliases'>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const name of names) {
    const host = (await aliases.hostOf(name)) ?? name;
    if (isEnrolled(await registry.find(host), Date.now()) || isEnrolled(await registry.find(name), Date.now()))
      found.add(name);
  }
  return found;
}
