import { stringify } from 'yaml';
import type { Draft, DraftPack, DraftProfile, DraftQuery, DraftRequest, Origin } from './draft.ts';

/** A part of an imported policy that can be left out by itself. */
export interface Removable extends Origin {
  readonly what: string;
  /** Where it is in the file. */
  readonly path: readonly PropertyKey[];
  readonly remove: () => void;
  /** The scheduled query, if it is one. */
  readonly query?: DraftQuery;
}

export interface RenderedFile {
  readonly file: string;
  readonly text: string;
  /** Its parts, in any order. */
  readonly parts: readonly Removable[];
  /** Removes the whole file from the draft. */
  readonly whole: Removable;
}

const REQUESTS_FILE = 'rules/imported-requests.yaml';

/** The policy files of a draft. */
export function filesOfDraft(draft: Draft): RenderedFile[] {
  return [
    ...draft.profiles.map((profile) => renderProfile(draft, profile)),
    ...draft.packs.map((pack) => renderPack(draft, pack)),
    ...(draft.requests.length > 0 ? [renderRequests(draft)] : []),
  ];
}

function renderProfile(draft: Draft, profile: DraftProfile): RenderedFile {
  const { name, order, match, body, schedule, packs } = profile;
  const value = {
    profile: name,
    order: match ? order : undefined,
    match,
    ...body,
    schedule: schedule.size > 0 ? queriesOf(schedule) : undefined,
    packs: packs.length > 0 ? packs : undefined,
  };
  return {
    file: `config/${name}.yaml`,
    text: yamlOf(profile, value),
    parts: [...partsOfQueries(['schedule'], schedule), ...partsOfBody(profile)],
    whole: {
      ...originOf(profile),
      what: `profile "${name}"`,
      path: [],
      remove: () => remove(draft.profiles, profile),
    },
  };
}

function renderPack(draft: Draft, pack: DraftPack): RenderedFile {
  const { name, body, queries } = pack;
  return {
    file: `packs/${name}.yaml`,
    text: yamlOf(pack, { ...body, queries: queriesOf(queries) }),
    parts: partsOfQueries(['queries'], queries),
    whole: {
      ...originOf(pack),
      what: `pack "${name}"`,
      path: [],
      remove: () => draft.removePack(pack),
    },
  };
}

function renderRequests(draft: Draft): RenderedFile {
  const { requests } = draft;
  const first = requests[0] ?? { file: '', line: 1 };
  return {
    file: REQUESTS_FILE,
    text: yamlOf(first, requests.map(ruleOf)),
    parts: requests.map((request, index) => ({
      ...originOf(request),
      what: `query "${request.name}"`,
      path: [index],
      remove: () => remove(requests, request),
    })),
    whole: { ...originOf(first), what: 'the queries without a schedule', path: [], remove: () => requests.splice(0) },
  };
}

const MAX_ANSWERS = 200;

const ruleOf = ({ name, answers, sql, platforms, discovery }: DraftRequest) => ({
  rule: name,
  answers: answers.replace(/\s+/g, ' ').trim().slice(0, MAX_ANSWERS).trim(),
  on: { request: name },
  target: { host: 'detail.host' },
  platforms: [...platforms],
  expires: '1h',
  queries: { answer: { sql, discovery } },
});

const queriesOf = (queries: ReadonlyMap<string, DraftQuery>) =>
  Object.fromEntries([...queries].map(([name, { value }]) => [name, value]));

function partsOfQueries(at: readonly PropertyKey[], queries: Map<string, DraftQuery>): Removable[] {
  return [...queries].map(([name, query]) => ({
    ...originOf(query),
    what: `query "${name}"`,
    path: [...at, name],
    remove: () => queries.delete(name),
    query,
  }));
}

/** Members of these keys are parts of their own; every other key is one part. */
const MAPS: ReadonlySet<string> = new Set([
  ...['options', 'views', 'file_paths', 'file_paths_query', 'exclude_paths', 'auto_table_construction'],
]);

function partsOfBody(profile: DraftProfile): Removable[] {
  const { body } = profile;
  const origin = (...path: readonly PropertyKey[]) => profile.originOf?.(...path) ?? originOf(profile);
  return Object.entries(body).flatMap(([key, value]) => {
    const whole = { ...origin(key), what: `"${key}"`, path: [key], remove: () => delete body[key] };
    if (!MAPS.has(key) || typeof value !== 'object' || value === null || Array.isArray(value)) return [whole];
    const members = Object.keys(value).map((name) => ({
      ...origin(key, name),
      what: `"${name}" of "${key}"`,
      path: [key, name],
      remove: () => {
        Reflect.deleteProperty(value, name);
        if (Object.keys(value).length === 0) delete body[key];
      },
    }));
    return members.length > 0 ? members : [whole];
  });
}

const originOf = ({ file, line }: Origin): Origin => ({ file, line });

function remove<T>(list: T[], one: T): void {
  const index = list.indexOf(one);
  if (index >= 0) list.splice(index, 1);
}

function yamlOf({ file }: Origin, value: unknown): string {
  const from = file === '' ? '' : `# Imported from ${JSON.stringify(file)}.\n`;
  return `${from}${stringify(value, { lineWidth: 120, blockQuote: 'literal', aliasDuplicateObjects: false })}`;
}
