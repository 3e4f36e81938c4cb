/** Generates reference pages from the catalogues and schemas that the code uses, so that page and code cannot differ. */
import { EVENT_METRICS, type EventMetrics } from '../lib/aws/reports/event-metrics.ts';
import { ERROR_CODES } from '../lib/core/errors.ts';
import type { Field, LogEvent } from '../lib/core/reports/log-event-fields.ts';
import { LOG_EVENTS } from '../lib/core/reports/log-events.ts';
import { columnsOf, LINE_KINDS, type LineKind } from '../lib/core/results/line-fields.ts';
import { policyReference } from '../lib/policy-compiler/reference.ts';
import { SAVED_QUERIES } from '../lib/stack/results/saved-queries.ts';
import { commandPage } from './command-page.ts';
import { jsonPage } from './json-page.ts';
import { code, table } from './markdown.ts';

/** Path of the page, from the root of the repository → its text. */
export const referencePages = (): Readonly<Record<string, string>> => ({
  'docs/reference/errors.md': errorsPage(),
  'docs/reference/exit-codes.md': commandPage(),
  'docs/reference/json.md': jsonPage(),
  'docs/reference/log-events.md': logEventsPage(),
  'docs/reference/metrics.md': metricsPage(),
  'docs/reference/policy.md': policyReference(),
  'docs/reference/results.md': resultsPage(),
});

/** A link to another page of the same folder. */
const linkTo = (page: string, text: string): string => `[${text}](${page}.md)`;

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([name, { problem, consequence }]) => [
    code(name),
    problem,
    consequence,
  ]);
  return `# Errors

Codes of \`MayflyError\`. They are stable, and logs contain them.

${table(['code', 'problem', 'consequence'], rows)}
`;
}

function logEventsPage(): string {
  const rows = Object.entries<LogEvent>(LOG_EVENTS).map(([name, { level, meaning, fields }]) => [
    code(name),
    level,
    meaning,
    Object.entries(fields)
      .map(([field, type]) => `${code(field)} ${textOf(type)}`)
      .join('<br>'),
  ]);
  return `# Log events

The functions write one JSON object a line: \`message\` is the event, \`level\` its level, and its fields stand beside them. An
idle poll writes none. Fields hold no secret, no node key and no row. Names and ids of hosts come from the network: treat them as
hostile text.

ERROR: some work failed and is repeated or given up. WARN: the work went on without something. INFO: it went as it should. A \`trace\` is an
error's stack with the stacks of its causes; \`ms\` are milliseconds.

Everything refused, dropped or failed is also counted as a ${linkTo('metrics', 'metric')}. These events are one line with their metrics,
and fields that are metrics have the metrics' names there: ${measurements()}.

${table(['event', 'level', 'meaning', 'fields'], rows)}
`;
}

const measurements = (): string =>
  Object.entries(EVENT_METRICS)
    .flatMap(([event, metrics]) => (metrics.isLine ? [code(event)] : []))
    .join(', ');

function textOf(field: Field): string {
  if (typeof field === 'string') return field;
  if (!('meaning' in field)) return field.map(code).join(' or ');
  return `${textOf(field.type)}: ${field.meaning}`;
}

function metricsPage(): string {
  const rows = Object.entries<EventMetrics>(EVENT_METRICS).flatMap(([event, { values, by = [[]] }]) =>
    Object.entries(values).map(([metric, { unit, meaning }]) => [
      code(metric),
      unit,
      by.map((names) => code(`{${names.map(capital).join(', ')}}`)).join(' '),
      meaning === undefined ? code(event) : `${code(event)}: ${meaning}`,
    ]),
  );
  return `# Metrics

What Mayfly counts and measures of itself, besides AWS's own metrics of its services. The functions write them as log lines in
CloudWatch's embedded format, from ${linkTo('log-events', 'log events')}. The namespace is \`Mayfly/<stack name>\`, followed by the construct's
path if that is not \`Mayfly\`. A metric exists once for each set of dimensions, written as \`{Rule, Cluster}\`; \`{}\` is the total.

${table(['metric', 'unit', 'dimensions', 'event'], rows)}

## What they cost

CloudWatch bills a custom metric for each set of dimension values, by the hour in which it was written: $0.30 a month for one
written in every hour (list price from memory, us-east-1, the first 10,000). The measured answers make most of them:

${stages()} × (1 + rules) × (1 + clusters)

A rule counts if its queries have \`evidence\`, and a cluster if an answer was about one of its tasks. Two such rules and three
clusters are ${costOf(2, 3)}, if something starts every hour; twenty clusters are ${costOf(2, 20)}. An account
where nothing starts writes none of them. The others are some ${others()}, and a \`Verdicts\` for each verdict, reason and cluster.
`;
}

const stages = (): number => Object.keys(EVENT_METRICS.answer_timed?.values ?? {}).length;

/** Metrics without a dimension whose number depends on the account. */
const others = (): number =>
  Object.entries<EventMetrics>(EVENT_METRICS).reduce(
    (sum, [event, { values, by = [[]] }]) =>
      event !== 'answer_timed' && by.some((names) => names.length === 0) ? sum + Object.keys(values).length : sum,
    0,
  );

const costOf = (rules: number, clusters: number): string => {
  const metrics = stages() * (1 + rules) * (1 + clusters);
  return `${metrics} metrics, $${(metrics * 0.3).toFixed(2)} a month`;
};

const capital = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

function resultsPage(): string {
  const kinds = (Object.keys(LINE_KINDS) as LineKind[]).map((kind) => {
    const rows = columnsOf(kind).map(({ field, name, type, meaning }) => [
      code(field),
      code(name),
      code(type),
      meaning,
    ]);
    return `## ${kind}

Each line is ${LINE_KINDS[kind].meaning}.

${table(['field', 'column in Athena', 'type', 'meaning'], rows)}
`;
  });
  const saved = SAVED_QUERIES.map(({ name, answers, parameters }) => [
    code(name),
    answers,
    parameters.map((parameter, index) => `${index + 1}. ${parameter}`).join('<br>'),
  ]);
  return `# Results

What Mayfly stores of answers, agent logs and bodies that it could not read: NDJSON, one JSON document a line.

- In AWS: gzipped objects in the results bucket (stack output \`MayflyResultsBucket\`), by the UTC hour of their first line:
  \`results/2026/11/01/10/….ndjson.gz\`. Firehose writes an object after a minute, or 64 MB.
- On one machine: \`results/results/2026-11-01.ndjson\` in the data folder.

Lines are stored at least once; two with the same \`id\` are one. Texts in \`columns\`, \`line\`, \`message\` and \`hostname\` come from
hosts: treat them as hostile.

${kinds.join('\n')}
## Athena

The stack has a Glue database (output \`MayflyResultsDatabase\`) with a table for each kind, and an Athena workgroup
(\`MayflyResultsWorkgroup\`). They cost nothing until you query: Athena bills the bytes that it reads ($5 a TB, list price,
us-east-1), and the workgroup ends a query at 100 GB. So always bound \`datehour\`, the partition of a line: the UTC hour of its object, as in
\`2026/11/01/10\`. A line may be in the object of the hour before. Partitions are projected, so there is nothing to repair
or crawl.

\`columns\` and \`decorations\` are maps. \`element_at(columns, 'pid')\` is null for a row without that column;
\`columns['pid']\` fails. \`from_iso8601_timestamp(time)\` is a timestamp.

Saved queries of the workgroup; the console asks for their parameters, and texts need quotes (\`'2026/11/01/10'\`):

${table(['query', 'answers', 'parameters'], saved)}

Who queries needs \`athena:StartQueryExecution\`, \`GetQueryExecution\`, \`GetQueryResults\` and \`StopQueryExecution\` on the workgroup,
\`glue:GetDatabase\`, \`GetTable\` and \`GetPartitions\` on database and tables, and on the bucket \`s3:GetBucketLocation\`, \`s3:ListBucket\`,
\`s3:GetObject\`, and \`s3:PutObject\` below \`athena/\`.

## How long lines are kept

Forever, unless \`resultsKeptFor\` of the construct says how many days (\`npx cdk deploy -c resultsKeptFor=90\`). A bucket of your
own keeps its settings. Answers of Athena, below \`athena/\`, are deleted after a week. On one machine nothing is deleted.
`;
}
