import { hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Policy, PolicyVersion } from '../../core/policy/policy.ts';
import { type Draft, SHIPPED_BY, versionAfter } from '../../core/policy/policy-version.ts';
import { diffPolicies, type PolicyDiff } from '../../policy-compiler/index.ts';
import { type Deployment, type DeploymentFlags, withDeployment } from '../deployment.ts';
import { Exit } from '../exit.ts';
import { colours, note, printable, say, sayJson, when } from '../print.ts';
import { baseOf, rememberBase } from './base.ts';
import { diffLines, sameSources } from './diff.ts';
import { goodFolder } from './folder.ts';
import { versionAt } from './show.ts';

interface PushFlags extends DeploymentFlags {
  /** Nothing is pushed unless this version is live. */
  readonly expect?: number;
  readonly message?: string;
  /** Do what would otherwise be asked first. */
  readonly yes?: boolean;
  readonly json: boolean;
}

/** What a push would make live, and on what it is based. */
interface Publication {
  readonly policy: Policy;
  readonly sources: PolicyVersion['sources'];
  readonly message: string;
  /** The folder it comes from; a rollback comes from none. */
  readonly dir?: string;
}

/** Checks a folder, shows what it changes, and makes it live. @throws {Exit} 1 when it has errors or lost a race */
export async function push(dir: string, flags: PushFlags & { message: string }): Promise<void> {
  const { policy, sources } = goodFolder(dir);
  await withDeployment(flags, async (place) => {
    const live = await place.store.current();
    const expect = flags.expect ?? baseOf(dir, place.name);
    // A change that was reviewed against a version was confirmed there.
    const yes = flags.yes || flags.expect !== undefined;
    await publish(place, { ...flags, expect, yes }, live, { policy, sources, message: flags.message, dir });
  });
}

/** Makes the content of an older version live again, as a new version. @throws {Exit} 1 when it lost a race */
export async function rollback(number: number | undefined, flags: PushFlags): Promise<void> {
  await withDeployment(flags, async (place) => {
    const live = await place.store.current();
    const to = number ?? (live ? live.version - 1 : 0);
    if (!live || to < 1) throw new Error(`${place.name} has no version before the live one`);
    const { policy, sources, message } = await versionAt(place, to);
    if (policy.rules.length === 0) note(`mayfly: warning: version ${to} has no rule: it silences everything`);
    const said = flags.message ?? `Roll back to version ${to}: ${message}`;
    await publish(place, flags, live, { policy, sources, message: said });
  });
}

async function publish(
  place: Deployment,
  { expect, yes, json }: PushFlags,
  live: PolicyVersion | undefined,
  { policy, sources, message, dir }: Publication,
): Promise<void> {
  const expected = live?.version ?? 0;
  if (expect !== undefined && expect !== expected) return overtaken(place, expect, json);
  const draft: Draft = { policy, sources, message, pushedBy: me(), pushedAtMs: Date.now() };
  const next = versionAfter(expected, draft);
  const changes = diffPolicies(live?.policy, policy);
  if (live && live.digest === next.digest && sameSources(live.sources, sources)) {
    if (json) return sayJson({ pushed: null, live: expected, changes });
    return say(`Nothing to push: version ${expected}, live at ${place.name}, says the same.`);
  }
  if (!json) say(diffLines(changes, process.stdout));
  const unseen = expect === undefined && live && ![me(), SHIPPED_BY].includes(live.pushedBy) ? live : undefined;
  const questions = dir === undefined || yes ? [] : questionsOf(changes, unseen);
  if (dir !== undefined && questions.length > 0) await confirmed(questions, { dir, place, live: expected, json });
  if (!(await place.store.push(next, expected))) return overtaken(place, expected, json);
  if (dir !== undefined) rememberBase(dir, place.name, next.version);
  const { policy: _, sources: __, ...head } = next;
  if (json) return sayJson({ pushed: head, changes });
  say(colours().green(`Version ${next.version} is live at ${place.name}; functions follow within 30 s.`));
  if (expected > 0) say(colours().dim(`Back again: npx mayfly policy rollback ${expected}`));
}

/** What a person has to agree to: rules and profiles that go, and a colleague's version that was never looked at. */
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

/** Asks at a terminal; elsewhere a flag has to say yes. @throws {Exit} 1 where the answer is not yes */
async function confirmed(
  questions: readonly string[],
  { dir, place, live, json }: { dir: string; place: Deployment; live: number; json: boolean },
): Promise<void> {
  const why = questions.join('; ');
  if (process.stdin.isTTY && !json) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await lines.question(`This push: ${why}. Go on? [y/N] `);
    lines.close();
    if (/^y(?:es)?$/i.test(answer.trim())) return;
  }
  if (json) sayJson({ pushed: null, live, unconfirmed: questions });
  note(`mayfly: nothing is pushed: ${why}.`);
  note(`Look at "npx mayfly policy diff ${dir}", then push with --yes; what is live at ${place.name} stays live.`);
  throw new Exit(1);
}

/** Tells who has pushed what since a version. @throws {Exit} 1 */
async function overtaken({ name, store }: Deployment, expected: number, json: boolean): Promise<never> {
  const live = await store.current();
  const between = (await store.history(SHOWN)).filter(({ version }) => version > expected);
  if (json) sayJson({ pushed: null, expected, live: live?.version ?? 0, between });
  note(`mayfly: nothing is pushed: not version ${expected} but ${live?.version ?? 'none'} is live at ${name}.`);
  for (const { version, pushedBy, pushedAtMs, message } of between) {
    note(`  ${version}  ${when(pushedAtMs)}  ${printable(pushedBy)}: ${printable(message)}`);
  }
  const seen = expected > 0 ? await store.version(expected) : undefined;
  if (live && between.length > 0) note(diffLines(diffPolicies(seen?.policy, live.policy), process.stderr));
  note('Bring that into your folder, look at "npx mayfly policy diff", and push again.');
  throw new Exit(1);
}

const SHOWN = 20;

/** Who pushes, as the history will tell. */
function me(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}@${hostname()}`; // a container's user may have no name
  }
}
