import type { ImportedDocument } from './documents.ts';
import type { Draft, DraftProfile, Origin } from './draft.ts';
import { secretName, slug } from './draft.ts';
import { FleetLabels, UnknownLabel } from './fleet-labels.ts';
import { type FleetQuery, importQueries } from './fleet-queries.ts';
import { isObject, type JsonObject, listOf, objectOf, textOf, textsOf } from './json.ts';
import { type PackFiles, type ProfileContent, profileContent } from './osquery-config.ts';
import { scheduledQuery } from './scheduled-query.ts';

/** A value in a document of Fleet. */
export interface FleetPart {
  readonly document: ImportedDocument;
  readonly at: readonly PropertyKey[];
  readonly value: JsonObject;
}

/** The queries and agent options of one team, or of all hosts. */
interface Scope {
  readonly queries: FleetQuery[];
  agentOptions?: FleetPart;
}

/** Parts of Fleet's files that a policy cannot have. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  controls: "MDM, scripts and OS updates are not osquery's",
  software: "installing software is not osquery's",
  org_settings: "settings of Fleet's server",
  team_settings: "settings of Fleet's server; for its secrets see the next steps",
  settings: "settings of Fleet's server; for its secrets see the next steps",
};

/** Everything that Fleet's files say, gathered before it is added to a draft. */
export class FleetSettings {
  readonly labels = new FleetLabels();
  private readonly global: Scope = { queries: [] };
  private readonly teams = new Map<string, Scope & { readonly origin: Origin }>();
  private readonly packs: FleetPart[] = [];
  private readonly saved = new Map<string, FleetQuery>();
  private readonly noted = new Set<FleetPart>();
  private readonly contents = new Map<JsonObject, ProfileContent>();

  constructor(
    private readonly draft: Draft,
    /** The documents of a file that another names by a path relative to itself. */
    private readonly filesAt: (from: ImportedDocument, path: string) => readonly ImportedDocument[],
  ) {}

  /** Adds a document of GitOps: `default.yml` or a team's file. */
  addGitOps(document: ImportedDocument): void {
    const value = objectOf(document.value);
    const name = textOf(value.name);
    const isGlobal = name === undefined || /^(no team|unassigned)$/i.test(name);
    const scope = isGlobal ? this.global : this.team(name, document.origin('name'));
    for (const key of ['queries', 'reports']) {
      scope.queries.push(...this.items({ document, at: [key], value }, value[key]));
    }
    for (const { document: file, at, value: label } of this.items({ document, at: ['labels'], value }, value.labels)) {
      this.labels.add(file, at, label);
    }
    for (const policy of this.items({ document, at: ['policies'], value }, value.policies)) this.leavePolicyOut(policy);
    if (isObject(value.agent_options)) {
      const part = { document, at: ['agent_options'], value: value.agent_options };
      scope.agentOptions = this.referenced(part) ?? part;
    }
    for (const [key, why] of Object.entries(ELSEWHERE)) {
      if (value[key] !== undefined && value[key] !== null) this.draft.leaveOut(document.origin(key), `"${key}"`, why);
    }
  }

  /** Adds queries, policies or labels of a file that no other file names. */
  addList(document: ImportedDocument): void {
    for (const item of this.items({ document, at: [], value: {} }, document.value)) {
      if ('resolution' in item.value || 'critical' in item.value) this.leavePolicyOut(item);
      else if ('label_membership_type' in item.value) this.labels.add(item.document, item.at, item.value);
      else this.global.queries.push(item);
    }
  }

  /** Adds agent options of a file that no other file names. */
  addAgentOptions(document: ImportedDocument): void {
    this.addOptions(this.global, { document, at: [], value: objectOf(document.value) });
  }

  /** Adds a document of `fleetctl apply`: `apiVersion: v1` with a kind and a spec. */
  addApplied(document: ImportedDocument): void {
    const { kind, spec } = objectOf(document.value);
    const value = objectOf(spec);
    const part: FleetPart = { document, at: ['spec'], value };
    switch (kind) {
      case 'query':
      case 'report':
        this.addSaved(part);
        return;
      case 'label':
        this.labels.add(document, ['spec'], value);
        return;
      case 'pack':
        this.packs.push(part);
        return;
      case 'config':
        this.addOptions(this.global, { document, at: ['spec', 'agent_options'], value: objectOf(value.agent_options) });
        return;
      case 'options':
        this.addOptions(this.global, part);
        return;
      case 'team': {
        const team = objectOf(value.team);
        const at = ['spec', 'team'];
        const scope = this.team(textOf(team.name) ?? 'team', document.origin(...at, 'name'));
        this.addOptions(scope, { document, at: [...at, 'agent_options'], value: objectOf(team.agent_options) });
        return;
      }
      case 'enroll_secret':
        this.draft.toDo(document.origin('kind'), 'enroll secrets', SECRETS);
        return;
      default:
        this.draft.leaveOut(
          document.origin('kind'),
          `kind "${textOf(kind) ?? ''}"`,
          "it is a setting of Fleet's server",
        );
    }
  }

  /** Adds all that was gathered to the draft. */
  finish(packFiles: PackFiles): void {
    const { draft, labels } = this;
    const inPacks = new Set(this.packs.flatMap(({ value }) => listOf(value.queries).map((one) => objectOf(one).query)));
    for (const [name, query] of this.saved) {
      const scope = this.scopeOf(textOf(query.value.team), query);
      if (Number(query.value.interval ?? 0) > 0 || !inPacks.has(name)) scope.queries.push(query);
    }
    const packs = [
      ...this.packs.flatMap((pack) => this.addPack(pack) ?? []),
      ...importQueries(draft, labels, { pack: 'Global', queries: this.global.queries }),
    ];
    const options = this.global.agentOptions;
    if (options || packs.length > 0) this.addProfiles({ name: 'default', order: 200 }, options, packs, packFiles);
    for (const [name, { queries, agentOptions = options, origin }] of this.teams) {
      const own = importQueries(draft, labels, { pack: `team-${slug(name)}`, queries });
      const secret = secretName(name);
      const team = { name: slug(name), order: 20, match: { secret }, origin };
      this.addProfiles(team, agentOptions, [...packs, ...own], packFiles);
      draft.toDo(origin, `team "${name}"`, `its hosts enroll with the secret "${secret}": ${SECRETS}`);
    }
    labels.noteUnused(draft);
  }

  private team(name: string, origin: Origin): Scope & { readonly origin: Origin } {
    const team = this.teams.get(name) ?? { queries: [], origin };
    this.teams.set(name, team);
    return team;
  }

  private scopeOf(team: string | undefined, { document, at }: FleetQuery): Scope {
    return team === undefined ? this.global : this.team(team, document.origin(...at, 'team'));
  }

  private addSaved(part: FleetPart): void {
    const name = textOf(part.value.name);
    const known = name && this.saved.get(`${name}`);
    if (!name || known) {
      this.draft.leaveOut(
        part.document.origin('spec'),
        `query "${name ?? ''}"`,
        name ? 'there are two of this name' : 'it has no name',
      );
    } else this.saved.set(name, part);
  }

  private addOptions(scope: Scope, part: FleetPart): void {
    if (Object.keys(part.value).length > 0) scope.agentOptions = part;
  }

  /** The objects of a list. Items with `path` or `paths` are replaced by those of the files that they name. */
  private items({ document, at }: FleetPart, list: unknown): FleetPart[] {
    return listOf(list).flatMap((item, index) => {
      const value = objectOf(item);
      const path = textOf(value.path) ?? textOf(value.paths);
      const here = [...at, index];
      if (path === undefined) return [{ document, at: here, value }];
      return this.filesOf(document, here, path).flatMap((file) =>
        listOf(file.value).map((one, position) => ({ document: file, at: [position], value: objectOf(one) })),
      );
    });
  }

  private referenced({ document, at, value }: FleetPart): FleetPart | undefined {
    const path = textOf(value.path);
    if (path === undefined) return undefined;
    const [file] = this.filesOf(document, at, path);
    return { document: file ?? document, at: [], value: objectOf(file?.value) };
  }

  private filesOf(document: ImportedDocument, at: readonly PropertyKey[], path: string): readonly ImportedDocument[] {
    const files = this.filesAt(document, path);
    if (files.length > 0) return files;
    this.draft.leaveOut(document.origin(...at), path, 'the file is not among the imported files: import their folder');
    return [];
  }

  private leavePolicyOut({ document, at, value }: FleetPart): void {
    const why =
      'a policy passes or fails in Fleet; to store its rows, schedule its query, or ask it with "mayfly query"';
    this.draft.leaveOut(document.origin(...at), `policy "${textOf(value.name) ?? ''}"`, why);
  }

  private addPack({ document, at, value }: FleetPart): string | undefined {
    const { draft, labels } = this;
    const [name, origin] = [textOf(value.name) ?? 'pack', document.origin(...at)];
    if (value.disabled === true) {
      draft.leaveOut(origin, `pack "${name}"`, 'it is disabled');
      return undefined;
    }
    const names = textsOf(objectOf(value.targets).labels);
    if (listOf(objectOf(value.targets).teams).length > 0) {
      draft.change(origin, `pack "${name}"`, 'all profiles have it now, not only those of its teams');
    }
    try {
      const discovery = labels.discovery({ how: 'any', names });
      const body = { discovery: discovery ? [discovery] : undefined, platform: textOf(value.platform) };
      const pack = draft.addPack({ ...origin, name, body, queries: new Map() });
      for (const [index, item] of listOf(value.queries).entries()) {
        const query = objectOf(item);
        this.addToPack(pack.queries, document.origin(...at, 'queries', index), query);
      }
      return pack.name;
    } catch (error) {
      if (!(error instanceof UnknownLabel)) throw error;
      draft.leaveOut(origin, `pack "${name}"`, error.message);
      return undefined;
    }
  }

  private addToPack(queries: DraftProfile['schedule'], origin: Origin, item: JsonObject): void {
    const of = textOf(item.query) ?? '';
    const name = textOf(item.name) ?? of;
    const sql = textOf(this.saved.get(of)?.value.query);
    if (!sql) {
      this.draft.leaveOut(origin, `query "${name}"`, `its query "${of}" is not among the imported files`);
      return;
    }
    const { name: _, ...rest } = item;
    const query = scheduledQuery(this.draft, origin, name, { ...rest, query: sql });
    if (query) queries.set(name, query);
  }

  /** Adds the profile of some agent options, and one more for each platform that they override. */
  private addProfiles(
    base: {
      readonly name: string;
      readonly order: number;
      readonly match?: { secret: string };
      readonly origin?: Origin;
    },
    options: FleetPart | undefined,
    packs: readonly string[],
    packFiles: PackFiles,
  ): void {
    const { draft } = this;
    const origin = base.origin ?? options?.document.origin(...options.at) ?? { file: '', line: 1 };
    const add = (name: string, match: DraftProfile['match'], order: number, part: FleetPart | undefined): void => {
      const content = part ? this.contentOf(part, packFiles) : { body: {}, schedule: new Map(), packs: [] };
      draft.addProfile({
        ...origin,
        ...copyOf(content),
        name,
        match,
        order,
        packs: [...packs, ...content.packs],
      });
    };
    const inside = (key: string, value: unknown, ...at: readonly PropertyKey[]) =>
      options && isObject(value) ? { document: options.document, at: [...options.at, ...at, key], value } : undefined;
    add(base.name, base.match, base.order, inside('config', options?.value.config));
    const platforms = objectOf(objectOf(options?.value.overrides).platforms);
    for (const [platform, value] of Object.entries(platforms)) {
      const match = { ...base.match, platform };
      add(`${base.name}-${platform}`, match, base.order - 10, inside(platform, value, 'overrides', 'platforms'));
    }
    if (options && !this.noted.has(options)) this.noteOtherOptions(options);
  }

  /** Agent options of all hosts are also those of teams without their own: they are read once. */
  private contentOf(part: FleetPart, packFiles: PackFiles): ProfileContent {
    const content = this.contents.get(part.value) ?? profileContent(this.draft, part, packFiles);
    this.contents.set(part.value, content);
    return content;
  }

  private noteOtherOptions(part: FleetPart): void {
    this.noted.add(part);
    const { document, at, value } = part;
    const flags = Object.entries(objectOf(value.command_line_flags)).map(([name, flag]) => `--${name}=${String(flag)}`);
    if (flags.length > 0) {
      const why = `add these lines to the flagfile of its hosts: ${flags.join(' ')}`;
      this.draft.toDo(document.origin(...at, 'command_line_flags'), 'command_line_flags', why);
    }
    for (const key of Object.keys(value)) {
      if (['config', 'overrides', 'command_line_flags'].includes(key)) continue;
      this.draft.leaveOut(document.origin(...at, key), `"${key}" of the agent options`, "it is for Fleet's own agent");
    }
  }
}

/** A copy that can be changed alone. */
function copyOf({ originOf, ...content }: ProfileContent): ProfileContent {
  return { ...structuredClone(content), originOf };
}

const SECRETS =
  'create it with enrollSecrets of the construct, and put the old value into Secrets Manager (docs/from-fleet.md)';
