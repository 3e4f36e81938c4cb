import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { agentConfig } from '../../core/policy/agent-config.ts';
import type { PolicyRule, PolicyVersion, Target, Trigger } from '../../core/policy/policy.ts';
import { type Deployment, livePolicyOf, withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { hasCode } from '../errors/exit.ts';
import { withIsoTimes } from '../terminal/iso.ts';
import { colours, columns, count, printable, prose, say, sayJson, when } from '../terminal/print.ts';
import { rememberBase } from './base.ts';
import { contents } from './contents.ts';

/** Shows a version, by default the live one; `files` is a folder to write its YAML to. */
export async function show(
  number: number | undefined,
  flags: DeploymentFlags & { files?: string; json: boolean },
): Promise<void> {
  const { name, live, version } = await withDeployment(flags, async (deployment) => {
    const live = await deployment.store.liveNumber();
    const version = number === undefined ? await livePolicyOf(deployment) : await versionAt(deployment, number);
    return { name: deployment.name, live, version };
  });
  const written = flags.files ? await writeSources(version, flags.files) : undefined;
  // Edits of these files are changes to this version.
  if (flags.files) rememberBase(flags.files, name, version.version);
  if (flags.json) return sayJson({ ...withIsoTimes(version), live: version.version === live, written });
  say(described(version, version.version === live));
  if (written) say(`\n${count(written.length, 'file')} written to ${flags.files}.`);
}

/** One version by its number. @throws with the next step when there is no such version */
export async function versionAt({ name, chosen, store }: Deployment, number: number): Promise<PolicyVersion> {
  const version = await store.version(number);
  if (!version)
    throw new CommandError('NOT_FOUND', `${name} has no version ${number}`, {
      next: `"npx mayfly policy history${chosen}" lists those that it has`,
    });
  return version;
}

function described(version: PolicyVersion, isLive: boolean): string {
  const { policy } = version;
  const paint = colours();
  const head = [
    prose(
      `${paint.bold(`Version ${version.version}`)}${isLive ? `, ${paint.green('live')}` : ''}: ${printable(version.message)}`,
    ),
    prose(paint.dim(`${when(version.pushedAtMs)}, ${printable(version.pushedBy)}, ${version.digest}`)),
    contents(policy),
  ];
  const rules = policy.rules.map((rule) => ['  ', rule.name, on(rule.on), to(rule.target), asks(rule)]);
  const profiles = policy.profiles.map((profile) => {
    const { configHash } = agentConfig(profile);
    return ['  ', profile.name, profile.match ? JSON.stringify(profile.match) : 'all other nodes', configHash];
  });
  return [
    ...head,
    `\n${paint.bold('Rules')} ${paint.dim('(name, trigger, target, queries)')}`,
    columns(rules.map((row) => row.map(printable))),
    `\n${paint.bold('Profiles')} ${paint.dim('(name, match, osquery_info.config_hash of a node that runs it)')}`,
    columns(profiles.map((row) => row.map(printable))),
  ].join('\n');
}

function on(trigger: Trigger): string {
  if ('event' in trigger) return `event ${brief(trigger.event['detail-type'] ?? trigger.event)}`;
  if ('enrollment' in trigger) return 'enrollment';
  return 'log' in trigger ? `log ${trigger.log.query}` : `request ${trigger.request}`;
}

/** The detail types of a pattern; for other patterns their JSON, cut to 48 characters. */
function brief(pattern: unknown): string {
  if (Array.isArray(pattern) && pattern.every((type) => typeof type === 'string')) return pattern.join(', ');
  const json = JSON.stringify(pattern);
  return json.length <= 48 ? json : `${json.slice(0, 47)}…`;
}

function to(target: Target): string {
  if (typeof target === 'string') return target;
  return 'host' in target ? `host ${target.host}` : `hosts-where ${JSON.stringify(target['hosts-where'])}`;
}

const asks = ({ queries, postMortem }: PolicyRule): string =>
  [
    queries.map(({ name }) => name).join(', '),
    ...(postMortem.length > 0 ? [`post-mortem: ${postMortem.map(({ name }) => name).join(', ')}`] : []),
  ].join('; ');

/** Writes the files of a version into `dir`. @throws when a file is outside the folder or exists already */
async function writeSources({ sources }: PolicyVersion, dir: string): Promise<string[]> {
  const root = resolve(dir);
  const files = Object.keys(sources).sort();
  const outside = files.find((file) => relative(root, join(root, file)).startsWith('..'));
  if (outside !== undefined)
    throw new CommandError('REFUSED', `${printable(outside)} lies outside ${dir}: nothing is written`);
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), sources[file] ?? '', { flag: 'wx' }).catch((cause) => {
      if (!hasCode(cause, 'EEXIST')) throw cause;
      throw new CommandError('REFUSED', `${join(dir, file)} exists already`, { next: 'name an empty folder', cause });
    });
  }
  return files;
}
