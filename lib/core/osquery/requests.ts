import * as z from 'zod/mini';
import { type Proof, splitSecret } from '../attest/identity-document.ts';
import type { Enrollment } from '../enrollment/enroll.ts';
import { identifierProblem } from '../nodes/host-identifier.ts';
import type { Answer, Row } from '../results/answer.ts';
import { cut } from '../text.ts';

/*
 * What agents of 4.x and 5.x send. Objects are open; what a version may lack is optional (docs/spec/osquery-protocol.md §5, §8,
 * §9.4, §16).
 */

const table = z.optional(z.record(z.string(), z.unknown()));

const Enroll = z.object({
  enroll_secret: z._default(z.string(), ''),
  host_identifier: z.string().check(z.refine((text) => identifierProblem(text) === undefined)),
  platform_type: z.optional(z.unknown()),
  host_details: z.optional(
    z.object({ os_version: table, osquery_info: table, system_info: table, platform_info: table }),
  ),
});

/** Why a body is not an enroll request, for the agent's log. */
export function enrollProblem(body: unknown): string {
  const name = isObject(body) ? body.host_identifier : undefined;
  const problem = typeof name === 'string' ? identifierProblem(name) : undefined;
  return problem
    ? `The host_identifier cannot be used: ${problem}.`
    : 'An enroll request needs a host_identifier of 1 to 255 characters.';
}

/** Reads an enroll request: its secret and the agent's identity. Undefined if it has no valid host identifier. */
export function readEnroll(body: unknown): { secret: string; proof?: Proof; enrollment: Enrollment } | undefined {
  const result = Enroll.safeParse(body);
  if (!result.success) return undefined;
  const { enroll_secret, host_identifier, host_details } = result.data;
  // Bounded, because every poll reads the node record.
  const field = (of: Record<string, unknown> | undefined, name: string): string =>
    of && Object.hasOwn(of, name) ? cut(textOf(of[name]), 100) : '';
  return {
    ...splitSecret(enroll_secret || renamedSecret(body)),
    enrollment: {
      hostIdentifier: host_identifier,
      identity: {
        hostname: field(host_details?.system_info, 'hostname'),
        uuid: field(host_details?.system_info, 'uuid'),
        vendor: field(host_details?.system_info, 'hardware_vendor'),
        agentInstance: field(host_details?.osquery_info, 'instance_id'),
        osqueryVersion: field(host_details?.osquery_info, 'version'),
        platform: field(host_details?.os_version, 'platform'),
      },
    },
  };
}

// `tls_enroll_override` renames the member (docs/spec/osquery-protocol.md §5), and the server does not know the new name.
function renamedSecret(body: unknown): string {
  const known = new Set(['enroll_secret', 'host_identifier', 'platform_type', 'host_details', 'node_key']);
  const other = Object.entries(body as object).filter(([name, value]) => !known.has(name) && typeof value === 'string');
  return other.length === 1 ? String(other[0]?.[1]) : '';
}

/**
 * Whether a value can be the rows of an answer with this status. osquery sends a list of objects, empty if the query failed
 * (docs/spec/osquery-protocol.md §9.4). Null, an empty text or a missing value counts as no rows only if the query failed.
 */
const isRows = (rows: unknown, status: number): boolean =>
  Array.isArray(rows) ? rows.every(isObject) : status !== 0 && (rows === undefined || rows === null || rows === '');

const NO_ROWS = 'Mayfly: its rows are no list of objects; they are in quarantine';

/**
 * Reads the answers of a distributed write; undefined if the body has no readable `queries`. An answer with unreadable rows
 * counts as failed; `unreadableRows` returns them.
 */
export function readAnswers(body: unknown): Answer[] | undefined {
  return membersOf(body)?.map(({ wireId, rows, status, message }) => {
    const isReadable = isRows(rows, status);
    return {
      wireId,
      status: isReadable ? status : status || 1,
      message: isReadable ? message : message || NO_ROWS,
      rows: Array.isArray(rows) ? rows.filter(isObject).map(toRow) : [],
    };
  });
}

/** The parts of a write about one wire id. */
interface Member {
  readonly wireId: string;
  readonly rows: unknown;
  readonly status: number;
  readonly message: string;
}

/** The parts of a write for each id with rows, a status or a message; undefined if there is no `queries` object. */
function membersOf(body: unknown): Member[] | undefined {
  if (!isObject(body) || !isObject(body.queries)) return undefined;
  const queries = mapOf(body.queries);
  const statuses = mapOf(body.statuses);
  const messages = mapOf(body.messages);
  const ids = new Set([...queries.keys(), ...statuses.keys(), ...messages.keys()]);
  return [...ids].map((wireId) => ({
    wireId,
    rows: queries.get(wireId),
    status: statusOf(statuses.get(wireId)),
    message: textOf(messages.get(wireId)),
  }));
}

const mapOf = (value: unknown): Map<string, unknown> => new Map(isObject(value) ? Object.entries(value) : []);

/** How much of a body a quarantine line keeps. */
const MAX_PART_CHARACTERS = 100_000;

/**
 * The answers whose rows are not a list of objects, as JSON `{"queries": {…}}`, in parts that fit a line. Missing rows become
 * null.
 */
export function* unreadableRows(body: unknown): Generator<string> {
  let part: string[] = [];
  let characters = 0;
  for (const { wireId, rows, status } of membersOf(body) ?? []) {
    if (isRows(rows, status)) continue;
    const member = `${JSON.stringify(wireId)}:${JSON.stringify(rows ?? null)}`;
    if (part.length > 0 && characters + member.length > MAX_PART_CHARACTERS) {
      yield `{"queries":{${part.join(',')}}}`;
      part = [];
      characters = 0;
    }
    part.push(member);
    characters += member.length;
  }
  if (part.length > 0) yield `{"queries":{${part.join(',')}}}`;
}

/** Reads the lines of a log request; undefined if the body is not one. `data` may be empty. */
export function readLog(body: unknown): { logType: string; lines: readonly unknown[] } | undefined {
  if (!isObject(body) || !Array.isArray(body.data)) return undefined;
  return { logType: cut(textOf(body.log_type), 100), lines: body.data };
}

function toRow(row: Record<string, unknown>): Row {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, textOf(value)]));
}

// `String()` of an object would call methods of untrusted data.
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

/** Agents before 2.1.2 send no status, which counts as success. A status that is not a number counts as failure. */
function statusOf(value: unknown): number {
  const status = Number(textOf(value));
  return Number.isFinite(status) ? status : 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
