import { type Endpoint, endpointOf } from '../../core/osquery/routes.ts';
import { CUSTOM_PREFIX, FLAGFILE_ONLY, REFRESH_ALIASES, SETTABLE } from '../../policy-compiler/osquery/options.ts';
import { nearest } from '../../policy-compiler/source/nearest.ts';

/** A problem of a flagfile. An error keeps the host from working with Mayfly. */
export interface FlagProblem {
  readonly level: 'error' | 'warning';
  /** From 1; 0 if something is missing. */
  readonly line: number;
  readonly flag: string;
  readonly message: string;
}

interface Flag {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

type Flags = ReadonlyMap<string, Flag>;

/**
 * Checks a flagfile: a flag a line, `--name=value`, comments with `#`.
 *
 * @see docs/spec/osquery-protocol.md §7, and osquery's documentation, "osqueryd command line flags"
 * @example lintFlagfile('--tls_hostname=https://mayfly.example.com')[0]?.message // 'is a host name …'
 */
export function lintFlagfile(text: string): readonly FlagProblem[] {
  const problems: FlagProblem[] = [];
  const flags = new Map<string, Flag>();
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const trimmed = written.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, name, value = 'true'] = /^--?([A-Za-z_]\w*)(?:=(.*))?$/.exec(trimmed) ?? [];
    if (name === undefined) {
      problems.push({ level: 'error', line, flag: '', message: `is no flag: write --name=value, not "${trimmed}"` });
      continue;
    }
    problems.push(...ofName(name, line, flags.get(name)));
    flags.set(name, { name, value, line });
  }
  return [...problems, ...ofFlags(flags)].sort((a, b) => a.line - b.line);
}

const KNOWN: ReadonlySet<string> = new Set([...FLAGFILE_ONLY, ...SETTABLE, ...REFRESH_ALIASES]);

function ofName(name: string, line: number, earlier: Flag | undefined): FlagProblem[] {
  if (earlier) return [{ level: 'warning', line, flag: name, message: `replaces the one in line ${earlier.line}` }];
  if (KNOWN.has(name) || name.startsWith(CUSTOM_PREFIX)) return [];
  const meant = nearest(name, KNOWN);
  const hint = meant ? `did you mean --${meant}?` : 'osqueryd does not start with a flag that it does not know';
  return [{ level: 'warning', line, flag: name, message: `is unknown to osquery 5.23: ${hint}` }];
}

/** The required value of each flag, and what happens otherwise. */
const NEEDED: readonly { readonly name: string; readonly value?: string; readonly otherwise: string }[] = [
  { name: 'tls_hostname', otherwise: 'osquery has no server' },
  { name: 'enroll_tls_endpoint', otherwise: 'the host never enrolls' },
  { name: 'config_plugin', value: 'tls', otherwise: 'osquery reads its configuration from a file' },
  { name: 'config_tls_endpoint', otherwise: 'the host gets no configuration' },
  { name: 'logger_tls_endpoint', otherwise: 'scheduled results stay on the host' },
  { name: 'disable_distributed', value: 'false', otherwise: 'the host never polls: osquery disables it by default' },
  { name: 'distributed_plugin', value: 'tls', otherwise: 'the host never polls' },
  { name: 'distributed_tls_read_endpoint', otherwise: 'the host never polls' },
  { name: 'distributed_tls_write_endpoint', otherwise: 'answers are lost' },
];

/** The flags that hold paths of the TLS API. */
const ENDPOINTS: readonly (readonly [flag: string, endpoint: Endpoint])[] = [
  ['enroll_tls_endpoint', 'enroll'],
  ['config_tls_endpoint', 'config'],
  ['logger_tls_endpoint', 'log'],
  ['distributed_tls_read_endpoint', 'read'],
  ['distributed_tls_write_endpoint', 'write'],
];

function ofFlags(flags: Flags): FlagProblem[] {
  return [
    ...NEEDED.flatMap(({ name, value, otherwise }) => ofNeeded(flags, name, value, otherwise)),
    ...ENDPOINTS.flatMap(([name, endpoint]) => ofEndpoint(flags.get(name), endpoint, flags.get('tls_hostname'))),
    ...ofCertificates(flags),
    ...ofHostname(flags.get('tls_hostname')),
    ...ofSecret(flags),
    ...ofLogger(flags.get('logger_plugin')),
    ...ofIdentifier(flags),
    ...ofTimes(flags),
  ];
}

function ofNeeded(flags: Flags, name: string, value: string | undefined, otherwise: string): FlagProblem[] {
  const flag = flags.get(name);
  const wanted = value === undefined ? '' : `=${value}`;
  if (!flag || flag.value === '')
    return [error(flag, name, `is needed${wanted && ` as --${name}${wanted}`}: without it ${otherwise}`)];
  if (value !== undefined && flag.value.toLowerCase() !== value)
    return [error(flag, name, `must be ${value}: otherwise ${otherwise}`)];
  return [];
}

/** The name that API Gateway gives a stack's API. Only paths that begin with the stage reach it. */
const GATEWAY = /^[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?::443)?$/i;
const STAGE = '/prod';

function ofEndpoint(flag: Flag | undefined, endpoint: Endpoint, hostname: Flag | undefined): FlagProblem[] {
  if (!flag || flag.value === '') return [];
  if (!flag.value.startsWith('/')) return [error(flag, flag.name, `must begin with "/", not "${flag.value}"`)];
  if (endpointOf(flag.value) !== endpoint) {
    return [error(flag, flag.name, `is a path that Mayfly does not answer as ${endpoint} (docs/reference/paths.md)`)];
  }
  if (!hostname || !GATEWAY.test(hostname.value) || flag.value.startsWith(`${STAGE}/`)) return [];
  const message = `must be ${STAGE}${flag.value}: API Gateway refuses paths without the stage ${STAGE.slice(1)}, unless the API has a host name of your own (docs/recipes.md)`;
  return [error(flag, flag.name, message)];
}

function ofCertificates(flags: Flags): FlagProblem[] {
  const [hostname, certificates] = [flags.get('tls_hostname'), flags.get('tls_server_certs')];
  if (!hostname || !certificates || !GATEWAY.test(hostname.value)) return [];
  return [
    warning(
      certificates,
      'must hold the authorities of Amazon, not those of another server; without this flag osquery trusts its own bundle, which has them',
    ),
  ];
}

function ofHostname(flag: Flag | undefined): FlagProblem[] {
  if (!flag || !/[/\s]|^$/.test(flag.value)) return [];
  return [error(flag, flag.name, `is a host name with an optional port, without scheme and path, not "${flag.value}"`)];
}

function ofSecret(flags: Flags): FlagProblem[] {
  const disabled = flags.get('disable_enrollment');
  if (disabled && disabled.value !== 'false') return [error(disabled, disabled.name, 'keeps the host from enrolling')];
  if (flags.has('enroll_secret_path') || flags.has('enroll_secret_env')) return [];
  return [error(undefined, 'enroll_secret_path', 'is needed: the file with the enroll secret')];
}

function ofLogger(flag: Flag | undefined): FlagProblem[] {
  if (flag?.value.split(',').includes('tls')) return [];
  return [
    error(flag, 'logger_plugin', 'must be tls, or a list with tls in it: otherwise scheduled results stay on the host'),
  ];
}

function ofIdentifier(flags: Flags): FlagProblem[] {
  const identifier = flags.get('host_identifier');
  const specified = flags.get('specified_identifier');
  if (identifier?.value === 'specified') {
    return specified?.value
      ? []
      : [
          error(
            identifier,
            'specified_identifier',
            'is needed with --host_identifier=specified: on EC2 the instance id',
          ),
        ];
  }
  const message = `is ${identifier?.value ?? 'hostname, by default'}: events find an EC2 host at once by its instance id, so use --host_identifier=specified with --specified_identifier=<instance id>`;
  const ignored = specified ? [warning(specified, 'is ignored without --host_identifier=specified')] : [];
  return [...ignored, warning(identifier ?? { name: 'host_identifier', value: '', line: 0 }, message)];
}

function ofTimes(flags: Flags): FlagProblem[] {
  const problems: FlagProblem[] = [];
  const interval = flags.get('distributed_interval');
  if (interval && Number(interval.value) > 60)
    problems.push(
      warning(interval, `polls every ${interval.value} s: lives that are shorter are seen post-mortem at best`),
    );
  const refresh = flags.get('config_refresh') ?? flags.get('config_tls_refresh');
  if (!refresh || Number(refresh.value) === 0)
    problems.push(
      warning(
        refresh ?? { name: 'config_refresh', value: '', line: 0 },
        'is 0 by default: the host never gets a new configuration',
      ),
    );
  const database = flags.get('database_path');
  if (database && /^\/(tmp|run|dev\/shm)\//.test(database.value))
    problems.push(warning(database, 'does not survive a restart: the host then enrolls as a second agent'));
  return problems;
}

const error = (flag: Flag | undefined, name: string, message: string): FlagProblem => ({
  level: 'error',
  line: flag?.line ?? 0,
  flag: name,
  message,
});

const warning = ({ line, name }: Flag, message: string): FlagProblem => ({
  level: 'warning',
  line,
  flag: name,
  message,
});
