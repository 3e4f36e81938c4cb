/** Enough to be done with thousands within a sweep; each takes a handful of calls to the table, one after the other. */
const AT_ONCE = 10;

/** Does something for each, some at once. @throws what the first of them threw, once none is under way any more */
export async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await act(item);
  };
  const workers = Array.from({ length: Math.min(AT_ONCE, items.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
}
