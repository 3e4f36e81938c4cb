/** An error in an AWS API's own terms: `name` is the error code, as the SDK throws it at its caller. */
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
 * Answers one service's calls: plain input, plain output, as the SDK shows them to its caller.
 *
 * @throws {AwsApiError} for what AWS refuses; another error for what the simulation does not know
 */
export type AwsApi = (operation: string, input: unknown) => Promise<unknown>;

/** An API of these operations and no others. */
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
 * @throws for one that is not `known`: to ignore it would be an answer to another question
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
