import type { RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { Variable } from './environment.ts';
import type { Runner } from './runner.ts';

/** Policies match on these names; `default` names the secret that always exists. */
const SECRET_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Their ARNs must fit into the 4 KB of a function's environment. */
const MAX_NAMED = 15;

export interface SecretsProps {
  /** What happens to the secrets when the stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
  /** Names of additional enroll secrets, which distinguish groups of hosts. @default - none */
  readonly names?: readonly string[];
}

/** The enroll secrets, and the key that signs node keys. Generated at first deployment; never in a template or a log. */
export class Secrets extends Construct {
  readonly enrollSecret: Secret;
  /** Additional enroll secrets, by name. */
  readonly namedSecrets: ReadonlyMap<string, Secret>;
  private readonly nodeKeySecret: Secret;

  constructor(scope: Construct, id: string, { removalPolicy, names = [] }: SecretsProps) {
    super(scope, id);
    checkNames(names);
    this.enrollSecret = new Secret(this, 'EnrollSecret', {
      description: 'Mayfly: the secret that hosts enroll with; its value goes into the file of --enroll_secret_path',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy,
    });
    this.namedSecrets = new Map(
      names.map((name) => [
        name,
        new Secret(this, `EnrollSecret-${name}`, {
          description: `Mayfly: the enroll secret '${name}'; its value goes into the file of --enroll_secret_path`,
          generateSecretString: { passwordLength: 48, excludePunctuation: true },
          removalPolicy,
        }),
      ]),
    );
    this.nodeKeySecret = new Secret(this, 'NodeKeySecret', {
      description: 'Mayfly: the key that signs node keys; hosts never see it',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
    for (const secret of [this.enrollSecret, ...this.namedSecrets.values()]) {
      acknowledge(secret, {
        id: 'AwsSolutions-SMG4',
        reason:
          'Automatic rotation would lock out new hosts: the operator rotates it together with the fleet, and the previous value stays valid meanwhile.',
      });
    }
    acknowledge(this.nodeKeySecret, {
      id: 'AwsSolutions-SMG4',
      reason:
        'A new signing key makes every host enroll again: the operator decides when, and the previous value stays valid meanwhile.',
    });
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
    fn.addEnvironment(Variable.enrollSecret, enrollSecret.secretArn);
    fn.addEnvironment(Variable.nodeKeySecret, nodeKeySecret.secretArn);
    if (named.length > 0) fn.addEnvironment(Variable.namedSecrets, named.join(' '));
  }
}

function checkNames(names: readonly string[]): void {
  const wrong = names.find((name, at) => !SECRET_NAME.test(name) || name === 'default' || names.indexOf(name) !== at);
  if (wrong !== undefined)
    throw new Error(
      `enrollSecrets: '${wrong}' is 'default', there twice, or not 1 to 32 small letters, digits and hyphens`,
    );
  if (names.length > MAX_NAMED) throw new Error(`enrollSecrets: ${names.length} names, ${MAX_NAMED} are allowed`);
}
