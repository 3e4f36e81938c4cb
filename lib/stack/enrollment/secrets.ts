import { Grant } from 'aws-cdk-lib/aws-iam';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { Variable } from '../functions/environment.ts';
import type { Runner } from '../functions/runner.ts';

/** Policies match on these names; `default` names the secret that always exists. */
const SECRET_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Their ARNs must fit into the 4 KB of a function's environment. */
const MAX_NAMED = 15;

export interface SecretsProps {
  /** What happens to the secrets when the stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
  /** Names of additional enroll secrets, which distinguish groups of hosts. @default - none */
  readonly names?: readonly string[];
  /** @default - all are generated */
  readonly existing?: ExistingSecrets;
}

/** Secrets that a former stack kept, so that its hosts keep their enroll secrets and node keys. */
export interface ExistingSecrets {
  /** The enroll secret named `default`. @default - a new one */
  readonly enroll?: ISecret;
  /** The key that signs node keys. @default - a new one, and every host enrolls again */
  readonly nodeKey?: ISecret;
  /** Additional enroll secrets, by name. @default - none but those of `enrollSecrets`, which are new */
  readonly named?: Readonly<Record<string, ISecret>>;
}

/** The enroll secrets, and the key that signs node keys. Generated at first deployment; never in a template or a log. */
export class Secrets extends Construct {
  readonly enrollSecret: ISecret;
  /** Additional enroll secrets, by name. */
  readonly namedSecrets: ReadonlyMap<string, ISecret>;
  readonly nodeKeySecret: ISecret;

  constructor(scope: Construct, id: string, { removalPolicy, names = [], existing = {} }: SecretsProps) {
    super(scope, id);
    const { enroll, nodeKey, named = {} } = existing;
    checkNames([...names, ...Object.keys(named)]);
    checkSecrets({ enroll, nodeKey, ...named });
    const generate = (secretId: string, description: string, passwordLength: number, unrotated: string): Secret => {
      const secret = new Secret(this, secretId, {
        description,
        generateSecretString: { passwordLength, excludePunctuation: true },
        removalPolicy,
      });
      acknowledge(secret, { id: 'AwsSolutions-SMG4', reason: unrotated });
      return secret;
    };
    const text = 'its value goes into the file of --enroll_secret_path';
    const lockout =
      'Automatic rotation would lock out new hosts: the operator rotates it together with the fleet, and the previous value stays valid meanwhile.';
    this.enrollSecret =
      enroll ?? generate('EnrollSecret', `Mayfly: the secret that hosts enroll with; ${text}`, 48, lockout);
    this.namedSecrets = new Map([
      ...names.map((name): [string, ISecret] => [
        name,
        generate(`EnrollSecret-${name}`, `Mayfly: the enroll secret '${name}'; ${text}`, 48, lockout),
      ]),
      ...Object.entries(named),
    ]);
    this.nodeKeySecret =
      nodeKey ??
      generate(
        'NodeKeySecret',
        'Mayfly: the key that signs node keys; hosts never see it',
        64,
        'A new signing key makes every host enroll again: the operator decides when, and the previous value stays valid meanwhile.',
      );
  }

  /** Lets `fn` read all of them. */
  grantRead(fn: Runner): void {
    const { enrollSecret, nodeKeySecret, namedSecrets } = this;
    const named = [...namedSecrets].map(([name, { secretArn }]) => `${name}=${secretArn}`);
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [enrollSecret, nodeKeySecret, ...namedSecrets.values()].map(({ secretArn }) => secretArn),
    });
    for (const { encryptionKey } of [enrollSecret, nodeKeySecret, ...namedSecrets.values()])
      encryptionKey?.grantDecrypt(fn);
    fn.addEnvironment(Variable.enrollSecret, enrollSecret.secretArn);
    fn.addEnvironment(Variable.nodeKeySecret, nodeKeySecret.secretArn);
    if (named.length > 0) fn.addEnvironment(Variable.namedSecrets, named.join(' '));
  }
}

function checkNames(names: readonly string[]): void {
  const wrong = names.find((name, at) => !SECRET_NAME.test(name) || name === 'default' || names.indexOf(name) !== at);
  if (wrong !== undefined)
    throw new Error(
      `enrollSecrets: '${wrong}' is 'default', a duplicate, or not 1 to 32 lower-case letters, digits and hyphens`,
    );
  if (names.length > MAX_NAMED) throw new Error(`enrollSecrets: ${names.length} names, ${MAX_NAMED} are allowed`);
}

function checkSecrets(existing: Readonly<Record<string, ISecret | undefined>>): void {
  const [wrong] = Object.entries(existing).filter(
    ([, secret]) => secret !== undefined && typeof secret?.secretArn !== 'string',
  );
  if (wrong)
    throw new Error(
      `secrets: ${wrong[0]} is ${JSON.stringify(wrong[1])}: it has to be a secret, such as Secret.fromSecretCompleteArn(…)`,
    );
}
