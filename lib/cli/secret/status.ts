import { everyEntry } from '../../core/nodes/directory.ts';
import { DEFAULT_SECRET } from '../../core/nodes/enroll-secrets.ts';
import { withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { withParts } from '../deployment/parts.ts';
import { columns, duration, say, sayJson } from '../terminal/print.ts';
import { NODE_KEY, SecretVersions, secretsOf } from './secrets.ts';

const NEEDS = 'secretsmanager:ListSecretVersionIds on its secrets';

/** One secret, as `--json` prints it. */
interface SecretStatus {
  readonly name: string;
  readonly arn: string;
  readonly currentSince: string | null;
  /** When the previous value was created; null if none is accepted. */
  readonly previousFrom: string | null;
  /** Nodes that enrolled with this secret, with either value; null for the key of node keys. */
  readonly nodes: number | null;
}

/** Lists the secrets of a Mayfly. */
export async function status(flags: DeploymentFlags & { json: boolean }): Promise<void> {
  const entries = await withDeployment(flags, ({ directory }) => everyEntry(directory));
  const nodesOf = (name: string): number => entries.filter(({ secret }) => (secret ?? DEFAULT_SECRET) === name).length;
  const { statuses, chosen } = await withParts(flags, NEEDS, async (parts) => {
    const secrets = new SecretVersions(parts);
    const all = await Promise.all(
      secretsOf(parts).map(async (secret): Promise<SecretStatus> => {
        const { current, previous } = await secrets.of(secret);
        return {
          ...secret,
          currentSince: current ? new Date(current.createdAtMs).toISOString() : null,
          previousFrom: previous ? new Date(previous.createdAtMs).toISOString() : null,
          nodes: secret.name === NODE_KEY ? null : nodesOf(secret.name),
        };
      }),
    ).finally(() => secrets.close());
    return { statuses: all, chosen: parts.chosen };
  });
  if (flags.json) return sayJson(statuses);
  const nowMs = Date.now();
  say(columns([['secret', 'age', 'previous value', 'nodes'], ...statuses.map((one) => rowOf(one, nowMs))]));
  if (statuses.some(({ previousFrom }) => previousFrom !== null))
    say(`\nWhen every host has the new value: npx mayfly secret retire NAME${chosen}`);
}

const rowOf = ({ name, currentSince, previousFrom, nodes }: SecretStatus, nowMs: number): string[] => [
  name,
  currentSince === null ? 'no value' : ageOf(currentSince, nowMs),
  previousFrom === null ? '-' : `accepted, ${ageOf(previousFrom, nowMs)} old`,
  nodes === null ? '-' : String(nodes),
];

const DAY_SECONDS = 86_400;

/** An age in its largest unit. */
function ageOf(iso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(iso)) / 1000));
  const unit = [DAY_SECONDS, 3600, 60].find((size) => seconds >= size) ?? 1;
  return duration(seconds - (seconds % unit));
}
