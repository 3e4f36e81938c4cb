/** Compiles a folder of YAML into the policy that the functions read, with all problems; compares policies. */
export { compilePolicy } from './compile.ts';
export { diffPolicies, type PolicyDiff } from './diff.ts';
export { diffText } from './diff-text.ts';
export { readPolicyFolder, strayFiles } from './folder.ts';
export type { Problem } from './problem.ts';
