import { Validations } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { Variable } from './environment.ts';

/** What hosts enroll with, and what node keys are signed with. Made at first deployment, never in a template or a log. */
export class Secrets extends Construct {
  readonly enrollSecret: Secret;
  private readonly nodeKeySecret: Secret;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.enrollSecret = new Secret(this, 'EnrollSecret', {
      description: 'Mayfly: what a host must know to enroll; its value goes into the file of --enroll_secret_path',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    this.nodeKeySecret = new Secret(this, 'NodeKeySecret', {
      description: 'Mayfly: signs node keys; no host ever sees it',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    Validations.of(this.enrollSecret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Rotating it without the hosts would shut new ones out: the operator rotates it together with the fleet, and the previous value stays valid meanwhile.',
    });
    Validations.of(this.nodeKeySecret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'A new signing key makes every host enroll again: the operator chooses when, and the previous value stays valid meanwhile.',
    });
  }

  /** Lets `fn` read both secrets. */
  grantRead(fn: LambdaFunction): void {
    const { enrollSecret, nodeKeySecret } = this;
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [enrollSecret.secretArn, nodeKeySecret.secretArn],
    });
    fn.addEnvironment(Variable.enrollSecret, enrollSecret.secretArn);
    fn.addEnvironment(Variable.nodeKeySecret, nodeKeySecret.secretArn);
  }
}
