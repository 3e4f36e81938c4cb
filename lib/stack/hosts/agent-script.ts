/** osquery's own image: for x86_64, with bash and without curl. @see osquery, tools/docker/README.md */
export const OSQUERY_IMAGE = 'osquery/osquery:5.17.0-ubuntu22.04';

/** The name of the container; on Fargate the core recognizes a sidecar by it (`lib/core/triggers/sidecar.ts`). */
export const AGENT_CONTAINER = 'mayfly-osquery';

/** The variable with the enroll secret in the environment of a container. */
export const SECRET_VARIABLE = 'ENROLL_SECRET';

/** The settings with which an agent enrolls. */
export interface AgentSettings {
  /** As the construct outputs it: without the host's own line. */
  readonly flagfile: string;
  /** Whether to add the instance identity document to the secret. */
  readonly attest: boolean;
}

/** Where the host identifier comes from: EC2's metadata service, the metadata of an ECS task, or the variable `NODE_NAME`. */
export type IdentifierSource = 'instance' | 'task' | 'node-name';

/** Defines `http METHOD HOST PATH [HEADER]`, which prints the body. Bash opens the connection, because the image has no curl. */
const HTTP = [
  'http() {',
  '  local status',
  '  exec 3<>"/dev/tcp/$2/80"',
  String.raw`  printf '%s %s HTTP/1.0\r\nHost: %s\r\n%s\r\n\r\n' "$1" "$3" "$2" "$4" >&3`,
  '  read -r status <&3',
  String.raw`  sed '1,/^\r$/d' <&3`,
  '  exec 3>&-',
  "  [[ $status == *' 200'* ]]",
  '}',
];

const IMDS = [
  "TOKEN=$(http PUT 169.254.169.254 /latest/api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60')",
  'imds() { http GET 169.254.169.254 "/latest/$1" "X-aws-ec2-metadata-token: $TOKEN"; }',
];

/** The last part of the task's ARN in the metadata of a task. */
const TASK_ID = String.raw`s/.*"TaskARN": *"[^"]*\/\([0-9a-f]*\)".*/\1/p`;

const IDENTIFIER: Readonly<Record<IdentifierSource, readonly string[]>> = {
  instance: [...HTTP, ...IMDS, 'IDENTIFIER=$(imds meta-data/instance-id)'],
  task: [
    ...HTTP,
    'ENDPOINT=$(printf %s "$ECS_CONTAINER_METADATA_URI_V4" | cut -d / -f 3)', // http://<endpoint>/v4/<id>
    'METADATA=/$(printf %s "$ECS_CONTAINER_METADATA_URI_V4" | cut -d / -f 4-)/task',
    `IDENTIFIER=$(http GET "$ENDPOINT" "$METADATA" 'Accept: application/json' | sed -n '${TASK_ID}')`,
  ],
  'node-name': ['IDENTIFIER=$NODE_NAME'],
};

const DOCUMENT = [
  `DOCUMENT=$(imds dynamic/instance-identity/document | base64 | tr -d '\\n')`,
  `SIGNATURE=$(imds dynamic/instance-identity/signature | tr -d '\\n')`,
  'ENROLL_SECRET=$ENROLL_SECRET.$DOCUMENT.$SIGNATURE',
];

/**
 * A script for bash that runs osqueryd in a container: it finds the host identifier, and passes the flags of the flagfile on the
 * command line. The enroll secret is in the variable `ENROLL_SECRET`.
 *
 * @throws if an identity document is wanted, but the identifier is not that of an instance
 */
export function agentScript(source: IdentifierSource, { flagfile, attest }: AgentSettings): string {
  if (attest && source !== 'instance')
    throw new Error(`attest: the identity document belongs to an instance, not to a host named by its ${source}`);
  const flags = flagfile
    .split('\n')
    .filter((line) => line.startsWith('--') && !line.startsWith('--enroll_secret_path='))
    .map((flag) => `  '${flag}' \\`);
  return [
    'set -euo pipefail',
    ...IDENTIFIER[source],
    `[ -n "$IDENTIFIER" ] || { echo 'mayfly: found no host identifier' >&2; exit 1; }`,
    ...(attest ? DOCUMENT : []),
    'export ENROLL_SECRET',
    'exec osqueryd \\',
    ...flags,
    `  --enroll_secret_env=${SECRET_VARIABLE} \\`,
    '  --pidfile=/tmp/osqueryd.pid \\', // not beside the database, where a file of the former container would remain
    '  --specified_identifier="$IDENTIFIER"',
  ].join('\n');
}
