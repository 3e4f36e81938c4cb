/** What a file of a policy folder holds. */
export type PolicyFileKind = 'settings' | 'rules' | 'config' | 'packs';

/** By its path in the folder; undefined for what is no part of a policy. */
export function kindOf(path: string): PolicyFileKind | undefined {
  if (/^policy\.ya?ml$/.test(path)) return 'settings';
  if (/^rules\/.+\.ya?ml$/.test(path)) return 'rules';
  if (/^config\/.+\.ya?ml$/.test(path)) return 'config';
  return /^packs\/.+\.(?:conf|json|ya?ml)$/.test(path) ? 'packs' : undefined;
}

/** Whether a file looks as if it were meant for the policy. Hidden files, `examples/` and the compiled policy are not. */
export const isMeant = (path: string): boolean =>
  /\.(?:ya?ml|conf|json|sql)$/i.test(path) && !/^examples\/|(?:^|\/)\.|^built-in\.json$/.test(path);
