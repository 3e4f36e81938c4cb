import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Acknowledges one wildcard in the policies below `scope`, whatever the stack's account and Region are.
 *
 * cdk-nag wants each resource named as it stands in the template, references as `<Name>` or `<Name.Attribute>`.
 *
 * @param resource the ARN with its `*`, as given to the policy
 * @see cdk-nag, RULES.md, AwsSolutions-IAM5
 */
export function acknowledgeWildcard(scope: Construct, resource: string, reason: string): void {
  const named = asNagWritesIt(Stack.of(scope).resolve(resource));
  Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${named}]`, reason });
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
      throw new Error(`A resource ARN with ${intrinsic ?? 'nothing'} in it has no name in cdk-nag that we know`);
  }
}
