import { type Json, JsonNumber, type JsonObject, writeJson } from './json.ts';

/** The osquery flags that the simulated agent supports, with osquery's names and defaults. */
const DEFAULTS = {
  // only from the flagfile
  config_refresh: 0,
  config_accelerated_refresh: 300,
  config_tls_max_attempts: 3,
  tls_enroll_max_attempts: 12,
  tls_enroll_max_interval: 600,
  enroll_always: false,
  disable_enrollment: false,
  disable_reenrollment: false,
  tls_accept_gzip: false,
  disable_watchdog: false,
  watchdog_memory_limit: 0,
  watchdog_delay: 60,
  watchdog_forced_shutdown_delay: 4,
  // also from `options`
  disable_distributed: true,
  distributed_interval: 60,
  distributed_tls_max_attempts: 3,
  distributed_denylist_duration: 86_400,
  distributed_loginfo: false,
  logger_tls_period: 4,
  logger_tls_max_lines: 1024,
  logger_tls_max_linesize: 1_048_576,
  logger_tls_backoff_max: 3600,
  logger_tls_compress: false,
  buffered_log_max: 1_000_000,
  tls_disable_status_log: false,
  logger_min_status: 0,
  logger_event_type: true,
  logger_snapshot_event_type: false,
  decorations_top_level: false,
  disable_decorators: false,
  schedule_splay_percent: 10,
  schedule_default_interval: 3600,
  schedule_epoch: 0,
  pack_delimiter: '_',
  pack_refresh_interval: 3600,
};

export type FlagValues = { -readonly [Name in keyof typeof DEFAULTS]: Widened<(typeof DEFAULTS)[Name]> };
export type FlagName = keyof FlagValues;
type Widened<T> = T extends number ? number : T extends boolean ? boolean : string;

/** Flags that `options` may not set since 5.4.0; osquery warns. */
const CLI_ONLY: ReadonlySet<string> = new Set([
  'config_refresh',
  'config_accelerated_refresh',
  'config_tls_max_attempts',
  'tls_enroll_max_attempts',
  'tls_enroll_max_interval',
  'enroll_always',
  'disable_enrollment',
  'disable_reenrollment',
  'tls_accept_gzip',
  'disable_watchdog',
  'watchdog_memory_limit',
  'watchdog_delay',
  'watchdog_forced_shutdown_delay',
]);

/** Alternative names. The check for flagfile-only flags compares real names, so the first two bypass it. */
const ALIASES: Readonly<Record<string, FlagName>> = {
  config_tls_refresh: 'config_refresh',
  config_tls_accelerated_refresh: 'config_accelerated_refresh',
  logger_tls_max: 'logger_tls_max_linesize',
};

/** The default flagfile of a node: the minimal one of docs/spec/osquery-protocol.md §7. */
const FLAGFILE: Partial<FlagValues> = { config_refresh: 300, disable_distributed: false, distributed_interval: 10 };

/** The flags of one osquery process. Values set by the server stay until the process ends. */
export class Flags {
  private readonly values: FlagValues;

  /** @param flagfile the node's own flagfile; overrides the minimal one */
  constructor(flagfile: Partial<FlagValues> = {}) {
    this.values = { ...DEFAULTS, ...FLAGFILE, ...flagfile };
  }

  get<Name extends FlagName>(name: Name): FlagValues[Name] {
    return this.values[name];
  }

  /**
   * Merges a configuration's `options`; absent flags keep their value.
   *
   * @param refuseCliOnly whether this version ignores flagfile-only names
   * @returns the known names it ignored
   */
  applyOptions(options: JsonObject, refuseCliOnly: boolean): string[] {
    const refused: string[] = [];
    for (const [name, value] of options.members) {
      const real = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
      if (real === undefined || !isFlag(real) || value === null || value === '') continue;
      if (refuseCliOnly && CLI_ONLY.has(name)) refused.push(name);
      else this.set(real, value);
    }
    return refused;
  }

  private set<Name extends FlagName>(name: Name, json: Json): void {
    const text = typeof json === 'string' ? json : json instanceof JsonNumber ? json.text : writeJson(json);
    const parsed = parseAs(DEFAULTS[name], text);
    if (parsed !== undefined) Object.assign(this.values, { [name]: parsed });
  }
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(DEFAULTS, name);
}

/** Parses a flag's value in the type of its default; `undefined` if the text is not such a value. */
function parseAs(example: string | number | boolean, text: string): string | number | boolean | undefined {
  if (typeof example === 'number') return /^-?\d+$/.test(text) ? Number(text) : undefined;
  if (typeof example === 'string') return text;
  if (/^(true|1|t|yes|y)$/i.test(text)) return true;
  return /^(false|0|f|no|n)$/i.test(text) ? false : undefined;
}
