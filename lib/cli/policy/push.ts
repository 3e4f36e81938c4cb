import { hostname, userInfo } from 'node:os';
import type { Policy, PolicyVersion } from '../../core/policy/policy.ts';
import { type Draft, versionAfter } from '../../core/policy/policy-version.ts';
import { diffPolicies } from '../../policy/index.ts';
import { Exit } from '../exit.ts';
import { at, type Place, type PlaceFlags } from '../place.ts';
import { colours, note, printable, say, sayJson, when } from '../print.ts';
import { diffLines, sameSources } from './diff.ts';
import { goodFolder } from './folder.ts';
import { versionAt } from './show.ts';

interface PushFlags extends PlaceFlags {
  /** Nothing is pushed unless this version is live. */
  readonly expect?: number;
  readonly message?: string;
  readonly json: boolean;
}

/** Checks a folder, shows what it changes, and makes it live. @throws {Exit} 1 when it has errors or lost a race */
export async function push(dir: string, flags: PushFlags & { message: string }): Promise<void> {
  const { policy, sources } = goodFolder(dir);
  await at(flags, async (place) => {
    const live = await place.store.current();
    await publish(place, flags, live, { policy, sources, message: flags.message });
  });
}

/** Makes the content of an older version live again, as a new version. @throws {Exit} 1 when it lost a race */
export async function rollback(number: number | undefined, flags: PushFlags): Promise<void> {
  await at(flags, async (place) => {
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
  place: Place,
  { expect, json }: PushFlags,
  live: PolicyVersion | undefined,
  { policy, sources, message }: { policy: Policy; sources: PolicyVersion['sources']; message: string },
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
  if (!(await place.store.push(next, expected))) return overtaken(place, expected, json);
  const { policy: _, sources: __, ...head } = next;
  if (json) return sayJson({ pushed: head, changes });
  say(colours().green(`Version ${next.version} is live at ${place.name}; functions follow within 30 s.`));
  if (expected > 0) say(colours().dim(`Back again: npx mayfly policy rollback ${expected}`));
}

/** Tells who has pushed what since a version. @throws {Exit} 1 */
async function overtaken({ name, store }: Place, expected: number, json: boolean): Promise<never> {
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
