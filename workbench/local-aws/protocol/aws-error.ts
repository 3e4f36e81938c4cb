/** An error as AWS returns it. The SDK throws it at the caller. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /**
   * @param code the exception's name, such as `ResourceNotFoundException`
   * @param members the exception's members besides its message
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status: number = 400,
    readonly members: object = {},
  ) {
    super(message);
  }
}

/** One AWS service. Answers an operation's input with its output, or throws an {@link AwsError}. */
export type Service = (operation: string, input: unknown) => Promise<unknown>;

export const unknownOperation = (service: string, operation: string) =>
  new AwsError('UnknownOperationException', `${service} ${operation} is not implemented locally`);

/** Returns a required string member of an operation's input. */
export function required(input: unknown, member: string): string {
  const value: unknown = Object(input)[member];
  if (typeof value !== 'string' || value === '') throw new AwsError('ValidationException', `${member} is required`);
  return value;
}

/** An unexpected failure of a service. The SDK retries, as it would in AWS; the function's log shows the message. */
export const internalFailure = (error: unknown) =>
  new AwsError('InternalFailure', error instanceof Error ? error.message : String(error), 500);
