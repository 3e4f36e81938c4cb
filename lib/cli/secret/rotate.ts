import { randomInt } from 'node:crypto';
import { DEFAULT_SECRET } from '../../core/nodes/enroll-secrets.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { type Parts, withParts } from '../deployment/parts.ts';
import { CommandError } from '../errors/command-error.ts';
import { confirm } from '../terminal/confirm.ts';
import { prose, say, sayJson, when } from '../terminal/print.ts';
import { type NamedSecret, NODE_KEY, SecretVersions, secretNamed, type Versions } from './secrets.ts';

interface ChangeFlags extends DeploymentFlags {
  readonly nodeKey: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** A change that was made, as `--json` prints it. */
interface Changed {
  readonly name: string;
  readonly arn: string;
  readonly rotated: boolean;
  /** Whether the value before is still accepted. */
  readonly previousAccepted: boolean;
}

const ROTATE_NEEDS = 'secretsmanager:ListSecretVersionIds and PutSecretValue on the secret';
const RETIRE_NEEDS = 'secretsmanager:ListSecretVersionIds and UpdateSecretVersionStage on the secret';

/** Gives a secret a new value. @throws {Exit} 1 when the operator did not confirm */
export async function rotate(name: string | undefined, flags: ChangeFlags): Promise<void> {
  await change(name, flags, ROTATE_NEEDS, async ({ secret, versions, secrets, parts }) => {
    const { previous } = versions;
    const loss = previous
      ? ` Its previous value, of ${when(previous.createdAtMs)}, is no longer accepted then.`
      : ' Its present value stays accepted.';
    await confirm(`Rotate ${titleOf(secret)} of ${parts.name}?${loss}`, flags.yes);
    await secrets.put(secret, newValue(secret.name === NODE_KEY ? KEY_CHARACTERS : SECRET_CHARACTERS));
    if (!flags.json) sayRotated(secret, parts);
    return { name: secret.name, arn: secret.arn, rotated: true, previousAccepted: true };
  });
}

/** Stops accepting the previous value of a secret. @throws {Exit} 1 when the operator did not confirm */
export async function retire(name: string | undefined, flags: ChangeFlags): Promise<void> {
  await change(name, flags, RETIRE_NEEDS, async ({ secret, versions: { previous }, secrets, parts }) => {
    if (!previous) throw new CommandError('REFUSED', `${titleOf(secret)} has no previous value that is accepted`);
    const loss =
      secret.name === NODE_KEY
        ? 'Agents whose node key it signed enroll again.'
        : 'Hosts that still have it can no longer enroll.';
    await confirm(`Stop accepting the previous value of ${titleOf(secret)} of ${parts.name}? ${loss}`, flags.yes);
    await secrets.removePrevious(secret, previous);
    if (!flags.json) say(`The previous value of ${titleOf(secret)} is refused within a minute.`);
    return { name: secret.name, arn: secret.arn, rotated: false, previousAccepted: false };
  });
}

interface Change {
  readonly secret: NamedSecret;
  readonly versions: Versions;
  readonly secrets: SecretVersions;
  readonly parts: Parts;
}

async function change(
  name: string | undefined,
  flags: ChangeFlags,
  needs: string,
  work: (change: Change) => Promise<Changed>,
): Promise<void> {
  if (name !== undefined && flags.nodeKey)
    throw new CommandError('COMMAND_LINE_INVALID', '--node-key takes no name of an enroll secret');
  const changed = await withParts(flags, needs, async (parts) => {
    const secret = secretNamed(flags.nodeKey ? NODE_KEY : (name ?? DEFAULT_SECRET), parts);
    const secrets = new SecretVersions(parts);
    try {
      return await work({ secret, versions: await secrets.of(secret), secrets, parts });
    } finally {
      secrets.close();
    }
  });
  if (flags.json) sayJson(changed);
}

const titleOf = ({ name }: NamedSecret): string =>
  name === NODE_KEY ? 'the key of node keys' : `the enroll secret ${name}`;

function sayRotated(secret: NamedSecret, { isLocal, chosen }: Parts): void {
  const flag = secret.name === NODE_KEY ? ' --node-key' : secret.name === DEFAULT_SECRET ? '' : ` ${secret.name}`;
  say(prose(`${titleOf(secret)} has a new value; functions accept it within a minute, and the one before it too.`));
  if (secret.name !== NODE_KEY) {
    const read = isLocal
      ? 'the file of --enroll_secret_path has it already'
      : `aws secretsmanager get-secret-value --secret-id ${secret.arn} --query SecretString --output text`;
    say(`Put it on the hosts: ${read}`);
  }
  say(`When every host has it: npx mayfly secret retire${flag}${chosen}`);
}

const SECRET_CHARACTERS = 48; // as the stack generates them
const KEY_CHARACTERS = 64;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const newValue = (length: number): string =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
