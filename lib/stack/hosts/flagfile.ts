/** How an agent reaches its server. */
export interface AgentEndpoint {
  /** Host name, with `:port` unless 443, without scheme or path. */
  readonly hostname: string;
  /** Prefix of every endpoint's path, such as `/prod`. */
  readonly pathPrefix: string;
  /** File on the host with the enroll secret. @default /etc/osquery/enroll_secret */
  readonly enrollSecret?: string;
  /** File with trusted certificates. @default - osquery's bundle of public authorities */
  readonly certificate?: string;
  /** Seconds between the polls of a host; an agent behind the long-poll front waits there, not between polls. @default 10 */
  readonly intervalSeconds?: number;
}

/**
 * The flagfile for every host, one flag a line. Each host adds one line of its own; the comment at the end names it.
 *
 * osquery reads most of these flags from a flagfile only. A configuration could also set the `distributed_*` ones, but an
 * agent that fails to fetch its first configuration would lack them until it restarts.
 */
export function flagfile(endpoint: AgentEndpoint): string {
  const { hostname, pathPrefix, certificate, enrollSecret, intervalSeconds = 10 } = endpoint;
  return [
    `--tls_hostname=${hostname}`,
    ...(certificate ? [`--tls_server_certs=${certificate}`] : []),
    `--enroll_tls_endpoint=${pathPrefix}/enroll`,
    `--enroll_secret_path=${enrollSecret ?? '/etc/osquery/enroll_secret'}`,
    '--config_plugin=tls',
    `--config_tls_endpoint=${pathPrefix}/config`,
    '--config_refresh=300',
    '--logger_plugin=tls',
    `--logger_tls_endpoint=${pathPrefix}/log`,
    '--disable_distributed=false',
    '--distributed_plugin=tls',
    `--distributed_interval=${intervalSeconds}`,
    `--distributed_tls_read_endpoint=${pathPrefix}/distributed/read`,
    `--distributed_tls_write_endpoint=${pathPrefix}/distributed/write`,
    '--host_identifier=specified',
    '# and on each host its own line: --specified_identifier=<EC2 instance id>',
  ].join('\n');
}
