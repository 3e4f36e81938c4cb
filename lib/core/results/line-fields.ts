/** The fields of every stored line: docs/reference/results.md and the tables in Glue are made from this catalogue. */
import type { LogLine, QuarantineLine, ResultLine } from './lines.ts';

/** A type by its name → the type of the column in Athena. */
const COLUMN_TYPES = {
  string: 'string',
  integer: 'bigint',
  boolean: 'boolean',
  'texts by name': 'map<string,string>',
  JSON: 'string', // the SerDe gives an object to a column of this type as its JSON text
} as const;
type FieldType = keyof typeof COLUMN_TYPES;

/** The name of the type of a value. */
type TypeOf<Value> = Value extends string
  ? 'string'
  : Value extends number
    ? 'integer'
    : Value extends boolean
      ? 'boolean'
      : 'texts by name';

interface LineField {
  readonly type: FieldType;
  readonly meaning: string;
}

/** One field for each property of a line, with its type. */
type FieldsOf<Line> = {
  readonly [Name in keyof Line]-?: LineField & {
    readonly type: unknown extends Line[Name] ? 'JSON' : TypeOf<NonNullable<Line[Name]>>;
  };
};

const COMMON = {
  id: { type: 'string', meaning: 'made of content and origin: a line that was stored twice has the same id twice' },
  time: { type: 'string', meaning: 'when it was stored, ISO 8601, UTC' },
  storedAtMs: { type: 'integer', meaning: 'the same in epoch milliseconds' },
  host: { type: 'string', meaning: 'host identifier of the node' },
  hostname: { type: 'string', meaning: 'host name of the node, as the agent reported it' },
  truncated: {
    type: 'boolean',
    meaning: '`true` if texts were cut, because the line was longer than 960 KB; else absent',
  },
} as const;

const RESULT: FieldsOf<ResultLine> = {
  ...COMMON,
  kind: { type: 'string', meaning: '`result`' },
  rule: { type: 'string', meaning: 'name of the rule, or `campaign`; empty if the answer is `late`' },
  query: {
    type: 'string',
    meaning: 'name of the query in the rule, or id of the campaign; empty if the answer is `late`',
  },
  queryId: { type: 'string', meaning: 'id of the query: one rule, one query, one trigger' },
  set: {
    type: 'string',
    meaning:
      '`live`, `last-gasp`, `post-mortem`, `launch`, `enrollment`, `log`, `request` or `campaign`; empty if the answer is `late`',
  },
  status: { type: 'integer', meaning: '0, or the error code that osquery gave the query' },
  message: { type: 'string', meaning: 'the error that osquery reported; else empty' },
  workload: {
    type: 'string',
    meaning: 'ECS task ARN or EC2 instance id that the query was about; null if it was about none',
  },
  columns: { type: 'texts by name', meaning: 'the row, by the columns of the query; null if the answer has no rows' },
  decorations: {
    type: 'texts by name',
    meaning:
      'facts about host and workload at the time of the event, such as `hostname`, `cluster`, `task_family`, `container_name`, `image`, `ip`, `instance_id`',
  },
  late: {
    type: 'boolean',
    meaning: '`true` if Mayfly has no record of the query: it is older than a day, or from another enrollment',
  },
  repeat: {
    type: 'boolean',
    meaning: '`true` if the query was already answered: it was offered again and ran again',
  },
  givenUp: {
    type: 'string',
    meaning:
      '`unanswered` or `agent-silent`: why Mayfly gave the query up. `status` is 1 then, and `columns` is null. Else absent',
  },
  triggeredAtMs: { type: 'integer', meaning: 'the time of the trigger by its own clock, epoch milliseconds' },
  receivedAtMs: { type: 'integer', meaning: 'when Mayfly received the trigger' },
  queuedAtMs: { type: 'integer', meaning: 'when the query was queued' },
  deliveredAtMs: { type: 'integer', meaning: 'when the agent got the query' },
};

const LOG: FieldsOf<LogLine> = {
  ...COMMON,
  kind: { type: 'string', meaning: '`log`' },
  logType: { type: 'string', meaning: '`result` for rows of the schedule, `status` for messages of the agent' },
  line: {
    type: 'JSON',
    meaning:
      'the line as osquery wrote it. Of a `result`: `name`, `action`, `columns` or `snapshot`, `decorations`, `unixTime`. Of a `status`: `severity`, `filename`, `message`',
  },
};

const { hostname: _, ...WITHOUT_HOSTNAME } = COMMON;
const QUARANTINE: FieldsOf<QuarantineLine> = {
  ...WITHOUT_HOSTNAME,
  kind: { type: 'string', meaning: '`quarantine`' },
  endpoint: { type: 'string', meaning: '`log` or `write`: what the agent sent' },
  reason: { type: 'string', meaning: 'why Mayfly could not read it' },
  bodyBase64: { type: 'string', meaning: 'the body, in base64' },
};

/** Every kind of line: its folder in the results bucket, which is also the name of its table, and its fields. */
export const LINE_KINDS = {
  results: { meaning: 'one returned row, or one answer without rows', fields: RESULT },
  logs: { meaning: "one line of an agent's own log: rows of its schedule, and status messages", fields: LOG },
  quarantine: {
    meaning: 'one body that Mayfly could not read. It is acknowledged, because the agent would send it forever',
    fields: QUARANTINE,
  },
} as const;
export type LineKind = keyof typeof LINE_KINDS;

/** A column in Athena, and the field of the line that it shows. */
export interface LineColumn {
  readonly name: string;
  readonly type: string;
  readonly field: string;
  readonly meaning: string;
}

/** @example columnsOf('logs')[2] // { name: 'stored_at_ms', type: 'bigint', field: 'storedAtMs', … } */
export const columnsOf = (kind: LineKind): LineColumn[] =>
  Object.entries<LineField>(LINE_KINDS[kind].fields).map(([field, { type, meaning }]) => ({
    name: field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), // Glue has no upper case
    type: COLUMN_TYPES[type],
    field,
    meaning,
  }));
