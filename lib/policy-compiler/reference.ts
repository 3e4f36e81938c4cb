import * as z from 'zod';
import { Pack, ProfileFile } from './format/profile.ts';
import { Rule } from './format/rules.ts';
import { Settings } from './format/settings.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

const PAGES: readonly (readonly [title: string, introduction: string, schema: z.ZodType])[] = [
  ['Rules', '`rules/*.yaml`, each a list. A rule is identified by its name, not by its file.', Rule],
  [
    'Profiles',
    '`config/*.yaml`, one profile a file. A node gets the first profile, by `order`, whose `match` holds.',
    ProfileFile,
  ],
  [
    'Packs',
    '`packs/*`; a pack has the name of its file. JSON may have `#` and `//` comment lines and `\\` at line ends.',
    Pack,
  ],
  ['Settings', '`policy.yaml`, which is optional.', Settings],
];

/** The page docs/reference/policy.md, generated from the schema, so that the two cannot differ. */
export function policyReference(): string {
  const parts = PAGES.map(([title, introduction, schema]) => {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    const rows = fields(json, '').map(({ path, type, meaning }) => `| \`${path}\` | ${type} | ${meaning} |`);
    return [`## ${title}`, '', introduction, '', '| field | value | meaning |', '| --- | --- | --- |', ...rows].join(
      '\n',
    );
  });
  return `${[HEAD, ...parts].join('\n\n')}\n`;
}

const HEAD = `# Policy reference

Generated from the schema by \`npm run docs\`; do not edit. \`*\` marks required fields. \`<name>\` stands for a name you choose.
The [tutorial](../tutorial.md) shows how to write, check and push a policy.`;

interface Field {
  readonly path: string;
  readonly type: string;
  readonly meaning: string;
}

/** One row for each field, followed by the fields of nested objects with their path. */
function fields(schema: JsonSchema, path: string): Field[] {
  const required = new Set(schema.required ?? []);
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    rowsOf(asSchema(child), `${path}${path ? '.' : ''}${key}`, required.has(key)),
  );
  const values = asSchema(schema.additionalProperties);
  return isObjectLike(values) ? [...own, ...fields(values, `${path}.<name>`)] : own;
}

function rowsOf(schema: JsonSchema, path: string, isRequired: boolean): Field[] {
  const object = [schema, ...(schema.anyOf ?? []).map(asSchema)].find(isObjectLike);
  const row = { path: isRequired ? `${path}*` : path, type: typeOf(schema), meaning: meaningOf(schema) };
  return object && !schema.anyOf ? [row, ...fields(object, path)] : [row];
}

const isObjectLike = (schema: JsonSchema): boolean =>
  Object.keys(schema.properties ?? {}).length > 0 || Object.keys(asSchema(schema.additionalProperties)).length > 0;

function meaningOf({ description, default: standard }: JsonSchema): string {
  const isPlain = standard !== undefined && typeof standard !== 'object';
  return [cell(description ?? ''), ...(isPlain ? [`Default: \`${String(standard)}\`.`] : [])].join(' ').trim();
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => typeOf(asSchema(one))))].join(' or ');
  switch (schema.type) {
    case 'array':
      return `list of ${typeOf(asSchema(schema.items))}`;
    case 'integer':
      return `whole number${range(schema)}`;
    case 'object':
      return mapType(schema);
    case 'string':
      return schema.pattern?.includes('[smhd]') ? 'duration' : 'text';
    case 'boolean':
      return 'true or false';
    default:
      return 'anything';
  }
}

function mapType(schema: JsonSchema): string {
  const [onlyKey, ...otherKeys] = Object.keys(schema.properties ?? {});
  if (onlyKey && otherKeys.length === 0) return `\`{${onlyKey}: …}\``;
  return isObjectLike(schema) && !schema.properties ? `map to ${typeOf(asSchema(schema.additionalProperties))}` : 'map';
}

function range({ minimum, maximum }: JsonSchema): string {
  const [from, to] = [bound(minimum), bound(maximum)];
  return from === undefined ? '' : to === undefined ? ` from ${from}` : ` ${from}–${to}`;
}

const bound = (value: number | undefined) =>
  Number.isSafeInteger(value) && Math.abs(value ?? 0) < 2 ** 53 - 1 ? value : undefined;

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const asSchema = (schema: unknown): JsonSchema =>
  typeof schema === 'object' && schema !== null ? (schema as JsonSchema) : {};
