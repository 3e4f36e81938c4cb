/** A query that is saved in the workgroup. Each `?` is a parameter, in the order of `parameters`. */
export interface SavedQuery {
  readonly name: string;
  readonly answers: string;
  readonly parameters: readonly string[];
  readonly sql: string;
}

/** Every query reads the partitions between two hours alone. @example '2026/11/01/00' */
const HOURS = ['the first hour, as in 2026/11/01/00 (UTC)', 'the last hour'] as const;
const BETWEEN = 'datehour BETWEEN ? AND ?';

/** `element_at`, because `columns['pid']` fails on a row without that column. */
const column = (name: string): string => `element_at(columns, '${name}')`;
const decoration = (name: string): string => `element_at(decorations, '${name}')`;

/** Queries to start from, in the tables `results`, `logs` and `quarantine`. docs/reference/results.md describes the columns. */
export const SAVED_QUERIES: readonly SavedQuery[] = [
  {
    name: 'netflow',
    answers: 'An address in a netflow record of weeks ago: which workload had it, on which host, and what did it run?',
    parameters: [...HOURS, 'the address'],
    sql: `SELECT workload, host, ${decoration('task_family')} AS task_family, ${decoration('container_name')} AS container,
  ${decoration('image')} AS image, min(time) AS first_time, max(time) AS last_time,
  array_distinct(array_agg(${column('cmdline')}) FILTER (WHERE ${column('cmdline')} IS NOT NULL)) AS commands
FROM results
WHERE ${BETWEEN}
  AND contains(concat(split(coalesce(${decoration('ip')}, ''), ' '), coalesce(map_values(columns), ARRAY[])), ?)
GROUP BY 1, 2, 3, 4, 5
ORDER BY first_time`,
  },
  {
    name: 'containers-of-a-host',
    answers: 'Which containers ran on a host, and what did they do?',
    parameters: [...HOURS, 'the host identifier'],
    sql: `SELECT ${column('id')} AS container_id, ${decoration('container_name')} AS container, ${decoration('image')} AS image, workload,
  min(time) AS first_time, max(time) AS last_time,
  array_distinct(array_agg(${column('cmdline')}) FILTER (WHERE ${column('cmdline')} IS NOT NULL)) AS commands,
  array_distinct(array_agg(${column('container_side')}) FILTER (WHERE ${column('kind')} = 'socket')) AS remote_addresses
FROM results
WHERE ${BETWEEN} AND host = ? AND workload IS NOT NULL AND ${column('id')} IS NOT NULL
GROUP BY 1, 2, 3, 4
ORDER BY first_time`,
  },
  {
    name: 'rows-of-a-rule',
    answers: 'What did hosts answer to a rule, or to a campaign?',
    parameters: [...HOURS, 'the name of the rule, or the id of the campaign'],
    sql: `SELECT time, host, hostname, workload, query, status, message, columns, decorations
FROM results
WHERE ${BETWEEN} AND ? IN (rule, query)
ORDER BY stored_at_ms
LIMIT 10000`,
  },
  {
    name: 'files-of-a-task',
    answers: 'Which files and mounts did the containers of a task use?',
    parameters: [...HOURS, 'the ARN or the id of the task'],
    sql: `SELECT DISTINCT ${decoration('container_name')} AS container, query, ${column('pid')} AS pid,
  coalesce(${column('path')}, ${column('what')}, ${column('destination')}, ${column('container_side')}) AS path,
  coalesce(${column('source')}, ${column('host_side')}) AS on_host
FROM results
WHERE ${BETWEEN} AND workload LIKE concat('%', ?)
  AND coalesce(${column('path')}, ${column('what')}, ${column('destination')}, ${column('container_side')}) LIKE '/%'
ORDER BY 1, 4`,
  },
  {
    name: 'failed-queries',
    answers: 'Which queries failed or got no answer, with which message, on how many hosts?',
    parameters: [...HOURS],
    sql: `SELECT rule, query, status, message, count(DISTINCT host) AS hosts, count(*) AS answers, max(time) AS last_time
FROM results
WHERE ${BETWEEN} AND status <> 0
GROUP BY 1, 2, 3, 4
ORDER BY hosts DESC, answers DESC`,
  },
  {
    name: 'schedule-of-a-host',
    answers: 'What did the schedule of a host report?',
    parameters: [...HOURS, 'the host identifier'],
    sql: `SELECT time, json_extract_scalar(line, '$.name') AS query, json_extract_scalar(line, '$.action') AS action,
  coalesce(json_extract(line, '$.columns'), json_extract(line, '$.snapshot')) AS columns
FROM logs
WHERE ${BETWEEN} AND host = ? AND log_type = 'result'
ORDER BY stored_at_ms
LIMIT 10000`,
  },
  {
    name: 'unreadable-bodies',
    answers: 'What did Mayfly put into quarantine, and why?',
    parameters: [...HOURS],
    sql: `SELECT time, host, endpoint, reason, from_utf8(substr(from_base64(body_base64), 1, 500)) AS beginning
FROM quarantine
WHERE ${BETWEEN}
ORDER BY stored_at_ms
LIMIT 1000`,
  },
];
