import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** What runs code of Mayfly with permissions and an environment: a Lambda function, or the long-poll service. */
export interface Runner extends IGrantable, IConstruct {
  addEnvironment(name: string, value: string): unknown;
}
