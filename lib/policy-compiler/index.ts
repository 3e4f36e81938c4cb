/** Compiles a folder of YAML into the policy that the functions read, with all problems; compares policies. */
export { type AdHocReport, lintAdHoc } from './ad-hoc.ts';
export { compilePolicy } from './compile/compile.ts';
export { diffPolicies, type PolicyDiff } from './diff.ts';
export { diffText } from './diff-text.ts';
export { readPolicyFolder, readStart, strayFiles } from './folder.ts';
export { type ImportNote, ImportRefused } from './import/draft.ts';
export { type ImportedPolicy, importPolicy } from './import/import-policy.ts';
export type { Problem } from './source/problem.ts';
