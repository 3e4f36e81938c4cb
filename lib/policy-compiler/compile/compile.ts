import * as z from 'zod';
import { canonical } from '../../core/policy/canonical.ts';
import { globMatcher } from '../../core/policy/glob.ts';
import type { NodeMatch, Platform, Policy } from '../../core/policy/policy.ts';
import { seconds } from '../format/duration.ts';
import { Match } from '../format/match.ts';
import { Settings, type SettingsText } from '../format/settings.ts';
import { OsqueryDatabases } from '../lint/osquery-databases.ts';
import { nearest } from '../source/nearest.ts';
import { inOrder, type Problem } from '../source/problem.ts';
import { readShape } from '../source/shape-problems.ts';
import { MAX_FILE_CHARACTERS, SourceDocument } from '../source/source-document.ts';
import { type CompiledPack, type CompiledProfile, compilePack, compileProfile, packName } from './compile-profiles.ts';
import { type CompiledRule, compileRules } from './compile-rules.ts';
import { ownTables } from './own-tables.ts';
import { platformsOfMatch } from './platforms.ts';
import { kindOf, type PolicyFileKind } from './policy-file.ts';

export interface Compilation {
  /** Undefined when a problem is an error. */
  readonly policy?: Policy;
  readonly problems: readonly Problem[];
}

/**
 * Compiles a policy folder, and reports every problem in it.
 *
 * The same files give the same policy, key for key, and the same problems, whatever the order of the map.
 *
 * @param files path in the folder, with `/` → text
 * @example const { policy, problems } = compilePolicy(readPolicyFolder('policy'));
 * @see docs/reference/policy.md
 */
export function compilePolicy(files: ReadonlyMap<string, string>): Compilation {
  const problems: Problem[] = [];
  const documents = readFiles(files, problems);
  const settings = readSettings(documents.settings, problems);
  const databases = new OsqueryDatabases(ownTables(settings, documents.config));
  try {
    const reading = (document: SourceDocument) => ({ document, problems, databases });
    const platforms = platformsOfPacks(documents.config);
    const packs = unique(
      documents.packs.flatMap(
        (document) => compilePack(reading(document), platforms.get(packName(document.file)) ?? ['linux']) ?? [],
      ),
      ({ name, document }) => ({ name, document, at: document.position() }),
      'pack',
      problems,
    );
    const packsByName = new Map<string, CompiledPack | undefined>(
      [...files.keys()].flatMap((file) => (kindOf(file) === 'packs' ? [[packName(file), undefined]] : [])),
    );
    for (const pack of packs) packsByName.set(pack.name, pack);
    const profiles = unique(
      documents.config.flatMap((document) => compileProfile(reading(document), packsByName) ?? []),
      ({ profile, document }) => ({ name: profile.name, document, at: document.position(['profile']) }),
      'profile',
      problems,
    );
    const rules = unique(
      documents.rules.flatMap((document) => compileRules(reading(document))),
      ({ rule, document, at }) => ({ name: rule.name, document, at }),
      'rule',
      problems,
    );
    checkDefault(profiles, documents.config, problems);
    checkShadows(profiles, problems);
    checkUse(packs, documents.config, problems);
    checkSilence(rules, profiles, problems);
    const found = inOrder(problems);
    if (found.some(({ severity }) => severity === 'error')) return { problems: found };
    return { policy: assemble(rules, profiles, settings), problems: found };
  } finally {
    databases.close();
  }
}

/** The databases that check SQL under the policy in these files. The caller closes them. */
export function databasesOf(files: ReadonlyMap<string, string>): OsqueryDatabases {
  const documents = readFiles(files, []);
  const settings = readSettings(documents.settings, []);
  return new OsqueryDatabases(ownTables(settings, documents.config));
}

type Documents = Readonly<Record<PolicyFileKind, SourceDocument[]>>;

function readFiles(files: ReadonlyMap<string, string>, problems: Problem[]): Documents {
  const documents: Documents = { settings: [], rules: [], config: [], packs: [] };
  for (const file of [...files.keys()].sort()) {
    const text = files.get(file) ?? '';
    const kind = kindOf(file);
    const start = { file, line: 1, column: 1 };
    if (text.length > MAX_FILE_CHARACTERS) {
      const message = `larger than ${MAX_FILE_CHARACTERS} characters: not read`;
      problems.push({ severity: 'error', ...start, message });
    } else if (kind === undefined) {
      const hint = 'policy.yaml, rules/*.yaml, config/*.yaml and packs/*.conf make a policy';
      problems.push({ severity: 'warning', ...start, message: 'not a file of a policy: ignored', hint });
    } else {
      const document = new SourceDocument(file, text);
      problems.push(...document.problems);
      if (!document.problems.some(({ severity }) => severity === 'error')) documents[kind].push(document);
    }
  }
  return documents;
}

function readSettings([document, ...others]: readonly SourceDocument[], problems: Problem[]): SettingsText {
  for (const other of others) problems.push(other.error([], `the settings are in ${document?.file} already`));
  const read = document?.value ? readShape(Settings, { document, problems }) : undefined;
  return read ?? Settings.parse({});
}

/** Removes all but the first of several with the same name, and reports the others. */
function unique<T>(
  all: readonly T[],
  of: (one: T) => { name: string; document: SourceDocument; at: { line: number; column: number } },
  what: string,
  problems: Problem[],
): T[] {
  const first = new Map<string, ReturnType<typeof of>>();
  return all.filter((one) => {
    const { name, document, at } = of(one);
    const before = first.get(name);
    if (!before) {
      first.set(name, of(one));
      return true;
    }
    const where = `${before.document.file}:${before.at.line}:${before.at.column}`;
    problems.push(document.problem('error', at, `there is already a ${what} "${name}"`, `the other is at ${where}`));
    return false;
  });
}

function checkDefault(profiles: readonly CompiledProfile[], documents: readonly SourceDocument[], problems: Problem[]) {
  const [first, ...others] = profiles.filter(({ profile }) => !profile.match);
  const allRead = profiles.length === documents.length;
  if (!first && allRead) {
    problems.push({
      severity: 'error',
      file: documents[0]?.file ?? 'config',
      line: 1,
      column: 1,
      message: 'no profile is the default: a node that matches none would get no configuration',
      hint: 'exactly one profile has no "match"',
    });
  }
  for (const { document, profile } of others) {
    const message = `two profiles have no "match": "${first?.profile.name}" is the default already, so "${profile.name}" is never used`;
    problems.push(document.error(['profile'], message));
  }
}

/** Warns about profiles that are never used, because an earlier one takes every node that they match. */
function checkShadows(profiles: readonly CompiledProfile[], problems: Problem[]): void {
  const ordered = inTurn(profiles);
  for (const [index, { profile, document }] of ordered.entries()) {
    const before = ordered.slice(0, index).find((one) => covers(one.profile.match, profile.match));
    if (!before) continue;
    const message = `"${profile.name}" is never used: "${before.profile.name}" comes first and takes every node it matches`;
    problems.push(document.warning(['match'], message, 'give it a lower order'));
  }
}

/** Whether every node that meets the second conditions meets the first, judged by their globs. */
function covers(first: NodeMatch | undefined, second: NodeMatch | undefined): boolean {
  if (!first || !second) return false;
  const { tags = {}, seenWithinSeconds, ...texts } = first;
  const takes = (wide: readonly string[] | undefined, narrow: readonly string[] | undefined) =>
    !wide || (narrow?.every((glob) => wide.some((one) => one === glob || globMatcher(one)(glob))) ?? false);
  return (
    seenWithinSeconds === undefined &&
    Object.entries(texts).every(([name, globs]) => takes(globs, second[name as keyof typeof texts])) &&
    Object.entries(tags).every(([name, globs]) => takes(globs, second.tags?.[name]))
  );
}

/** Pack name → the platforms of the hosts whose profiles use it. */
function platformsOfPacks(profiles: readonly SourceDocument[]): ReadonlyMap<string, readonly Platform[]> {
  const found = new Map<string, readonly Platform[]>();
  for (const { value } of profiles) {
    const { match, packs } = UsedPacks.parse(value);
    for (const pack of packs) {
      found.set(pack, [...new Set([...(found.get(pack) ?? []), ...platformsOfMatch(match)])]);
    }
  }
  return found;
}

/** The part of a profile that shows which hosts get its packs. compileProfile reports its problems. */
const UsedPacks = z
  .object({ match: Match.optional().catch(undefined), packs: z.array(z.string()).catch([]) })
  .catch({ match: undefined, packs: [] });

function checkUse(packs: readonly CompiledPack[], profiles: readonly SourceDocument[], problems: Problem[]): void {
  const used = new Set(profiles.flatMap(({ value }) => (value as { packs?: unknown } | null)?.packs ?? []));
  for (const { name, document } of packs) {
    if (!used.has(name)) problems.push(document.warning([], `no profile uses the pack "${name}"`));
  }
}

/** Warns about rules that nothing can trigger, and about a policy without any other rule. */
function checkSilence(rules: readonly CompiledRule[], profiles: readonly CompiledProfile[], problems: Problem[]): void {
  const logNames = profiles.flatMap((profile) => profile.logNames);
  const dead = rules.filter(({ rule, document, onPath, canMatch }) => {
    const asksNothing = rule.queries.length + rule.postMortem.length === 0;
    if (!('log' in rule.on)) return !canMatch || asksNothing;
    const { query } = rule.on.log;
    if (logNames.some(globMatcher(query))) return asksNothing;
    const near = nearest(query, logNames);
    problems.push(
      document.warning(
        [...onPath, 'log', 'query'],
        `no profile schedules a query that logs as "${query}": the rule is never triggered`,
        near ? `did you mean "${near}"?` : 'queries of a pack log as pack/<pack>/<query>, by pack_delimiter',
      ),
    );
    return true;
  });
  const isWhole = !problems.some(({ severity, file }) => severity === 'error' && kindOf(file) === 'rules');
  if (dead.length < rules.length || !isWhole) return;
  problems.push({
    severity: 'warning',
    file: rules[0]?.document.file ?? 'rules',
    line: 1,
    column: 1,
    message:
      rules.length === 0
        ? 'the policy has no rule: it would silence everything'
        : 'no rule of the policy can ever send a query: it would silence everything',
  });
}

function assemble(
  rules: readonly CompiledRule[],
  profiles: readonly CompiledProfile[],
  settings: SettingsText,
): Policy {
  const { limits, heat, ledger_keeps, ad_hoc } = settings;
  const ordered = inTurn(profiles);
  return canonical({
    rules: rules.map(({ rule }) => rule),
    profiles: ordered.map(({ profile }) => profile),
    limits: {
      queriesPerDelivery: limits.queries_per_delivery,
      pendingPerHost: limits.pending_per_host,
      spacingSeconds: seconds(limits.spacing),
      hostsPerTrigger: limits.hosts_per_trigger,
    },
    heatSeconds: seconds(heat),
    ledgerKeepsSeconds: seconds(ledger_keeps),
    adHoc: ad_hoc && { allow: ad_hoc.allow, forbidTables: ad_hoc.forbid_tables },
  });
}

/** Profiles in the order in which they are tried. */
function inTurn(profiles: readonly CompiledProfile[]): CompiledProfile[] {
  const rank = ({ profile, order }: CompiledProfile) => (profile.match ? order : Number.POSITIVE_INFINITY);
  const byName = (a: CompiledProfile, b: CompiledProfile) => (a.profile.name < b.profile.name ? -1 : 1);
  return [...profiles].sort((a, b) => (rank(a) === rank(b) ? byName(a, b) : rank(a) - rank(b)));
}
