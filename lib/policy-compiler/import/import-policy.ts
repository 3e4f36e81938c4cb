import { globMatcher } from '../../core/policy/glob.ts';
import { packName } from '../compile/compile-profiles.ts';
import { kindOf } from '../compile/policy-file.ts';
import { SourceDocument } from '../source/source-document.ts';
import { compileDraft } from './compile-draft.ts';
import { documentsOf, type ImportedDocument } from './documents.ts';
import { Draft, type ImportNote, ImportRefused, secretName } from './draft.ts';
import { addDefault, dropDefault, finishProfile, finishQueries } from './finish.ts';
import { FleetSettings } from './fleet.ts';
import { isObject, objectOf } from './json.ts';
import { importEnvironment, importSavedQuery, isEnvironment, isSavedQuery } from './osctrl.ts';
import { importPack, profileContent } from './osquery-config.ts';

/** A policy made from the files of another server. */
export interface ImportedPolicy {
  /** The new files: path in the policy folder → text. */
  readonly files: ReadonlyMap<string, string>;
  readonly profiles: number;
  readonly packs: number;
  readonly scheduled: number;
  readonly requests: number;
  readonly notes: readonly ImportNote[];
  /** Warnings that `mayfly policy check` shows for the whole policy. */
  readonly warnings: number;
}

/** The policy that imported files are added to. */
export interface ExistingPolicy {
  readonly existing: ReadonlyMap<string, string>;
  /** Packs of it that its rules need in every profile. */
  readonly packs: readonly string[];
}

/**
 * Turns osquery configurations, packs, Fleet's YAML and exports of osctrl into files of a policy. The policy compiles: what
 * the compiler rejects is left out, with a note.
 *
 * @param sources path with `/` → text
 * @param existing the files of the policy that the new ones are added to, and the packs that all its profiles need
 * @throws {ImportRefused} if nothing in the files can be imported, or the existing policy has errors
 */
export function importPolicy(
  sources: ReadonlyMap<string, string>,
  { existing, packs: needed }: ExistingPolicy,
): ImportedPolicy {
  const draft = new Draft(namesIn(existing));
  addDocuments(draft, new Documents([...sources].flatMap(([file, text]) => documentsOf(file, text, draft))));
  if (draft.profiles.length + draft.packs.length + draft.requests.length === 0)
    throw new ImportRefused(
      'nothing to import: no osquery configuration, no pack, no YAML of Fleet and no export of osctrl',
      draft.notes,
    );
  const hasDefault = [...existing].some(([file, text]) => kindOf(file) === 'config' && isDefault(file, text));
  if (hasDefault) dropDefault(draft);
  finishQueries(draft);
  const { files, warnings } = compileDraft(draft, existing, () => {
    if (!hasDefault) addDefault(draft);
    for (const profile of draft.profiles) finishProfile(draft, profile, needed);
  });
  const schedules = [...draft.profiles.map(({ schedule }) => schedule), ...draft.packs.map(({ queries }) => queries)];
  return {
    files,
    profiles: draft.profiles.length,
    packs: draft.packs.length,
    scheduled: schedules.reduce((sum, { size }) => sum + size, 0),
    requests: draft.requests.length,
    notes: inOrder(withoutMoot(draft.notes)),
    warnings,
  };
}

type Kind =
  | 'environment'
  | 'saved-query'
  | 'applied'
  | 'gitops'
  | 'agent-options'
  | 'list'
  | 'pack'
  | 'config'
  | 'unknown';

const GITOPS = ['agent_options', 'reports', 'policies', 'controls', 'org_settings', 'team_settings', 'labels'];
const CONFIG = ['schedule', 'options', 'packs', 'decorators', 'file_paths', 'yara', 'events', 'views'];

function kindOfDocument({ value }: ImportedDocument): Kind {
  if (Array.isArray(value)) return kindOfList(value);
  if (!isObject(value)) return 'unknown';
  if (isEnvironment(value)) return 'environment';
  if (isSavedQuery(value)) return 'saved-query';
  if ('apiVersion' in value && 'kind' in value) return 'applied';
  if (GITOPS.some((key) => key in value) || Array.isArray(value.queries)) return 'gitops';
  if (isObject(value.config)) return 'agent-options';
  // A pack may have `file_paths`, as a configuration has.
  if (isObject(value.queries) && !('schedule' in value || 'packs' in value)) return 'pack';
  return CONFIG.some((key) => key in value) ? 'config' : 'unknown';
}

function kindOfList(list: readonly unknown[]): Kind {
  const [first] = list;
  if (isEnvironment(first)) return 'environment';
  if (isSavedQuery(first)) return 'saved-query';
  return isObject(first) && 'name' in first ? 'list' : 'unknown';
}

/** The imported documents, and which of them others have named. */
class Documents {
  private readonly used = new Set<ImportedDocument>();

  constructor(private readonly all: readonly ImportedDocument[]) {}

  /** The documents of a kind that no other document has named. */
  of(kind: Kind): ImportedDocument[] {
    return this.all.filter((one) => kindOfDocument(one) === kind && !this.used.has(one));
  }

  /** The packs in files of this name, wherever they are: a configuration names them with paths of its hosts. */
  readonly packFiles = (path: string): readonly ImportedDocument[] => {
    const isNamed = globMatcher(path.replace(/^.*[/\\]/, ''));
    return this.named(({ file }) => isNamed(file.replace(/^.*\//, ''))).filter((one) => kindOfDocument(one) === 'pack');
  };

  /** The documents of the files that another names by a path relative to itself. */
  readonly filesAt = ({ file }: ImportedDocument, path: string): readonly ImportedDocument[] => {
    const wanted = resolved(file, path);
    if (wanted === undefined) return [];
    const isNamed = globMatcher(wanted);
    return this.named((one) => isNamed(one.file));
  };

  private named(matches: (one: ImportedDocument) => boolean): ImportedDocument[] {
    const found = this.all.filter(matches);
    for (const one of found) this.used.add(one);
    return found;
  }
}

function addDocuments(draft: Draft, documents: Documents): void {
  addFleet(draft, documents);
  addOsctrl(draft, documents);
  addConfigs(draft, documents);
  addPacks(draft, documents.of('pack'));
  for (const document of documents.of('unknown')) {
    draft.leaveOut(document.origin(), 'the document', 'it is in no known format');
  }
}

function addFleet(draft: Draft, documents: Documents): void {
  const fleet = new FleetSettings(draft, documents.filesAt);
  for (const document of documents.of('gitops')) fleet.addGitOps(document);
  for (const document of documents.of('applied')) fleet.addApplied(document);
  for (const document of documents.of('list')) fleet.addList(document);
  for (const document of documents.of('agent-options')) fleet.addAgentOptions(document);
  fleet.finish(documents.packFiles);
}

function addOsctrl(draft: Draft, documents: Documents): void {
  for (const document of documents.of('environment')) {
    const all = Array.isArray(document.value) ? document.value.map((_, index) => [index]) : [[]];
    for (const at of all) importEnvironment(draft, document, at);
  }
  for (const document of documents.of('saved-query')) {
    const all = Array.isArray(document.value) ? document.value : [document.value];
    for (const [index, value] of all.entries()) importSavedQuery(draft, document.origin(index), objectOf(value));
  }
}

/** Adds configurations of osquery. The first is that of all hosts; the others need a selector. */
function addConfigs(draft: Draft, documents: Documents): void {
  const configs = documents.of('config');
  const hasDefault = draft.profiles.some(({ match }) => !match);
  const isMain = ({ file }: ImportedDocument) => /(?:^|\/)(?:osquery|default)\.[a-z]+$/i.test(file);
  const main = hasDefault ? undefined : (configs.find(isMain) ?? configs[0]);
  for (const document of configs) {
    const content = profileContent(draft, { document, at: [], value: objectOf(document.value) }, documents.packFiles);
    const origin = document.origin();
    if (document === main) draft.addProfile({ ...origin, ...content, name: 'default' });
    else {
      const secret = secretName(packName(document.file));
      const { name } = draft.addProfile({ ...origin, ...content, name: secret, order: 50, match: { secret } });
      draft.toDo(origin, `profile "${name}"`, `choose its hosts: it has those that enroll with the secret "${secret}"`);
    }
  }
}

/** Adds packs that no configuration names. Without any configuration, all hosts get them. */
function addPacks(draft: Draft, packs: readonly ImportedDocument[]): void {
  const isAlone = draft.profiles.length === 0;
  const names = packs.flatMap((document) => {
    const pack = importPack(draft, { document, at: [], value: objectOf(document.value) }, packName(document.file));
    if (pack && !isAlone)
      draft.toDo(pack, `pack "${pack.name}"`, 'no configuration uses it: name it in "packs" of a profile');
    return pack?.name ?? [];
  });
  const [first] = packs;
  if (isAlone && first && names.length > 0) {
    draft.addProfile({ ...first.origin(), name: 'default', body: {}, schedule: new Map(), packs: names });
  }
}

const isDefault = (file: string, text: string): boolean => {
  const { value } = new SourceDocument(file, text);
  return isObject(value) && value.match === undefined;
};

function namesIn(existing: ReadonlyMap<string, string>) {
  const files = [...existing.keys()];
  const named = (kind: string, pattern: RegExp) =>
    [...existing].flatMap(([file, text]) =>
      kindOf(file) === kind ? [...text.matchAll(pattern)].map(([, name = '']) => name) : [],
    );
  return {
    rules: named('rules', /^\s*-?\s*rule:\s*["']?([\w-]+)/gm),
    profiles: named('config', /^profile:\s*["']?([\w-]+)/gm),
    packs: files.filter((file) => kindOf(file) === 'packs').map(packName),
  };
}

/** A path relative to a file; undefined if it leads out of the imported folder. */
function resolved(from: string, path: string): string | undefined {
  const steps = path.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const step of path.split('/')) {
    if (step === '..') {
      if (steps.pop() === undefined) return undefined;
    } else if (step !== '.' && step !== '') steps.push(step);
  }
  return steps.join('/');
}

/** The notes without changes to what was left out in the end. */
function withoutMoot(notes: readonly ImportNote[]): ImportNote[] {
  const keyOf = ({ file, line, what }: ImportNote) => JSON.stringify([file, line, what]);
  const gone = new Set(notes.filter(({ kind }) => kind === 'left-out').map(keyOf));
  return notes.filter((note) => note.kind !== 'changed' || !gone.has(keyOf(note)));
}

const inOrder = (notes: readonly ImportNote[]): ImportNote[] =>
  [...notes].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
