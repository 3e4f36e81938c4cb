/** Writing a policy: from a folder of YAML to the document the functions read, and all that is wrong with it. */
export { compilePolicy } from './compile.ts';
export { diffPolicies, type PolicyDiff } from './diff.ts';
export { diffText } from './diff-text.ts';
export { readPolicyFolder, strayFiles } from './folder.ts';
export type { Problem } from './problem.ts';
