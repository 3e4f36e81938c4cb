/** A reason why the local runner cannot start or go on, in words for the operator: what is wrong, and what to do. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
}
