/** The kinds of files in a policy folder. */
export type PolicyFileKind = 'settings' | 'rules' | 'config' | 'packs';

/** The kind of a file, by its path in the folder; undefined if it is not part of a policy. */
export function kindOf(path: string): PolicyFileKind | undefined {
  if (/^policy\.ya?ml$/.test(path)) return 'settings';
  if (/^rules\/.+\.ya?ml$/.test(path)) return 'rules';
  if (/^config\/.+\.ya?ml$/.test(path)) return 'config';
  return /^packs\/.+\.(?:conf|json|ya?ml)$/.test(path) ? 'packs' : undefined;
}

/** Whether a file looks like part of a policy. Hidden files, `examples/` and the compiled policy do not. */
export const isMeant = (path: string): boolean =>
  /\.(?:ya?ml|conf|json|sql)$/i.test(path) && !/^examples\/|(?:^|\/)\.|^built-in\.json$/.test(path);
