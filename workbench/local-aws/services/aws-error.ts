/** An error in AWS's own terms, as the SDK will throw it at the caller. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /**
   * @param code the exception's name, such as `ResourceNotFoundException`
   * @param members what the exception has besides its message
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

/** One service: answers an operation's input with its output, or throws an {@link AwsError}. */
export type Service = (operation: string, input: unknown) => Promise<unknown>;

export const unknownOperation = (service: string, operation: string) =>
  new AwsError('UnknownOperationException', `${service} ${operation} is not implemented locally`);

/** Reads a required string member of an operation's input. */
export function required(input: unknown, member: string): string {
  const value: unknown = Object(input)[member];
  if (typeof value !== 'string' || value === '') throw new AwsError('ValidationException', `${member} is required`);
  return value;
}

/** What no service expects. The SDK tries again, as it would in AWS; the reason is for whoever reads the function's log. */
export const internalFailure = (error: unknown) =>
  new AwsError('InternalFailure', error instanceof Error ? error.message : String(error), 500);
