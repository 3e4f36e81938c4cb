import type { EventName } from '../../core/log-events.ts';
import { count, seconds } from '../print.ts';
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
const about = ({ workload }: Fields): string => (workload ? ` about ${text(workload)}` : '');
const query = ({ rule, query: name }: Fields): string => `${text(rule)}${name ? `/${text(name)}` : ''}`;
const last = (trace: unknown): string => text(trace).split('\n', 1)[0] ?? '';

const TELLINGS: { readonly [E in EventName]?: Telling } = {
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
  event_handled: { kind: 'event', what: ({ kind, outcome }) => `${text(kind)}: ${text(outcome)}` },
  event_malformed: { kind: 'event', what: ({ why }) => `malformed: ${text(why)}` },
  event_failed: { kind: 'event', what: ({ error }) => `failed: ${last(error)}` },
  queries_delivered: {
    kind: 'question',
    what: ({ wireIds, longestWaitMs }) => {
      const queries = Array.isArray(wireIds) ? wireIds.length : 0;
      return `${count(queries, 'query', 'queries')} delivered after ${seconds(number(longestWaitMs))}`;
    },
  },
  query_refused: { kind: 'question', what: (fields) => `${query(fields)} refused: ${text(fields.problem)}` },
  query_dropped: { kind: 'question', what: (fields) => `${query(fields)} dropped: ${text(fields.limit)}` },
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
  mtta_breached: {
    kind: 'miss',
    what: (fields) => `${query(fields)} answered ${seconds(number(fields.lateMs))} too late${about(fields)}`,
  },
};

/** The log events of these kinds. */
export const eventsOf = (kinds: readonly Kind[] | undefined): EventName[] =>
  Object.entries(TELLINGS).flatMap(([event, { kind }]) =>
    isEvent(event) && (!kinds || kinds.includes(kind)) ? [event] : [],
  );

/** What a log line tells; undefined if it tells nothing that is shown. */
export function momentOf({ atMs, event, fields }: LogLine): Moment | undefined {
  const telling = TELLINGS[event];
  const what = telling?.what(fields);
  if (!telling || what === undefined) return undefined;
  const host = fields.host ?? fields.hostIdentifier;
  return {
    at: new Date(atMs).toISOString(),
    kind: telling.kind,
    event,
    host: typeof host === 'string' ? host : null,
    what,
    fields,
  };
}
