import { telemetry } from '../../lib/aws/reports/telemetry.ts';
import { tableIn } from '../../lib/aws/table/table.ts';
import { tlsApiDeps } from '../../lib/aws/tls-api-deps.ts';
import type { RotatingSecret } from '../../lib/core/nodes/rotating-secret.ts';
import type { WholeApi } from '../../lib/core/osquery/idle-reads.ts';
import { TlsApi } from '../../lib/core/osquery/tls-api.ts';
import type { Env } from './env.ts';

export { readSecret } from '../../lib/aws/tls-api-deps.ts';

/** The whole TLS API on AWS. It is a separate file, because polls of idle hosts need neither it nor the SDK. */
export function wholeApi(env: Env, nodeKeySecret: RotatingSecret): WholeApi {
  const report = telemetry();
  return { api: new TlsApi({ ...tlsApiDeps(env, tableIn(env), report), nodeKeySecret }), report };
}
