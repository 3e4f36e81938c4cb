import type { MatchText } from '../format/match.ts';

/** Where a part of the draft was in the imported files. */
export interface Origin {
  readonly file: string;
  readonly line: number; // from 1
}

/** What the report says about one thing of the imported files. */
export interface ImportNote extends Origin {
  /** `left-out`: it is not in the policy. `changed`: it is, but not as it was. `to-do`: a step that only you can take. */
  readonly kind: 'left-out' | 'changed' | 'to-do';
  readonly what: string;
  readonly why: string;
}

/** A scheduled query, as a policy file has it. */
export interface DraftQuery extends Origin {
  value: Record<string, unknown>;
}

/** A profile that will be a file of `config/`. */
export interface DraftProfile extends Origin {
  readonly name: string;
  readonly order?: number;
  readonly match?: MatchText;
  /** Where a part of the body was. @default - where the profile was */
  readonly originOf?: (...path: readonly PropertyKey[]) => Origin;
  /** Every key of the profile but those above, `schedule` and `packs`. */
  readonly body: Record<string, unknown>;
  readonly schedule: Map<string, DraftQuery>;
  packs: string[];
}

/** A pack that will be a file of `packs/`. */
export interface DraftPack extends Origin {
  readonly name: string;
  /** Every key of the pack but `queries`. */
  readonly body: Record<string, unknown>;
  readonly queries: Map<string, DraftQuery>;
}

/** A query without a schedule. It becomes a rule on a request. */
export interface DraftRequest extends Origin {
  readonly name: string;
  readonly answers: string;
  readonly sql: string;
  readonly platforms: readonly string[];
  readonly discovery?: string;
}

/** Names that the policy has already, so that imported parts get others. */
export interface TakenNames {
  readonly rules: Iterable<string>;
  readonly packs: Iterable<string>;
  readonly profiles: Iterable<string>;
}

/** Thrown when the files cannot be imported, or have nothing that a policy can hold. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
  readonly notes: readonly ImportNote[];
  constructor(message: string, notes: readonly ImportNote[] = []) {
    super(message);
    this.notes = notes;
  }
}

/** The policy that an import builds, and notes about what it leaves out or changes. */
export class Draft {
  readonly profiles: DraftProfile[] = [];
  readonly packs: DraftPack[] = [];
  readonly requests: DraftRequest[] = [];
  readonly notes: ImportNote[] = [];
  private readonly taken: Readonly<Record<'rule' | 'pack' | 'profile', Set<string>>>;

  constructor(taken: TakenNames = { rules: [], packs: [], profiles: [] }) {
    const lower = (names: Iterable<string>) => new Set([...names].map((name) => name.toLowerCase()));
    // osquery keeps the schedule under the name "main".
    this.taken = { rule: lower(taken.rules), pack: lower([...taken.packs, 'main']), profile: lower(taken.profiles) };
  }

  leaveOut({ file, line }: Origin, what: string, why: string): void {
    this.notes.push({ kind: 'left-out', file, line, what, why });
  }

  change({ file, line }: Origin, what: string, why: string): void {
    this.notes.push({ kind: 'changed', file, line, what, why });
  }

  toDo({ file, line }: Origin, what: string, why: string): void {
    this.notes.push({ kind: 'to-do', file, line, what, why });
  }

  /** Adds a profile. Its name becomes a name of the policy that no other profile has. */
  addProfile(profile: DraftProfile): DraftProfile {
    const added = { ...profile, name: this.unique('profile', slug(profile.name)) };
    this.profiles.push(added);
    return added;
  }

  /** Adds a pack. Its name becomes the name of a file, and scheduled results have it. */
  addPack(pack: DraftPack): DraftPack {
    const wanted = FILE_NAME.test(pack.name) ? pack.name : slug(pack.name);
    const name = this.unique('pack', wanted);
    if (name !== pack.name) this.change(pack, `pack "${pack.name}"`, `it is called "${name}" now, also in results`);
    const added = { ...pack, name };
    this.packs.push(added);
    return added;
  }

  /** Removes a pack, also from the profiles that use it. */
  removePack(pack: DraftPack): void {
    this.packs.splice(this.packs.indexOf(pack), 1);
    for (const profile of this.profiles) profile.packs = profile.packs.filter((name) => name !== pack.name);
  }

  addRequest(request: DraftRequest): void {
    this.requests.push({ ...request, name: this.unique('rule', slug(request.name)) });
  }

  private unique(kind: 'rule' | 'pack' | 'profile', wanted: string): string {
    const taken = this.taken[kind];
    let name = wanted;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}-${number}`;
    taken.add(name.toLowerCase());
    return name;
  }
}

/** Names of packs that are safe and portable names of files. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const MAX_NAME = 58; // of 64, so that there is room for a number

/** A text as a name of a policy. @example slug('Find USB drives (macOS)') // 'find-usb-drives-macos' */
export function slug(text: string): string {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .slice(0, MAX_NAME)
    .replace(/^[-_]+|[-_]+$/g, '');
  return plain === '' ? 'imported' : plain;
}

const MAX_SECRET_NAME = 32;

/** A text as the name of an enroll secret. @see lib/stack/enrollment/secrets.ts */
export const secretName = (text: string): string =>
  slug(text).replaceAll('_', '-').slice(0, MAX_SECRET_NAME).replace(/-+$/, '');
