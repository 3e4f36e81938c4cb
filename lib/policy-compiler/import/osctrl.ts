import { stripOsqueryJson } from '../source/osquery-json.ts';
import { SourceDocument } from '../source/source-document.ts';
import type { ImportedDocument } from './documents.ts';
import { type Draft, type Origin, secretName } from './draft.ts';
import { isObject, type JsonObject, textOf } from './json.ts';
import { profileContent } from './osquery-config.ts';

/** Whether an object is an environment of osctrl: Go writes its fields with capital letters, and its parts as texts. */
export const isEnvironment = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.Name === 'string' &&
  ['Configuration', 'Options', 'Schedule'].some((key) => key in value);

/** Whether an object is a saved query of osctrl. */
export const isSavedQuery = (value: unknown): boolean =>
  isObject(value) && typeof value.Name === 'string' && typeof value.Query === 'string';

/** The parts of an environment, and the keys that they have in a configuration of osquery. */
const PARTS: Readonly<Record<string, string>> = {
  Options: 'options',
  Schedule: 'schedule',
  Packs: 'packs',
  Decorators: 'decorators',
  ATC: 'auto_table_construction',
};

/** Adds an environment: a profile for the hosts that enroll with its secret. */
export function importEnvironment(draft: Draft, document: ImportedDocument, at: readonly PropertyKey[]): void {
  const environment = valueAt(document.value, at);
  const name = textOf(environment.Name) ?? 'environment';
  const origin = document.origin(...at);
  const config = configOf(draft, origin, environment);
  const secret = secretName(name);
  const part = { document: { ...document, origin: () => origin }, at: [], value: config };
  const content = profileContent(draft, part, () => []);
  draft.addProfile({ ...origin, ...content, name, order: 20, match: { secret } });
  draft.toDo(
    origin,
    `environment "${name}"`,
    `its hosts enroll with the secret "${secret}": create it with enrollSecrets of the construct, and put the old value into Secrets Manager (docs/from-osctrl.md)`,
  );
}

/** Adds a saved query as a rule on a request. */
export function importSavedQuery(draft: Draft, origin: Origin, { Name, Query }: JsonObject): void {
  const name = textOf(Name) ?? 'query';
  const sql = textOf(Query);
  if (!sql) draft.leaveOut(origin, `saved query "${name}"`, 'it has no SQL');
  else draft.addRequest({ ...origin, name, answers: name, sql, platforms: ['linux', 'darwin', 'windows'] });
}

/** The configuration of an environment. Its parts are newer than the whole, which osctrl makes from them. */
function configOf(draft: Draft, origin: Origin, environment: JsonObject): JsonObject {
  const whole = parsed(draft, origin, 'Configuration', environment.Configuration);
  const parts = Object.entries(PARTS).flatMap(([field, key]) => {
    const value = parsed(draft, origin, field, environment[field]);
    return Object.keys(value).length > 0 ? [[key, value] as const] : [];
  });
  const config = { ...whole, ...Object.fromEntries(parts) };
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => !isObject(value) || Object.keys(value).length > 0),
  );
}

function parsed(draft: Draft, origin: Origin, field: string, text: unknown): JsonObject {
  if (isObject(text)) return text;
  if (textOf(text) === undefined) return {};
  const document = new SourceDocument(`${field}.json`, stripOsqueryJson(String(text)).text);
  if (isObject(document.value)) return document.value;
  draft.leaveOut(origin, `"${field}" of the environment`, document.problems[0]?.message ?? 'it is not a JSON object');
  return {};
}

function valueAt(root: unknown, at: readonly PropertyKey[]): JsonObject {
  const value = at.reduce<unknown>((found, key) => (Array.isArray(found) ? found[Number(key)] : undefined), root);
  return isObject(value) ? value : {};
}
