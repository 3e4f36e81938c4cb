import { compilePolicy } from '../../../lib/policy-compiler/index.ts';

/** The smallest policy without a problem; `files` replace or add files. */
export const aPolicy = (files: Readonly<Record<string, string>> = {}): Map<string, string> =>
  new Map(Object.entries({ 'config/default.yaml': aProfile(), 'rules/a.yaml': aRule(), ...files }));

/** A rule at enrollment with one query; lines in `fields` replace its own or are added. The SQL is that of line 6. */
export function aRule(fields = '', query = 'sql: SELECT total_seconds FROM uptime'): string {
  const own = {
    rule: 'rule: uptime',
    answers: 'answers: Since when does it run?',
    on: 'on: { enrollment: true }',
    queries: `queries:\n  first:\n${indented(query, '    ')}`,
  };
  const isGiven = (key: string) => new RegExp(`^${key}:`, 'm').test(fields);
  const lines = Object.entries(own).flatMap(([key, text]) => (isGiven(key) ? [] : [text]));
  return `- ${indented([...lines, ...(fields ? [fields] : [])].join('\n'), '  ').trimStart()}\n`;
}

/** A rule on running tasks. */
export const aTaskRule = (sets: string): string => `- rule: task
  answers: What runs?
  on: { event: { source: [aws.ecs], detail-type: [ECS Task State Change], detail: { lastStatus: [RUNNING] } } }
  target: ecs-task-host
${indented(sets, '  ')}
`;

/** A default profile; `more` are lines that are added. */
export const aProfile = (more = ''): string => `profile: default
options: { logger_tls_max_lines: 256, logger_tls_max_linesize: 16384, pack_delimiter: / }
${more}
`;

const indented = (text: string, by: string): string => text.replace(/^(?=.)/gm, by);

/** The problems of a policy as the command prints them: `severity file:line:column message (hint)`. */
export const problemsOf = (files: Readonly<Record<string, string>> = {}): string[] =>
  compilePolicy(aPolicy(files)).problems.map(
    ({ severity, file, line, column, message, hint }) =>
      `${severity} ${file}:${line}:${column} ${message}${hint ? ` (${hint})` : ''}`,
  );
