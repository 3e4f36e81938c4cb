import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A Lambda function or the long-poll service: code of Mayfly with permissions and an environment. */
export interface Runner extends IGrantable, IConstruct {
  addEnvironment(name: string, value: string): unknown;
}
