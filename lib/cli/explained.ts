import type { DeploymentFlags } from './deployment-flags.ts';

/** Adds the next step to a known error of the SDK. Returns any other error unchanged. */
export function explained(
  error: unknown,
  name: string,
  flags: Pick<DeploymentFlags, 'data' | 'stack' | 'table'>,
): unknown {
  const local = !flags.stack && !flags.table;
  const because = (text: string): Error => new Error(text, { cause: error });
  if (local && String(error).includes('ECONNREFUSED')) {
    const next = `start it with "npx mayfly local --no-demo --data ${flags.data}", or wait until it is up`;
    return because(`${name} is not running: ${next}`);
  }
  if (!(error instanceof Error)) return error;
  switch (error.name) {
    case 'ResourceNotFoundException':
      return because(`${name} does not exist: check the name, AWS_PROFILE and AWS_REGION`);
    case 'CredentialsProviderError':
      return because(`no AWS credentials for ${name}: set AWS_PROFILE, or sign in with "aws sso login"`);
    case 'ExpiredTokenException':
    case 'UnrecognizedClientException':
      return because(`AWS no longer accepts these credentials for ${name}: sign in again (${error.message})`);
    case 'AccessDeniedException':
      return because(
        `access denied to ${name}: you need dynamodb:GetItem, BatchGetItem, Query, PutItem, UpdateItem and DeleteItem on its table and its index, ` +
          `and cloudformation:DescribeStacks for --stack (${error.message})`,
      );
    case 'ValidationException':
      return /specified index/.test(error.message)
        ? because(`${name} is an earlier version, which has no index of workloads: deploy it again`)
        : error;
    default:
      return /region is missing/i.test(error.message) ? because(`no Region for ${name}: set AWS_REGION`) : error;
  }
}
