/** An AWS API error. `name` is the error code, as in the errors the SDK throws. */
export class AwsApiError extends Error {
  constructor(
    override readonly name: string,
    message: string,
    readonly statusCode: number = 400,
  ) {
    super(message);
  }
}

/**
 * Answers one service's calls with plain input and output objects, as the SDK shows them to its caller.
 *
 * @throws {AwsApiError} for a request AWS refuses; another error for a request the simulation does not support
 */
export type AwsApi = (operation: string, input: unknown) => Promise<unknown>;

/** An API with exactly these operations. */
export function apiOf(service: string, operations: Readonly<Record<string, (input: unknown) => unknown>>): AwsApi {
  return async (operation, input) => {
    const answer = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    if (!answer) throw new Error(`the simulated ${service} does not answer ${operation}`);
    return answer(input);
  };
}

/**
 * The members of an operation's input.
 *
 * @throws for a member that is not `known`: ignoring it would answer a different question
 */
export function membersOf<K extends string>(
  operation: string,
  input: unknown,
  known: readonly K[],
): Partial<Record<K, unknown>> {
  const members: Partial<Record<string, unknown>> = typeof input === 'object' && input !== null ? { ...input } : {};
  const unknown = Object.keys(members).find((name) => members[name] !== undefined && !known.includes(name as K));
  if (unknown !== undefined) throw new Error(`the simulated ${operation} does not know ${unknown}`);
  return members;
}
