import { packName } from '../compile/compile-profiles.ts';
import { packValues } from '../compile/pack-values.ts';
import { Pack, ProfileFile } from '../format/profile.ts';
import type { ImportedDocument } from './documents.ts';
import type { Draft, DraftPack, DraftProfile, DraftQuery, Origin } from './draft.ts';
import { isObject, type JsonObject, objectOf } from './json.ts';
import { scheduledQuery } from './scheduled-query.ts';

/** The part of a document that holds an osquery configuration. */
export interface ConfigPart {
  readonly document: ImportedDocument;
  /** Where the configuration is in the document. */
  readonly at: readonly PropertyKey[];
  readonly value: JsonObject;
}

/** Finds the file of a pack that a configuration names with a path or a pattern. */
export type PackFiles = (path: string) => readonly ImportedDocument[];

const PROFILE_KEYS: ReadonlySet<string> = new Set(
  Object.keys(ProfileFile.shape).filter((key) => !['profile', 'order', 'match', 'schedule', 'packs'].includes(key)),
);
const PACK_KEYS: ReadonlySet<string> = new Set(Object.keys(Pack.shape).filter((key) => key !== 'queries'));

/** What a configuration of osquery says, as a profile has it. */
export type ProfileContent = Pick<DraftProfile, 'body' | 'originOf' | 'schedule' | 'packs'>;

/** The content of a profile that has this configuration. Adds its packs to the draft. */
export function profileContent(
  draft: Draft,
  { document, at, value }: ConfigPart,
  packFiles: PackFiles,
): ProfileContent {
  const origin = (...path: readonly PropertyKey[]): Origin => document.origin(...at, ...path);
  const body: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === 'schedule' || key === 'packs' || member === null) continue;
    if (PROFILE_KEYS.has(key)) body[key] = structuredClone(member);
    else draft.leaveOut(origin(key), `"${key}" of the configuration`, 'a policy has no such key');
  }
  if (isObject(body.options)) body.options = withoutEndpoints(draft, (name) => origin('options', name), body.options);
  return {
    body,
    originOf: origin,
    schedule: queriesIn(draft, origin, ['schedule'], value.schedule),
    packs: packsOf(draft, { document, at, value }, packFiles),
  };
}

/** Options that hold paths of the old server. The flagfile has them. */
function withoutEndpoints(draft: Draft, originOf: (name: string) => Origin, options: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => {
      const isEndpoint = /_tls_(?:\w+_)?endpoint$/.test(name);
      if (isEndpoint)
        draft.leaveOut(originOf(name), `option ${name}`, 'paths of the server are in the flagfile of each host');
      return !isEndpoint;
    }),
  );
}

function queriesIn(
  draft: Draft,
  origin: (...path: readonly PropertyKey[]) => Origin,
  at: readonly PropertyKey[],
  queries: unknown,
): Map<string, DraftQuery> {
  const found = new Map<string, DraftQuery>();
  for (const [name, value] of Object.entries(objectOf(queries))) {
    const query = scheduledQuery(draft, origin(...at, name), name, value);
    if (query) found.set(name, query);
  }
  return found;
}

function packsOf(draft: Draft, { document, at, value }: ConfigPart, packFiles: PackFiles): string[] {
  return Object.entries(objectOf(value.packs)).flatMap(([name, pack]) => {
    const origin = document.origin(...at, 'packs', name);
    if (typeof pack !== 'string') {
      return importPack(draft, { document, at: [...at, 'packs', name], value: objectOf(pack) }, name)?.name ?? [];
    }
    const files = packFiles(pack);
    if (files.length === 0) {
      draft.leaveOut(origin, `pack "${name}"`, `its file ${pack} is not among the imported files`);
    }
    return files.flatMap(
      (file) =>
        importPack(
          draft,
          { document: file, at: [], value: objectOf(file.value) },
          name === '*' ? packName(file.file) : name,
        )?.name ?? [],
    );
  });
}

/** Adds a pack to the draft. */
export function importPack(draft: Draft, { document, at, value }: ConfigPart, name: string): DraftPack | undefined {
  const origin = (...path: readonly PropertyKey[]): Origin => document.origin(...at, ...path);
  if (!isObject(value.queries)) {
    draft.leaveOut(origin(), `pack "${name}"`, 'it has no "queries"');
    return undefined;
  }
  const body: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(objectOf(packValues({ ...value, queries: {} })))) {
    if (PACK_KEYS.has(key)) body[key] = structuredClone(member);
  }
  for (const key of Object.keys(value)) {
    if (key === 'queries' || PACK_KEYS.has(key)) continue;
    draft.leaveOut(origin(key), `"${key}" of pack "${name}"`, 'a pack has no such key');
  }
  return draft.addPack({ ...origin(), name, body, queries: queriesIn(draft, origin, ['queries'], value.queries) });
}
