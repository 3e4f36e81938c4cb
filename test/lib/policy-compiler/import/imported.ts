import { type ImportedPolicy, importPolicy } from '../../../../lib/policy-compiler/import/import-policy.ts';
import { compilePolicy } from '../../../../lib/policy-compiler/index.ts';

/** Imports files into an empty policy. */
export const imported = (files: Readonly<Record<string, string>>): ImportedPolicy =>
  importPolicy(new Map(Object.entries(files)), { existing: new Map(), packs: [] });

/** The profiles of an imported policy as agents get them, by name. */
export function configsOf({ files }: ImportedPolicy): Record<string, Record<string, unknown>> {
  const { policy, problems } = compilePolicy(files);
  if (!policy) throw new Error(JSON.stringify(problems));
  return Object.fromEntries(policy.profiles.map(({ name, config }) => [name, config as Record<string, unknown>]));
}

/** The notes of one kind, as `file:line what`. */
export const notesOf = ({ notes }: ImportedPolicy, kind: 'left-out' | 'changed' | 'to-do'): string[] =>
  notes.filter((note) => note.kind === kind).map(({ file, line, what }) => `${file}:${line} ${what}`);
