import { COMMAND_ERRORS } from '../lib/cli/errors/command-error.ts';
import { EXIT_CODES } from '../lib/cli/errors/exit.ts';
import { code, linkTo, table } from './markdown.ts';

/** The variables of the environment that the command reads, besides AWS's own and NO_COLOR. */
export const VARIABLES: Readonly<Record<string, string>> = {
  MAYFLY_DATA:
    'The data folder of the Mayfly on this machine: the default of `--data`. Without it `.mayfly`. `MAYFLY_STACK` comes first.',
  MAYFLY_STACK:
    'The stack of a Mayfly in AWS: the default of `--stack`. `--data`, `--stack` and `--table` on the command line come first.',
  MAYFLY_TIMES: '`local` prints times in local time with its offset, instead of UTC. JSON and CSV always have UTC.',
  MAYFLY_DEBUG: 'Prints the stack of an error too.',
};

/** The page about exit codes, codes of errors, and variables of the environment. */
export function commandPage(): string {
  const exits = Object.entries(EXIT_CODES).map(([number, meaning]) => [number, meaning]);
  const errors = Object.entries(COMMAND_ERRORS).map(([name, meaning]) => [code(name), meaning]);
  const variables = Object.entries(VARIABLES).map(([name, meaning]) => [code(name), meaning]);
  return `# Exit codes, errors and variables of the command

## Exit codes

${table(['code', 'meaning'], exits)}

## Errors

A command that fails prints the reason on standard error, and the next step where it knows one. With \`--json\` it prints one object:

\`\`\`json
{"error":{"code":"NOT_RUNNING","message":"no Mayfly has run in .mayfly","next":"start one with \\"npx mayfly local\\""}}
\`\`\`

\`code\` is stable. \`next\` is null if the command knows no next step. Notes about the work, such as what it waits for, are objects of
their own there: \`{"note":"…"}\`, one a line.

${table(['code', 'meaning'], errors)}

## Times in JSON

With \`--json\` a time is ISO 8601 in UTC, such as \`2026-11-20T10:15:00.000Z\`. A duration is a number, and its name ends with its
unit, such as \`timeToAnswerMs\`. Rows of \`rows\` and \`task\` follow this too, while the files and tables of the
${linkTo('results', 'results')} have epoch milliseconds. ${linkTo('json', 'JSON output')} has the schemas.

## Variables

${table(['variable', 'meaning'], variables)}

The AWS SDK reads its own, such as \`AWS_PROFILE\` and \`AWS_REGION\`. \`NO_COLOR\` switches colours off.
`;
}
