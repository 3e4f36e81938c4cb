import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** A rule of cdk-nag that does not apply, with the reason. */
export interface Acknowledgement {
  readonly id: string;
  readonly reason: string;
}

/** What `Validations.of(scope).acknowledge` writes. Versions of the range in package.json lack that class. */
const KEY = 'aws:cdk:acknowledged-rules';

/** Acknowledges rules for a construct and those below it. */
export function acknowledge(scope: IConstruct, ...rules: readonly Acknowledgement[]): void {
  for (const { id, reason } of rules) scope.node.addMetadata(KEY, { [id]: reason });
}

/**
 * Acknowledges one wildcard in the policies below `scope`, for any account and Region.
 *
 * cdk-nag expects each resource as written in the template, with references as `<Name>` or `<Name.Attribute>`.
 *
 * @param resource the ARN with its `*`, as given to the policy
 * @see cdk-nag, RULES.md, AwsSolutions-IAM5
 */
export function acknowledgeWildcard(scope: IConstruct, resource: string, reason: string): void {
  const named = asNagWritesIt(Stack.of(scope).resolve(resource));
  acknowledge(scope, { id: `AwsSolutions-IAM5[Resource::${named}]`, reason });
}

function asNagWritesIt(value: unknown): string {
  if (typeof value === 'string') return value;
  const [intrinsic, argument] = Object.entries(value as Record<string, unknown>)[0] ?? [];
  switch (intrinsic) {
    case 'Ref':
      return `<${argument}>`;
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::Join': {
      const [delimiter, parts] = argument as [string, unknown[]];
      return parts.map(asNagWritesIt).join(delimiter);
    }
    default:
      throw new Error(`Cannot name a resource ARN with ${intrinsic ?? 'nothing'} for cdk-nag`);
  }
}
