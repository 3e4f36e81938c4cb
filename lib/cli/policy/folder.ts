import { packPolicy } from '../../aws/policy/policy-store.ts';
import { MayflyError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { compilePolicy, type Problem, readPolicyFolder, strayFiles } from '../../policy-compiler/index.ts';
import { quoted } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { colours, count, note, printable } from '../terminal/print.ts';
import { contents } from './contents.ts';

/** A policy folder as it is on disk. */
export interface Folder {
  readonly dir: string;
  readonly sources: Readonly<Record<string, string>>;
  /** Undefined when a problem is an error. */
  readonly policy?: Policy;
  readonly problems: readonly Problem[];
}

/** A folder whose policy can be pushed. */
export interface GoodFolder extends Folder {
  readonly policy: Policy;
}

/** Reads and checks a policy folder; `problems` holds what is wrong with it. @throws when there is no such folder */
export function openFolder(dir: string): Folder {
  const files = filesOf(dir);
  const strays = strayFiles(dir).map((file) => [file, ''] as const);
  const { policy, problems } = compilePolicy(new Map([...files, ...strays]));
  const sources = Object.fromEntries(files);
  const tooLarge = policy ? sizeProblem(policy, sources) : [];
  return { dir, sources, problems: [...problems, ...tooLarge], policy: tooLarge.length === 0 ? policy : undefined };
}

function filesOf(dir: string): ReadonlyMap<string, string> {
  try {
    return readPolicyFolder(dir);
  } catch (cause) {
    const next = `name its folder, or make one with "npx mayfly policy init ${quoted(dir)}"`;
    throw new CommandError('NOT_FOUND', `no policy in ${dir}`, { next, cause });
  }
}

function sizeProblem(policy: Policy, sources: Folder['sources']): Problem[] {
  try {
    packPolicy({ policy, sources });
    return [];
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error;
    return [{ severity: 'error', file: '.', line: 1, column: 1, message: error.message }];
  }
}

/** Opens a folder and prints its problems. @throws {CommandError} when one of them is an error */
export function goodFolder(dir: string): GoodFolder {
  const folder = openFolder(dir);
  if (folder.problems.length > 0) note(problemLines(folder, process.stderr));
  if (isGood(folder)) return folder;
  throw new CommandError('REFUSED', `${verdict(folder)}; the live version is unchanged`);
}

const isGood = (folder: Folder): folder is GoodFolder => folder.policy !== undefined;

/** `file:line:column: severity: message`, the format of editors and CI, with the hint on the next line. */
export function problemLines({ dir, problems }: Folder, stream: NodeJS.WriteStream): string {
  const paint = colours(stream);
  return problems
    .flatMap(({ severity, file, line, column, message, hint }) => [
      `${paint.bold(`${dir}/${printable(file)}:${line}:${column}:`)} ` +
        `${severity === 'error' ? paint.red('error:') : paint.yellow('warning:')} ${printable(message)}`,
      ...(hint ? [`    ${paint.dim(printable(hint))}`] : []),
    ])
    .join('\n');
}

/** One line about the whole folder. */
export function verdict({ dir, policy, problems }: Folder): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const found = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(problems.length > errors ? [count(problems.length - errors, 'warning')] : []),
  ];
  return `${dir}: ${policy ? `${contents(policy)}: ` : ''}${found.length > 0 ? found.join(', ') : 'no problems'}`;
}
