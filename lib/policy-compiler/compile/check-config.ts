import type { ProfileText, ScheduledQueryText } from '../format/profile.ts';
import { CUSTOM_PREFIX, FLAGFILE_ONLY, REFRESH_ALIASES, SETTABLE } from '../osquery/options.ts';
import { nearest } from '../source/nearest.ts';
import type { Problem } from '../source/problem.ts';
import type { Path, SourceDocument } from '../source/source-document.ts';

/** The largest document that osquery 5.23 reads. @see docs/spec/osquery-protocol.md §2.5 */
const MAX_CONFIG_BYTES = 1_048_576;
const MAX_CONFIG_DEPTH = 32;
/** Less than the 6 MB of API Gateway and Lambda, because base64 adds a third. */
export const MAX_LOG_BODY_BYTES = 4_400_000;
const MAX_INTERVAL_SECONDS = 604_800;
/** A schedule with a shorter interval needs `allow_fast`. */
export const FAST_SECONDS = 30;

/** osquery's defaults. */
const LOGGER_TLS_MAX_LINES = 1024;
const LOGGER_TLS_MAX_LINESIZE = 1_048_576;

const RESERVED_PREFIXES = ['query.', 'cache.', 'config_views.'];
const RESERVED_SUFFIXES = ['epoch', 'counter'];

type Options = NonNullable<ProfileText['options']>;

/** Reports a problem with the option `name`. */
type Complain = (severity: Problem['severity'], name: string, message: string, hint?: string) => void;

/** Reports options that osquery would refuse or ignore, and options that would cut the node off. */
export function checkOptions(document: SourceDocument, problems: Problem[], options: Options = {}): void {
  const complain: Complain = (severity, name, message, hint) =>
    problems.push(document.problem(severity, document.position(['options', name], 'key'), message, hint));
  for (const [name, value] of Object.entries(options)) {
    checkName(name, complain);
    checkValue(name, value, complain);
  }
  checkLogBodies(options, complain);
}

function checkName(name: string, complain: Complain): void {
  if (FLAGFILE_ONLY.has(name)) {
    complain('error', name, `${name} works only in the flag file: osquery ignores it in a configuration`);
  } else if (!SETTABLE.has(name) && !REFRESH_ALIASES.has(name) && !name.startsWith(CUSTOM_PREFIX)) {
    const near = nearest(name, SETTABLE);
    const hint = near ? `did you mean ${near}?` : `options of your own begin with ${CUSTOM_PREFIX}`;
    complain('error', name, `osquery has no option ${name}: it would be skipped`, hint);
  }
}

function checkValue(name: string, value: Options[string], complain: Complain): void {
  if (value === '') complain('error', name, `${name} is empty: osquery skips it`, 'set its default instead');
  if (name === 'disable_distributed' && String(value) === 'true') {
    complain('warning', name, 'disable_distributed: nodes with this profile fetch no on-demand queries');
  }
  if (name === 'distributed_plugin' && value !== 'tls') {
    complain('error', name, `distributed_plugin "${value}": on-demand queries come over tls`);
  }
}

function checkLogBodies(options: Options, complain: Complain): void {
  const { logger_tls_max_lines: lines, logger_tls_max_linesize: size, logger_tls_max: alias } = options;
  const bytes = Number(lines ?? LOGGER_TLS_MAX_LINES) * Number(size ?? alias ?? LOGGER_TLS_MAX_LINESIZE);
  if (bytes <= MAX_LOG_BODY_BYTES) return;
  const named = ['logger_tls_max_lines', 'logger_tls_max_linesize', 'logger_tls_max'].find((name) => name in options);
  complain(
    named ? 'error' : 'warning',
    named ?? 'logger_tls_max_lines',
    `logger_tls_max_lines × logger_tls_max_linesize is ${bytes} bytes: the front takes ${MAX_LOG_BODY_BYTES}, and a larger body is lost or sent again forever`,
    'such as logger_tls_max_lines: 256 and logger_tls_max_linesize: 16384',
  );
}

/** Reports what osquery would skip of a scheduled query, and what would harm the host. checkSql checks the SQL. */
export function checkScheduled(
  document: SourceDocument,
  problems: Problem[],
  path: Path,
  query: ScheduledQueryText,
): void {
  const name = String(path.at(-1));
  const key = document.position(path, 'key');
  const prefix = RESERVED_PREFIXES.find((reserved) => name.startsWith(reserved));
  const suffix = RESERVED_SUFFIXES.find((reserved) => name.endsWith(reserved));
  if (name === '') problems.push(document.problem('error', key, 'a scheduled query needs a name'));
  if (prefix) problems.push(document.problem('error', key, `names that begin with ${prefix} are osquery's own`));
  if (suffix) problems.push(document.problem('error', key, `names that end with ${suffix} are osquery's own`));

  const interval = Number(query.interval);
  const at = [...path, 'interval'];
  if (interval < 1 || interval > MAX_INTERVAL_SECONDS) {
    problems.push(
      document.error(at, `interval ${interval}: osquery skips a query outside 1 to ${MAX_INTERVAL_SECONDS} seconds`),
    );
  } else if (interval < FAST_SECONDS) {
    problems.push(
      document.problem(
        query.allow_fast ? 'warning' : 'error',
        document.position(at),
        `interval ${interval} s: under ${FAST_SECONDS} s expect memory exhaustion (OOM), CPU at 100 %, overlapping runs and watchdog kills`,
        query.allow_fast ? undefined : 'use a rule on an event instead, or accept it with allow_fast: true',
      ),
    );
  }
}

/** Reports intervals of decorators that never run: osquery runs decorators on full minutes. */
export function checkDecoratorIntervals(
  document: SourceDocument,
  problems: Problem[],
  intervals: readonly string[],
): void {
  for (const interval of intervals) {
    if (/^[1-9]\d*$/.test(interval) && Number(interval) % 60 === 0) continue;
    const at = document.position(['decorators', 'interval', interval], 'key');
    problems.push(document.problem('error', at, `interval ${interval}: osquery accepts only multiples of 60 seconds`));
  }
}

/** Reports what makes the whole document unusable: an agent that gets it runs nothing until the next change. */
export function checkDocument(document: SourceDocument, problems: Problem[], config: object): void {
  const text = JSON.stringify(config);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_CONFIG_BYTES) {
    problems.push(document.error([], `the configuration is ${bytes} bytes: osquery takes ${MAX_CONFIG_BYTES}`));
  }
  if (depthOf(config) > MAX_CONFIG_DEPTH) {
    problems.push(document.error([], `the configuration is nested deeper than ${MAX_CONFIG_DEPTH} levels`));
  }
  if (Object.keys(config).length === 0) {
    problems.push(document.error([], 'the profile is empty: its nodes would do nothing'));
  }
  const odd = oddCharacter(config);
  if (odd) {
    problems.push(
      document.error([], `the configuration contains the character ${odd}, which osquery writes in another way`),
    );
  }
}

/**
 * The first character of a value's texts and keys that no configuration can hold, such as `U+0007`. osquery hashes the
 * document as its own JSON writer writes it: control characters differ there, and lone surrogates are refused.
 */
export function oddCharacter(value: unknown): string | undefined {
  const [odd] = /(?![\t\n\r])[\p{Cc}\p{Cs}]/u.exec(stringsOf(value).join('\n')) ?? [];
  return odd && `U+${odd.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...stringsOf(member)]);
}
