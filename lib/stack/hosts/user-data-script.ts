import type { AgentSettings } from './agent-script.ts';

/** The settings with which an instance enrolls. */
export interface Enrolling extends AgentSettings {
  readonly enrollSecretArn: string;
  /** The Region of the secret. */
  readonly region: string;
}

/**
 * Commands for bash that configure an installed osqueryd and restart it: host identifier, enroll secret, flagfile. They run in a
 * shell of their own, so that their failure does not end the rest of the user data.
 *
 * @see docs/hosts.md, "Attested enrollment", for the form of the secret's file
 */
export function userDataScript({ flagfile, enrollSecretArn, region, attest }: Enrolling): string {
  const shared = flagfile.split('\n').filter((line) => !line.startsWith('#'));
  const secret = attest
    ? [
        'imds() { curl -sf -H "X-aws-ec2-metadata-token: $TOKEN" "http://169.254.169.254/latest/dynamic/instance-identity/$1"; }',
        `DOCUMENT=$(imds document | base64 | tr -d '\\n')`,
        `SIGNATURE=$(imds signature | tr -d '\\n')`,
        `(umask 077; printf '%s.%s.%s' "$SECRET" "$DOCUMENT" "$SIGNATURE" >/etc/osquery/enroll_secret)`,
      ]
    : [`(umask 077; printf '%s' "$SECRET" >/etc/osquery/enroll_secret)`];
  return [
    '(',
    'set -euo pipefail',
    `command -v osqueryd >/dev/null || { echo 'mayfly: osquery is not installed' >&2; exit 1; }`,
    "TOKEN=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)",
    'INSTANCE=$(curl -sf -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/instance-id)',
    `SECRET=$(aws secretsmanager get-secret-value --region ${region} --secret-id '${enrollSecretArn}' --query SecretString --output text)`,
    'mkdir -p /etc/osquery',
    ...secret,
    'cat >/etc/osquery/osquery.flags <<FLAGS',
    ...shared,
    '--specified_identifier=$INSTANCE',
    'FLAGS',
    'systemctl enable osqueryd',
    'systemctl restart osqueryd',
    ')',
  ].join('\n');
}
