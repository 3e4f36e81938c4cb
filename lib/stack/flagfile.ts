/** Where an agent finds its server. */
export interface AgentEndpoint {
  /** Host name, with `:port` unless 443, without scheme or path. */
  readonly hostname: string;
  /** What precedes every endpoint's path, such as `/prod`. */
  readonly pathPrefix: string;
  /** The file on the host that holds the enroll secret. @default /etc/osquery/enroll_secret */
  readonly enrollSecret?: string;
  /** A file with the certificates to trust. @default - osquery's own bundle of public authorities */
  readonly certificate?: string;
}

/**
 * The flagfile every host gets, one flag a line. A host's own line is not in it, as it differs from host to host; the
 * comment at its end says which.
 *
 * osquery reads most of these from a flagfile only; the `distributed_*` ones a configuration could bring, but an agent
 * whose first fetch of it fails would miss them until its restart.
 */
export function flagfile({ hostname, pathPrefix, certificate, enrollSecret }: AgentEndpoint): string {
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
    '--distributed_interval=10',
    `--distributed_tls_read_endpoint=${pathPrefix}/distributed/read`,
    `--distributed_tls_write_endpoint=${pathPrefix}/distributed/write`,
    '--host_identifier=specified',
    '# and on each host its own line: --specified_identifier=<EC2 instance id>',
  ].join('\n');
}
