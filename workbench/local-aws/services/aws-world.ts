import { AwsError } from './aws-error.ts';

/**
 * Answers one AWS API, as a simulated account does: an operation's name and input to its output, both as the SDK's client
 * has them (`{ Reservations: [{ Instances: […] }] }`, instants as `Date`).
 *
 * What it throws reaches the caller under its own name, with its `statusCode` (400 if it has none). What bears the name of
 * one of JavaScript's own errors is a bug, and becomes a failure of the service (500), which the SDK tries again.
 */
export type AwsApi = (operation: string, input: unknown) => Promise<unknown>;

/** The APIs of an account that is simulated. Where one is missing, nothing runs there. */
export interface AwsWorld {
  readonly ecs?: AwsApi;
  readonly ec2?: AwsApi;
  readonly autoScaling?: AwsApi;
}

/** @throws {AwsError} for an exception of the API's */
export async function ask(api: AwsApi, operation: string, input: unknown): Promise<unknown> {
  try {
    return await api(operation, input);
  } catch (error) {
    if (error instanceof AwsError || !(error instanceof Error) || error.name in globalThis) throw error;
    const status = 'statusCode' in error ? Number(error.statusCode) : 400;
    throw new AwsError(error.name, error.message, status);
  }
}
