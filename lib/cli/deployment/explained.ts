import { CommandError } from '../errors/command-error.ts';
import { type DeploymentFlags, pasted } from './deployment-flags.ts';

/** What the commands need that read or change the table. */
const TABLE_NEEDS =
  'you need dynamodb:GetItem, BatchGetItem, Query, PutItem, UpdateItem and DeleteItem on its table and its index, ' +
  'and cloudformation:DescribeStacks for --stack';

/**
 * Adds the next step to a known error of the SDK. Returns any other error unchanged.
 *
 * @param needs the permissions that the command needs, for an error that says one is missing
 */
export function explained(
  error: unknown,
  name: string,
  flags: Pick<DeploymentFlags, 'data' | 'stack' | 'table'>,
  needs = TABLE_NEEDS,
): unknown {
  const local = !flags.stack && !flags.table;
  if (local && String(error).includes('ECONNREFUSED')) {
    const next = `start it with "npx mayfly local --no-demo${pasted(flags)}", or wait until it is up`;
    return new CommandError('NOT_RUNNING', `${name} is not running`, { next, cause: error });
  }
  return error instanceof Error && !(error instanceof CommandError) ? ofSdk(error, name, needs) : error;
}

function ofSdk(error: Error, name: string, needs: string): Error {
  const signIn = { next: 'set AWS_PROFILE, or sign in with "aws sso login"', cause: error };
  switch (error.name) {
    case 'ResourceNotFoundException':
      return new CommandError('NOT_FOUND', `${name} does not exist`, {
        next: 'check the name, AWS_PROFILE and AWS_REGION',
        cause: error,
      });
    case 'CredentialsProviderError':
      return new CommandError('NO_CREDENTIALS', `no AWS credentials for ${name}`, signIn);
    case 'ExpiredTokenException':
    case 'UnrecognizedClientException':
      return new CommandError('NO_CREDENTIALS', `AWS no longer accepts these credentials for ${name}`, {
        next: `sign in again (${error.message})`,
        cause: error,
      });
    case 'AccessDenied':
    case 'AccessDeniedException':
      return new CommandError('ACCESS_DENIED', `access denied to ${name}`, {
        next: `${needs} (${error.message})`,
        cause: error,
      });
    case 'ValidationException':
      return /specified index/.test(error.message)
        ? new CommandError('OUTDATED', `${name} is an earlier version, which has no index of workloads`, {
            next: 'deploy it again',
            cause: error,
          })
        : error;
    default:
      return /region is missing/i.test(error.message)
        ? new CommandError('NO_CREDENTIALS', `no Region for ${name}`, { next: 'set AWS_REGION', cause: error })
        : error;
  }
}
