import { hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Policy, PolicyVersion } from '../../core/policy/policy.ts';
import { type NewVersion, SHIPPED_BY, versionAfter } from '../../core/policy/policy-version.ts';
import { diffPolicies, type PolicyDiff } from '../../policy-compiler/index.ts';
import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import { type DeploymentFlags, quoted } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { withIsoTimes } from '../terminal/iso.ts';
import { colours, note, printable, say, sayJson, when } from '../terminal/print.ts';
import { baseOf, rememberBase } from './base.ts';
import { diffLines, sameSources } from './diff.ts';
import { goodFolder } from './folder.ts';
import { versionAt } from './show.ts';

interface PushFlags extends DeploymentFlags {
  /** Push only if this version is live. */
  readonly expect?: number;
  readonly message?: string;
  /** Do not ask for confirmation. */
  readonly yes?: boolean;
  readonly json: boolean;
}

/** What is to become the live version. */
interface Publication {
  readonly policy: Policy;
  readonly sources: PolicyVersion['sources'];
  readonly message: string;
  /** The policy folder; a rollback has none. */
  readonly dir?: string;
}

/** What publishing would change. */
interface Plan {
  readonly next: PolicyVersion;
  readonly changes: PolicyDiff;
  /** The live version has the same policy and the same files. */
  readonly isLiveAlready: boolean;
  /** What the operator has to confirm first. */
  readonly questions: readonly string[];
}

/** Checks a folder, shows what it changes, and makes it live. @throws {CommandError} for errors, or when it lost a race */
export async function push(dir: string, flags: PushFlags & { message: string }): Promise<void> {
  const { policy, sources } = goodFolder(dir);
  await withDeployment(flags, async (deployment) => {
    const live = await deployment.store.current();
    const expect = flags.expect ?? baseOf(dir, deployment.name);
    // --expect names the version that the change was reviewed against, so it is confirmed.
    const yes = flags.yes || flags.expect !== undefined;
    await publish(deployment, { ...flags, expect, yes }, live, { policy, sources, message: flags.message, dir });
  });
}

/** Makes the content of an older version live again, as a new version. @throws {CommandError} when it lost a race */
export async function rollback(number: number | undefined, flags: PushFlags): Promise<void> {
  await withDeployment(flags, async (deployment) => {
    const live = await deployment.store.current();
    const to = number ?? (live ? live.version - 1 : 0);
    if (!live || to < 1)
      throw new CommandError('NOT_FOUND', `${deployment.name} has no version before the live one`, {
        next: `"npx mayfly policy history${deployment.chosen}" lists all versions`,
      });
    const { policy, sources, message } = await versionAt(deployment, to);
    if (policy.rules.length === 0) note(`mayfly: warning: version ${to} has no rule: it silences everything`);
    const said = flags.message ?? `Roll back to version ${to}: ${message}`;
    await publish(deployment, flags, live, { policy, sources, message: said });
  });
}

async function publish(
  deployment: Deployment,
  flags: PushFlags,
  live: PolicyVersion | undefined,
  publication: Publication,
): Promise<void> {
  const { dir } = publication;
  const { expect, json } = flags;
  const expected = live?.version ?? 0;
  if (expect !== undefined && expect !== expected) return overtaken(deployment, expect, json);
  const { next, changes, isLiveAlready, questions } = planOf(live, publication, flags);
  if (isLiveAlready) {
    if (json) return sayJson({ pushed: null, live: expected, changes });
    return say(`Nothing to push: version ${expected}, live at ${deployment.name}, is the same.`);
  }
  if (!json) say(diffLines(changes, process.stdout));
  if (dir !== undefined && questions.length > 0) await confirmed(questions, { dir, deployment, live: expected, json });
  if (!(await deployment.store.push(next, expected))) return overtaken(deployment, expected, json);
  if (dir !== undefined) rememberBase(dir, deployment.name, next.version);
  sayPushed(deployment, next, changes, json);
}

function planOf(
  live: PolicyVersion | undefined,
  { policy, sources, message, dir }: Publication,
  { expect, yes }: PushFlags,
): Plan {
  const draft: NewVersion = { policy, sources, message, pushedBy: me(), pushedAtMs: Date.now() };
  const next = versionAfter(live?.version ?? 0, draft);
  const changes = diffPolicies(live?.policy, policy);
  const isLiveAlready = live !== undefined && live.digest === next.digest && sameSources(live.sources, sources);
  const unseen = expect === undefined && live && ![me(), SHIPPED_BY].includes(live.pushedBy) ? live : undefined;
  const questions = dir === undefined || yes ? [] : questionsOf(changes, unseen);
  return { next, changes, isLiveAlready, questions };
}

function sayPushed({ name, chosen }: Deployment, next: PolicyVersion, changes: PolicyDiff, json: boolean): void {
  const { policy: _, sources: __, ...head } = next;
  if (json) {
    sayJson({ pushed: withIsoTimes(head), changes });
    return;
  }
  say(colours().green(`Version ${next.version} is live at ${name}; functions follow within 30 s.`));
  if (next.version > 1) say(colours().dim(`To undo: npx mayfly policy rollback ${next.version - 1}${chosen}`));
}

/** What an operator has to confirm: deleted rules and profiles, and a colleague's version that they have not seen. */
function questionsOf({ rules, profiles }: PolicyDiff, unseen: PolicyVersion | undefined): string[] {
  const gone = [
    ...rules.flatMap(({ kind, rule }) => (kind === 'removed' ? [`the rule ${rule}`] : [])),
    ...profiles.flatMap(({ kind, profile }) => (kind === 'removed' ? [`the profile ${profile}`] : [])),
  ];
  return [
    ...(gone.length > 0 ? [`it deletes ${gone.join(', ')}`] : []),
    ...(unseen
      ? [
          `it replaces version ${unseen.version} of ${printable(unseen.pushedBy)}, with which this folder was never compared`,
        ]
      : []),
  ];
}

/** Asks for confirmation at a terminal; elsewhere --yes is needed. @throws {CommandError} when it is not confirmed */
async function confirmed(
  questions: readonly string[],
  { dir, deployment, live, json }: { dir: string; deployment: Deployment; live: number; json: boolean },
): Promise<void> {
  const why = questions.join('; ');
  if (process.stdin.isTTY && !json) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await lines.question(`This push: ${why}. Continue? [y/N] `);
    lines.close();
    if (/^y(?:es)?$/i.test(answer.trim())) return;
  }
  if (json) sayJson({ pushed: null, live, unconfirmed: questions });
  throw new CommandError(
    'UNCONFIRMED',
    `nothing is pushed: ${why}; the live version at ${deployment.name} is unchanged`,
    {
      next: `look at "npx mayfly policy diff ${quoted(dir)}${deployment.chosen}", then push with --yes`,
    },
  );
}

/** Prints who pushed what since a version. @throws {CommandError} always */
async function overtaken({ name, store, chosen }: Deployment, expected: number, json: boolean): Promise<never> {
  const live = await store.current();
  const between = (await store.history(SHOWN)).filter(({ version }) => version > expected);
  if (json) sayJson({ pushed: null, expected, live: live?.version ?? 0, between: between.map(withIsoTimes) });
  for (const { version, pushedBy, pushedAtMs, message } of between) {
    note(`  ${version}  ${when(pushedAtMs)}  ${printable(pushedBy)}: ${printable(message)}`);
  }
  const seen = expected > 0 ? await store.version(expected) : undefined;
  if (live && between.length > 0) note(diffLines(diffPolicies(seen?.policy, live.policy), process.stderr));
  const is = `not version ${expected} but ${live?.version ?? 'none'} is live at ${name}`;
  throw new CommandError('REFUSED', `nothing is pushed: ${is}`, {
    next: `merge that into your folder, check "npx mayfly policy diff${chosen}", and push again`,
  });
}

const SHOWN = 20;

/** The name that the history shows for this push. */
function me(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}@${hostname()}`; // a container's user may have no name
  }
}
