/** Why the local runner cannot start or continue. The message tells the operator what is wrong and what to do. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
}
