import type { Node } from '../../core/nodes/node.ts';
import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { confirm } from '../terminal/confirm.ts';
import { note, printable, say, sayJson } from '../terminal/print.ts';
import { known } from './known.ts';

interface RevokeFlags extends DeploymentFlags {
  readonly yes: boolean;
  readonly undo: boolean;
  readonly json: boolean;
}

/** Revokes a node, or readmits its host. @throws {CommandError} when the operator did not confirm */
export async function revoke(host: string, flags: RevokeFlags): Promise<void> {
  const { node, name } = await withDeployment(flags, async (deployment) => ({
    node: await known(host, deployment),
    name: deployment.name,
  }));
  // Confirms while no connection is open, because an operator may take their time.
  if (!flags.undo)
    await confirm(
      `Revoke ${printable(node.host)} (${printable(node.identity.hostname) || 'no host name'}) at ${name}?`,
      flags.yes,
    );
  const done = await withDeployment(flags, async (deployment) => {
    if (flags.undo) return readmit(node, deployment);
    await deployment.registry.revoke(node.host, Date.now());
    await deployment.directory.remove(node.host);
    return { host: node.host, revoked: true, otherAgents: node.secondAgents ?? [] };
  });
  if (flags.json) return sayJson(done);
  const { revoked, otherAgents } = done;
  say(
    revoked
      ? `${printable(done.host)} is revoked: its node key is refused from now on. It still has the enroll secret: rotate that too.`
      : `${printable(done.host)} may enroll again.`,
  );
  for (const agent of otherAgents)
    note(
      `${printable(agent)} enrolled under the same identifier and still has its node key: revoke it too if necessary.`,
    );
}

interface Revocation {
  readonly host: string;
  readonly revoked: boolean;
  /** Second agents under the same identifier. They keep their keys. */
  readonly otherAgents: readonly string[];
}

async function readmit({ host, revokedAtMs }: Node, { registry }: Deployment): Promise<Revocation> {
  if (revokedAtMs === undefined) throw new CommandError('REFUSED', `${printable(host)} is not revoked`);
  await registry.readmit(host);
  return { host, revoked: false, otherAgents: [] };
}
