/**
 * The action of a command. Its code is loaded when the command runs, so that no command pays for the code of another.
 * A file that defines commands imports no other file that runs them.
 *
 * @example command.action(lazily(async () => (await import('./ledger/coverage.ts')).coverage))
 */
export const lazily =
  <Args extends readonly unknown[]>(load: () => Promise<(...args: Args) => Promise<void>>) =>
  async (...args: Args): Promise<void> =>
    (await load())(...args);
