import { sqlLiteral } from '../../core/sql/literal.ts';
import { oddCharacter } from '../compile/check-config.ts';
import type { ImportedDocument } from './documents.ts';
import type { Draft, Origin } from './draft.ts';
import { type JsonObject, textOf, textsOf } from './json.ts';

/** The labels that a query of Fleet names. */
export interface LabelCondition {
  readonly how: 'any' | 'all' | 'none';
  readonly names: readonly string[];
}

interface Label extends Origin {
  /** SQL that returns a row on the hosts of the label; undefined if only Fleet's server knows them. */
  readonly sql: string | undefined;
  /** The same as a `match` of a policy, where that is possible. */
  readonly selector?: JsonObject;
}

/** Fleet's own labels. Hosts of the others, such as iOS, run no osquery. */
const BUILT_IN: Readonly<Record<string, string>> = {
  'All Hosts': 'SELECT 1',
  'All Linux': "SELECT 1 FROM os_version WHERE platform NOT IN ('darwin', 'windows')",
  macOS: "SELECT 1 FROM os_version WHERE platform = 'darwin'",
  'MS Windows': "SELECT 1 FROM os_version WHERE platform = 'windows'",
  'Ubuntu Linux': "SELECT 1 FROM os_version WHERE platform = 'ubuntu'",
  'CentOS Linux': "SELECT 1 FROM os_version WHERE platform = 'centos' OR name LIKE '%centos%'",
  'Red Hat Linux': "SELECT 1 FROM os_version WHERE platform = 'rhel' OR name LIKE '%red hat%'",
  'Fedora Linux': "SELECT 1 FROM os_version WHERE platform = 'fedora'",
  'Debian Linux': "SELECT 1 FROM os_version WHERE platform = 'debian'",
};

/** Fleet's labels as discovery queries: the host decides by its own rows, as Fleet decides by the host's answer. */
export class FleetLabels {
  private readonly labels = new Map<string, Label>();
  private readonly used = new Set<string>();

  add(document: ImportedDocument, at: readonly PropertyKey[], label: JsonObject): void {
    const name = textOf(label.name);
    if (!name) return;
    const hosts = textsOf(label.hosts);
    const query = textOf(label.query);
    const isPlain = hosts.every((host) => oddCharacter(host) === undefined);
    const byHosts = hosts.length > 0 && isPlain ? { sql: listing(hosts), selector: { hostname: hosts } } : undefined;
    const byQuery = query ? { sql: query, selector: platformIn(query) } : undefined;
    const found = byHosts ?? byQuery;
    this.labels.set(name, { ...document.origin(...at), sql: found?.sql, selector: found?.selector });
  }

  /** SQL that returns a row on the hosts of these labels; undefined for all hosts. @throws {UnknownLabel} */
  discovery({ how, names }: LabelCondition): string | undefined {
    const known = names.map((name) => this.sqlOf(name));
    if (how === 'any' && names.includes('All Hosts')) return undefined;
    const conditions = known.map((sql) => `${how === 'none' ? 'NOT ' : ''}EXISTS (\n${sql}\n)`);
    return conditions.length === 0 ? undefined : `SELECT 1 WHERE ${conditions.join(how === 'any' ? ' OR ' : ' AND ')}`;
  }

  /** Notes the labels that no query uses. */
  noteUnused(draft: Draft): void {
    for (const [name, label] of this.labels) {
      if (this.used.has(name)) continue;
      const selector = label.selector
        ? `as a selector of a rule it is hosts-where: ${JSON.stringify(label.selector)}`
        : 'no imported query uses it';
      draft.leaveOut(label, `label "${name}"`, selector);
    }
  }

  private sqlOf(name: string): string {
    this.used.add(name);
    const builtIn = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
    const sql = this.labels.get(name)?.sql ?? builtIn;
    if (sql === undefined) throw new UnknownLabel(name, this.labels.has(name));
    return sql.replace(/[;\s]+$/, '');
  }
}

/** Thrown for a label whose hosts no SQL can find. */
export class UnknownLabel extends Error {
  override readonly name = 'UnknownLabel';
  constructor(label: string, isDefined: boolean) {
    super(
      isDefined
        ? `only Fleet's server knows the hosts of its label "${label}"`
        : `its label "${label}" is not among the imported files`,
    );
  }
}

/** Fleet accepts a hostname, a UUID or a serial number for a host. */
function listing(hosts: readonly string[]): string {
  const list = hosts.map(sqlLiteral).join(', ');
  return `SELECT 1 FROM system_info WHERE hostname IN (${list}) OR uuid IN (${list}) OR hardware_serial IN (${list})`;
}

function platformIn(query: string): JsonObject | undefined {
  const [, platform] =
    /^select\s+[\w*]+\s+from\s+os_version\s+where\s+platform\s*=\s*'(\w+)'[\s;]*$/i.exec(query) ?? [];
  return platform ? { platform } : undefined;
}
