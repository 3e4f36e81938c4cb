import type { EventName } from '../../core/reports/log-events.ts';
import { count, seconds } from '../terminal/print.ts';
import type { Kind } from './kinds.ts';
import { isEvent, type LogLine } from './log-line.ts';

/** A line of `mayfly tail`, as `--json` prints it. */
export interface Moment {
  readonly at: string;
  readonly kind: Kind;
  readonly event: EventName;
  /** The host it is about; null if it is about none, or about several. */
  readonly host: string | null;
  /** What happened, in a few words. Names in it come from the network. */
  readonly what: string;
  readonly fields: LogLine['fields'];
}

type Fields = LogLine['fields'];

interface Telling {
  readonly kind: Kind;
  /** Undefined for a line that is not shown. */
  readonly what: (fields: Fields) => string | undefined;
}

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const number = (value: unknown): number => Number(value ?? 0);
/** The id of a task, which `mayfly task` takes; the field has the whole ARN. */
const about = ({ workload }: Fields): string => (workload ? ` about ${text(workload).split('/').at(-1)}` : '');
const query = ({ rule, query: name }: Fields): string => `${text(rule)}${name ? `/${text(name)}` : ''}`;
const last = (trace: unknown): string => text(trace).split('\n', 1)[0] ?? '';

/** @example namesOf(['a/x', 'a/y', 'b/z', 'b/w']) // 'a/x, a/y, b/z and 1 more' */
function namesOf(queries: unknown): string {
  const names = Array.isArray(queries) ? queries.map(text) : [];
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const MOST_NAMES = 3;

const queued = (fields: Fields): string | undefined => {
  const names = namesOf(fields.queries);
  if (names === '') return undefined;
  const hosts = number(fields.hosts);
  return `${names} queued${hosts > 1 ? ` for ${count(hosts, 'host')}` : ''}${about(fields)}`;
};

/** Log event → the moments that it reports, usually one. */
const TELLINGS: { readonly [E in EventName]?: Telling | readonly Telling[] } = {
  enroll_refused: { kind: 'refused', what: () => 'wrong enroll secret' },
  attestation_refused: { kind: 'refused', what: ({ why }) => `not attested: ${text(why)}` },
  enroll_unproven: { kind: 'refused', what: ({ why }) => text(why) },
  ended_host_refused: { kind: 'refused', what: () => 'its instance was terminated' },
  revoked_host_refused: { kind: 'refused', what: () => 'an operator revoked it' },
  node_enrolled: {
    kind: 'enrolled',
    what: ({ hostname, osquery }) => `enrolled: ${text(hostname) || 'no host name'}, osquery ${text(osquery)}`,
  },
  host_identifier_shared: {
    kind: 'enrolled',
    what: ({ hostIdentifier }) => `a second agent under ${text(hostIdentifier)}`,
  },
  event_handled: [
    {
      kind: 'event',
      // `event_ignored` says why.
      what: (fields) =>
        fields.kind === 'ignored' ? undefined : `${text(fields.kind)}: ${text(fields.outcome)}${about(fields)}`,
    },
    { kind: 'query', what: queued },
  ],
  event_ignored: { kind: 'event', what: ({ why }) => `ignored: ${text(why)}` },
  queries_queued: { kind: 'query', what: queued },
  rule_without_host: { kind: 'query', what: ({ rule, why }) => `${text(rule)} asks no host: ${text(why)}` },
  fan_out_limited: {
    kind: 'query',
    what: ({ rule, hosts }) => `${text(rule)} asks only ${count(number(hosts), 'host')}: hosts_per_trigger`,
  },
  campaign_queued: {
    kind: 'query',
    what: ({ campaign, askedBy, hosts, target }) =>
      `campaign ${text(campaign)} of ${text(askedBy)}: asked ${count(number(hosts), 'host')} (${text(target)})`,
  },
  campaign_refused: {
    kind: 'query',
    what: ({ campaign, askedBy, why }) => `campaign ${text(campaign)} of ${text(askedBy)} refused: ${text(why)}`,
  },
  campaign_cancelled: { kind: 'query', what: ({ campaign }) => `campaign ${text(campaign)} cancelled` },
  instance_ended: { kind: 'event', what: ({ instance }) => `${text(instance)} was terminated` },
  hook_completed: {
    kind: 'event',
    what: ({ hook, instance, heldMs }) =>
      `${text(hook)} completed: ${text(instance) || 'an instance'} was held for ${seconds(number(heldMs))}`,
  },
  event_malformed: { kind: 'event', what: ({ why }) => `malformed: ${text(why)}` },
  event_failed: { kind: 'event', what: ({ error }) => `failed: ${last(error)}` },
  queries_delivered: {
    kind: 'query',
    what: ({ wireIds, longestWaitMs }) => {
      const queries = Array.isArray(wireIds) ? wireIds.length : 0;
      return `${count(queries, 'query', 'queries')} delivered after ${seconds(number(longestWaitMs))}`;
    },
  },
  query_refused: { kind: 'query', what: (fields) => `${query(fields)} refused: ${text(fields.problem)}` },
  query_dropped: { kind: 'query', what: (fields) => `${query(fields)} dropped: ${text(fields.limit)}` },
  answers_stored: { kind: 'answer', what: ({ answers }) => `${count(number(answers), 'answer')} stored` },
  answer_timed: {
    kind: 'answer',
    what: (fields) => `${query(fields)} answered after ${seconds(number(fields.timeToAnswerMs))}${about(fields)}`,
  },
  verdicts_recorded: {
    kind: 'miss',
    what: ({ verdict, reason, count: n, cluster }) =>
      verdict === 'missed'
        ? `${count(number(n), 'workload')} missed: ${text(reason)}${cluster ? `, cluster ${text(cluster)}` : ''}`
        : undefined,
  },
  query_unanswered: { kind: 'miss', what: (fields) => `${query(fields)} never answered` },
  agent_was_silent: { kind: 'miss', what: (fields) => `${query(fields)} expired: the agent stopped polling` },
  fleet_issue_opened: { kind: 'issue', what: ({ kind, detail }) => `${text(kind)}: ${text(detail)}` },
  mtta_breached: {
    kind: 'miss',
    what: (fields) => `${query(fields)} answered ${seconds(number(fields.lateMs))} too late${about(fields)}`,
  },
};

/** The log events of these kinds. */
export const eventsOf = (kinds: readonly Kind[] | undefined): EventName[] =>
  Object.entries(TELLINGS).flatMap(([event, tellings]) =>
    isEvent(event) && [tellings].flat().some(({ kind }) => isWanted(kind, kinds)) ? [event] : [],
  );

const isWanted = (kind: Kind, kinds: readonly Kind[] | undefined): boolean => !kinds || kinds.includes(kind);

/** The moments of these kinds in a log line; empty if there is nothing to show. */
export function momentsOf({ atMs, event, fields }: LogLine, kinds?: readonly Kind[]): Moment[] {
  const host = fields.host ?? fields.hostIdentifier;
  return [TELLINGS[event] ?? []].flat().flatMap(({ kind, what: telling }) => {
    const what = isWanted(kind, kinds) ? telling(fields) : undefined;
    if (what === undefined) return [];
    const at = new Date(atMs).toISOString();
    return [{ at, kind, event, host: typeof host === 'string' ? host : null, what, fields }];
  });
}
