import { MAX_LOG_BODY_BYTES, oddCharacter } from '../compile/check-config.ts';
import { type Draft, type DraftProfile, ImportRefused, type Origin } from './draft.ts';
import { objectOf } from './json.ts';
import { acceptFast } from './scheduled-query.ts';

/** Values that fit the front: see checkOptions. */
const LOG_LIMITS = { logger_tls_max_lines: 256, logger_tls_max_linesize: 16_384 };

/** Drops the imported default profile, if the policy has one already. @throws {ImportRefused} if it has more than packs */
export function dropDefault(draft: Draft): void {
  const own = draft.profiles.find(({ match }) => !match);
  if (!own) return;
  if (Object.keys(own.body).length + own.schedule.size > 0) {
    throw new ImportRefused(
      'the policy has a default profile already: import into a new folder, which gets the default rules too',
    );
  }
  draft.profiles.splice(draft.profiles.indexOf(own), 1);
  draft.toDo(own, 'packs', `name them in "packs" of a profile: ${own.packs.join(', ')}`);
}

/** Leaves out what would make a whole configuration unusable, and accepts fast schedules. */
export function finishQueries(draft: Draft): void {
  const all = [...draft.profiles.map(({ schedule }) => schedule), ...draft.packs.map((pack) => pack.queries)];
  for (const queries of all) {
    for (const [name, query] of queries) {
      acceptFast(draft, name, query);
      if (isUnsendable(draft, query, `query "${name}"`, [name, query.value])) queries.delete(name);
    }
  }
  for (const { body, ...origin } of draft.profiles) {
    const odd = Object.entries(body).filter(([key, value]) => isUnsendable(draft, origin, `"${key}"`, value));
    for (const [key] of odd) delete body[key];
  }
  // Without its discovery a pack would run on more hosts.
  for (const pack of [...draft.packs]) {
    if (isUnsendable(draft, pack, `pack "${pack.name}"`, pack.body)) draft.removePack(pack);
  }
}

/** Whether a part has a character that makes the whole configuration unusable; if so, notes that it is left out. */
function isUnsendable(draft: Draft, origin: Origin, what: string, value: unknown): boolean {
  const odd = oddCharacter(value);
  if (odd === undefined) return false;
  draft.leaveOut(origin, what, `it contains the character ${odd}, which osquery writes in another way`);
  return true;
}

/** Adds an empty default profile, if there is none. */
export function addDefault(draft: Draft): void {
  if (draft.profiles.some(({ match }) => !match)) return;
  const { file, line } = draft.profiles[0] ?? draft.packs[0] ?? draft.requests[0] ?? { file: '', line: 1 };
  draft.addProfile({ file, line, name: 'default', body: {}, schedule: new Map(), packs: [] });
}

/** Adds the packs that the policy's rules need. Rules find their results by names with `/`. */
export function finishProfile(draft: Draft, profile: DraftProfile, needed: readonly string[]): void {
  finishOptions(draft, profile);
  const options = objectOf(profile.body.options);
  const isFree = options.pack_delimiter === undefined && draft.packs.length === 0;
  const delimiter = isFree && needed.length > 0 ? '/' : options.pack_delimiter;
  if (delimiter !== '/') {
    noteUnused(draft, profile, needed);
    return;
  }
  profile.body.options = { ...options, pack_delimiter: '/' };
  profile.packs = [...new Set([...profile.packs, ...needed])];
}

/** Another `pack_delimiter` renames what the packs log, so a person decides. */
function noteUnused(draft: Draft, profile: DraftProfile, needed: readonly string[]): void {
  const missing = needed.filter((pack) => !profile.packs.includes(pack));
  if (missing.length === 0) return;
  const why =
    'rules need its results: add it to "packs" and set "pack_delimiter: /", which renames the results of packs, ' +
    'or delete these rules';
  draft.toDo(profile, `pack ${missing.map((pack) => `"${pack}"`).join(', ')} for profile "${profile.name}"`, why);
}

function finishOptions(draft: Draft, profile: DraftProfile): void {
  const options = { ...objectOf(profile.body.options) };
  const { logger_tls_max_lines: lines = 1024, logger_tls_max_linesize: size = options.logger_tls_max ?? 1_048_576 } =
    options;
  if (!(Number(lines) * Number(size) <= MAX_LOG_BODY_BYTES)) {
    delete options.logger_tls_max;
    Object.assign(options, LOG_LIMITS);
    draft.change(
      profile,
      `profile "${profile.name}"`,
      'logger_tls_max_lines and logger_tls_max_linesize are lowered, so that a body stays within the limits of API Gateway',
    );
  }
  if (String(options.disable_distributed) === 'true') {
    options.disable_distributed = false;
    draft.change(
      profile,
      `profile "${profile.name}"`,
      'disable_distributed is set to false: Mayfly sends its queries this way',
    );
  }
  profile.body.options = options;
}
