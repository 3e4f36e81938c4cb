import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { agentConfig } from '../../core/policy/agent-config.ts';
import type { PolicyRule, PolicyVersion, Target, Trigger } from '../../core/policy/policy.ts';
import { contents } from './folder.ts';
import { at, liveAt, type Place, type PlaceFlags } from './place.ts';
import { colours, columns, count, printable, say, sayJson, when } from './print.ts';

/** Shows a version, the live one unless a number is given; `files` writes its YAML out, to be edited again. */
export async function show(
  number: number | undefined,
  flags: PlaceFlags & { files?: string; json: boolean },
): Promise<void> {
  const { live, version } = await at(flags, async (place) => {
    const live = await place.store.liveNumber();
    return { live, version: number === undefined ? await liveAt(place) : await versionAt(place, number) };
  });
  const written = flags.files ? await writeSources(version, flags.files) : undefined;
  if (flags.json) return sayJson({ ...version, live: version.version === live, ...(written ? { written } : {}) });
  say(described(version, version.version === live));
  if (written) say(`\n${count(written.length, 'file')} written to ${flags.files}.`);
}

/** One version by its number. @throws with the next step where there is none of that number */
export async function versionAt({ name, store }: Place, number: number): Promise<PolicyVersion> {
  const version = await store.version(number);
  if (!version) throw new Error(`${name} has no version ${number}: see "npx mayfly policy history"`);
  return version;
}

function described(version: PolicyVersion, isLive: boolean): string {
  const { policy } = version;
  const paint = colours();
  const head = [
    `${paint.bold(`Version ${version.version}`)}${isLive ? `, ${paint.green('live')}` : ''}: ${printable(version.message)}`,
    paint.dim(`${when(version.pushedAtMs)}, ${printable(version.pushedBy)}, ${version.digest}`),
    contents(policy),
  ];
  const rules = policy.rules.map((rule) => ['  ', rule.name, on(rule.on), to(rule.target), asks(rule)]);
  const profiles = policy.profiles.map((profile) => {
    const { configHash } = agentConfig(profile);
    return ['  ', profile.name, profile.match ? JSON.stringify(profile.match) : 'everybody else', configHash];
  });
  return [
    ...head,
    `\n${paint.bold('Rules')} ${paint.dim('(name, on, asks whom, questions)')}`,
    columns(rules.map((row) => row.map(printable))),
    `\n${paint.bold('Profiles')} ${paint.dim('(name, for whom, osquery_info.config_hash of a node that runs it)')}`,
    columns(profiles.map((row) => row.map(printable))),
  ].join('\n');
}

function on(trigger: Trigger): string {
  if ('event' in trigger) return `event ${[trigger.event['detail-type'] ?? trigger.event.source ?? ''].flat().join(', ')}`;
  if ('enrollment' in trigger) return 'enrollment';
  return 'log' in trigger ? `log ${trigger.log.query}` : `request ${trigger.request}`;
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

/** Writes the files of a version below `dir`. @throws before it would overwrite one, or leave the folder */
async function writeSources({ sources }: PolicyVersion, dir: string): Promise<string[]> {
  const files = Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [file, text] of files) {
    const to = join(resolve(dir), file);
    if (relative(resolve(dir), to).startsWith('..')) throw new Error(`${file} lies outside ${dir}: nothing is written there`);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, text, { flag: 'wx' }).catch((cause) => {
      throw cause.code === 'EEXIST'
        ? new Error(`${join(dir, file)} is there already: name an empty folder`, { cause })
        : cause;
    });
  }
  return files.map(([file]) => file);
}
