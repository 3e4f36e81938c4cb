import { AwsError } from '../protocol/aws-error.ts';

/**
 * Answers one AWS API from a simulated account. Maps an operation's name and input to its output, both in the format of
 * the SDK client (`{ Reservations: [{ Instances: […] }] }`, instants as `Date`).
 *
 * The caller receives a thrown error under its own name, with its `statusCode` (400 if it has none). An error with the
 * name of a built-in JavaScript error is a bug: it becomes a service failure (500), which the SDK retries.
 */
export type AwsApi = (operation: string, input: unknown) => Promise<unknown>;

/** The APIs of a simulated account. If an API is missing, the account has no such resources. */
export interface AwsWorld {
  readonly ecs?: AwsApi;
  readonly ec2?: AwsApi;
  readonly autoScaling?: AwsApi;
}

/** @throws {AwsError} if the API throws an exception */
export async function ask(api: AwsApi, operation: string, input: unknown): Promise<unknown> {
  try {
    return await api(operation, input);
  } catch (error) {
    if (error instanceof AwsError || !(error instanceof Error) || error.name in globalThis) throw error;
    const status = 'statusCode' in error ? Number(error.statusCode) : 400;
    throw new AwsError(error.name, error.message, status);
  }
}
