/** What a file of a policy folder holds. */
export type PolicyFileKind = 'settings' | 'rules' | 'config' | 'packs';

/** By its path in the folder; undefined for what is no part of a policy. */
export function kindOf(path: string): PolicyFileKind | undefined {
  if (/^policy\.ya?ml$/.test(path)) return 'settings';
  if (/^rules\/.+\.ya?ml$/.test(path)) return 'rules';
  if (/^config\/.+\.ya?ml$/.test(path)) return 'config';
  return /^packs\/.+\.(?:conf|json|ya?ml)$/.test(path) ? 'packs' : undefined;
}
