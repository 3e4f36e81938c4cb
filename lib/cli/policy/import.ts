import { readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type ImportedPolicy,
  type ImportNote,
  ImportRefused,
  importPolicy,
  readPolicyFolder,
  readStart,
} from '../../policy-compiler/index.ts';
import { quoted } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { hasCode } from '../errors/exit.ts';
import { colours, count, note, printable, prose, say, sayJson } from '../terminal/print.ts';
import { checkOwn, DEFAULT_FOLDER } from './init.ts';

/** The pack that the default rules need. */
const NEEDED_PACK = 'container-events';
/** What a new folder gets of the default policy. */
const DEFAULTS = new RegExp(`^(?:policy\\.yaml|rules/.*|packs/${NEEDED_PACK}\\.conf)$`);

/** Makes a policy from the files of another server, and prints what was left out or changed. */
export async function importFrom(
  source: string,
  { to, json }: { readonly to: string; readonly json: boolean },
): Promise<void> {
  const before = filesOf(to);
  const isNew = ![...before.keys()].some((file) => file.startsWith('rules/'));
  const defaults = isNew ? defaultFiles(before) : new Map<string, string>();
  const existing = new Map([...defaults, ...before]);
  const packs = isNew ? [NEEDED_PACK] : [];
  const imported = attempt(source, () => importPolicy(sourcesIn(source), { existing, packs }));
  checkOwn(to);
  const files = new Map([...imported.files, ...defaults]);
  const conflict = [...files.keys()].find((file) => before.has(file));
  if (conflict)
    throw new CommandError('REFUSED', `${join(to, conflict)} exists already: nothing is written`, {
      next: 'import into a new folder, with --to',
    });
  for (const [file, text] of files) await write(join(to, file), text);
  if (json) sayJson(resultOf(imported, { source, to, written: [...files.keys()].sort() }));
  else print(imported, { to, files: imported.files, isNew });
}

function attempt(source: string, work: () => ImportedPolicy): ImportedPolicy {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error;
    if (error.notes.length > 0) note(error.notes.map((one) => `${line(one)}: ${printable(one.why)}`).join('\n'));
    throw new CommandError('REFUSED', `${source}: ${error.message}`, { cause: error });
  }
}

function resultOf(
  { profiles, packs, scheduled, requests, notes, warnings }: ImportedPolicy,
  where: { readonly source: string; readonly to: string; readonly written: readonly string[] },
) {
  const of = (kind: ImportNote['kind']) => notes.flatMap(({ kind: own, ...rest }) => (own === kind ? [rest] : []));
  const counts = { profiles, packs, scheduledQueries: scheduled, requestRules: requests };
  return { ...where, ...counts, leftOut: of('left-out'), changed: of('changed'), toDo: of('to-do'), warnings };
}

const HEADINGS: Readonly<Record<ImportNote['kind'], string>> = {
  'left-out': 'Left out',
  changed: 'Changed',
  'to-do': 'Next steps',
};

function print(
  { profiles, packs, scheduled, requests, notes, warnings }: ImportedPolicy,
  { to, files, isNew }: { readonly to: string; readonly files: ReadonlyMap<string, string>; readonly isNew: boolean },
): void {
  const { bold, dim } = colours();
  for (const file of files.keys()) say(`  ${join(to, file)}`);
  const parts = [
    count(profiles, 'profile'),
    count(packs, 'pack'),
    count(scheduled, 'scheduled query', 'scheduled queries'),
    count(requests, 'rule on request', 'rules on request'),
  ];
  say(prose(`${parts.join(', ')}.${isNew ? ' The default rules and settings are there too.' : ''}`));
  for (const kind of ['left-out', 'changed', 'to-do'] as const) {
    const own = notes.filter((one) => one.kind === kind);
    if (own.length === 0) continue;
    say(`\n${bold(`${HEADINGS[kind]} (${own.length})`)}`);
    for (const one of own) say(`${prose(line(one), '  ')}\n${dim(prose(printable(one.why), '      '))}`);
  }
  const check = warnings > 0 ? ` (${count(warnings, 'warning')})` : '';
  say(`\nRead the files, then run: npx mayfly policy check ${quoted(to)}${check}`);
}

const line = ({ file, line: at, what }: ImportNote): string => printable(file === '' ? what : `${file}:${at}  ${what}`);

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { flag: 'wx' });
}

function filesOf(dir: string): ReadonlyMap<string, string> {
  try {
    return readPolicyFolder(dir);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return new Map();
    throw error;
  }
}

const defaultFiles = (before: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([...readPolicyFolder(DEFAULT_FOLDER)].filter(([file]) => DEFAULTS.test(file) && !before.has(file)));

const MAX_FILES = 2000;
const MAX_CHARACTERS = 20_000_000;

/** The files to import: path with `/` → text. Hidden files and symbolic links in a folder are skipped. */
function sourcesIn(source: string): ReadonlyMap<string, string> {
  const stats = statSync(source, { throwIfNoEntry: false });
  if (!stats) throw new CommandError('NOT_FOUND', `there is no file or folder ${source}`);
  if (stats.isFile()) return new Map([[basename(source), readStart(source)]]);
  if (!stats.isDirectory()) throw new CommandError('REFUSED', `${source} is neither a file nor a folder`);
  const files = new Map<string, string>();
  let characters = 0;
  for (const path of pathsIn(source, '')) {
    const text = readStart(join(source, path));
    files.set(path, text);
    characters += text.length;
    if (files.size > MAX_FILES) throw tooMuch(`${source} has more than ${MAX_FILES} files`);
    if (characters > MAX_CHARACTERS) throw tooMuch(`${source} has more than ${MAX_CHARACTERS} characters`);
  }
  return files;
}

const tooMuch = (message: string): CommandError =>
  new CommandError('REFUSED', message, { next: 'import a part of it' });

function* pathsIn(folder: string, under: string): Generator<string> {
  const entries = readdirSync(join(folder, under), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) yield* pathsIn(folder, path);
    else if (entry.isFile() && /\.(?:ya?ml|json|conf)$/i.test(entry.name)) yield path;
  }
}
