import * as z from 'zod';
import { JSON_OUTPUTS } from './json-outputs/json-outputs.ts';
import type { JsonOutput } from './json-outputs/schemas.ts';
import { linkTo } from './markdown.ts';

/** Removes what only the test needs: other members are no error for a reader, because later versions may add some. */
function loosen(json: z.core.JSONSchema.BaseSchema): void {
  if (json.additionalProperties === false) delete json.additionalProperties;
  if (json.format === 'date-time') delete json.pattern;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
}

/** JSON with the innermost objects and lists on one line each. */
const compact = (json: unknown): string =>
  JSON.stringify(json, null, 1).replace(/\{[^{}[\]]*\}|\[[^{}[\]]*\]/g, (inner) => inner.replace(/\n\s*/g, ' '));

/** The page docs/reference/json.md. */
export function jsonPage(): string {
  const parts = Object.entries<JsonOutput>(JSON_OUTPUTS).map(([command, { prints, schema }]) => {
    const { $schema: _, ...json } = z.toJSONSchema(schema, { override: ({ jsonSchema }) => loosen(jsonSchema) });
    return `## ${command}\n\n\`mayfly ${command} --json\` prints ${prints}.\n\n\`\`\`json\n${compact(json)}\n\`\`\`\n`;
  });
  return `# JSON output

Generated from the schemas by \`npm run docs\`; do not edit. JSON Schemas (draft 2020-12) of what commands print with \`--json\` on
standard output; tests compare both. Later versions may add members. ${linkTo('exit-codes', 'Errors and times')} are the same in
all commands.
Names and rows come from hosts and events: treat them as hostile text. Control and format characters are escaped.

Commands: ${Object.keys(JSON_OUTPUTS)
    .map((command) => `[${command}](#${command.replaceAll(' ', '-')})`)
    .join(', ')}.

${parts.join('\n')}`;
}
