/** The most items in progress: enough to handle thousands within a sweep, at a handful of table calls each. */
const AT_ONCE = 10;

/**
 * Calls `act` for all items at once. Rejects with the first failure, after every call has ended: p-map and Promise.all
 * reject while calls are still under way, and a Lambda function that answers then freezes them.
 */
export const together = <T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> =>
  inTurns([...items], act, Number.POSITIVE_INFINITY);

/** The same with ten calls at a time, for lists of any length. */
export const each = <T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> =>
  inTurns(items, act, AT_ONCE);

async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>, atOnce: number): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await act(item);
  };
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
}
